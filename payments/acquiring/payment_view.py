"""A payment's operations at its acquirer, as its merchant was told of them. Operators' are in `view`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from payments.acquiring.connector import Kind
from payments.acquiring.operation import StoredOperation
from payments.acquiring.rules import State
from payments.outbox.rules import format_time
from payments.platform.json_types import Identifier, JsonObject, Minor, OneOf, Time


class Outcome(StrEnum):
    """What became of an operation, in a merchant's words."""

    PROCESSING = "PROCESSING"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    FAILED = "FAILED"
    """It was not sent, or cancelled at the acquirer: no money moved."""


_OUTCOMES: Final = {
    State.APPROVED: Outcome.APPROVED,
    State.DECLINED: Outcome.DECLINED,
    State.FAILED: Outcome.FAILED,
    State.NOT_SENT: Outcome.FAILED,
}
KindName = Annotated[str, OneOf(Kind)]


@dataclass(frozen=True, slots=True)
class PaymentOperation(JsonObject):
    """A step of a payment at its acquirer."""

    operation_id: Identifier
    kind: KindName
    amount: Minor
    state: Annotated[str, OneOf(Outcome)]
    decline_code: str | None
    reference: str
    created_at: Time


def outcome(operation: StoredOperation) -> Outcome:
    """What its merchant was told of it: an approval that came after a decline is the platform's to take back."""
    if operation.state in _OUTCOMES:
        return _OUTCOMES[operation.state]
    if operation.decided_at is None:
        return Outcome.PROCESSING
    return Outcome.FAILED if operation.decline_code is None else Outcome.DECLINED


def to_merchant(operation: StoredOperation) -> PaymentOperation:
    """The operation as its merchant sees it."""
    return PaymentOperation(
        operation_id=operation.operation_id,
        kind=operation.kind,
        amount=operation.amount,
        state=outcome(operation),
        decline_code=operation.decline_code,
        reference=operation.reference,
        created_at=format_time(operation.created_at),
    )
