"""Operations at an acquirer as they are shown: to operators whole, to merchants what they were told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from payments.acquiring.connector import Kind
from payments.acquiring.operation import StoredOperation
from payments.acquiring.rules import State
from payments.outbox.rules import format_time
from payments.platform.connectors import ConnectorName
from payments.platform.json_types import Count, Identifier, JsonObject, Minor, OneOf, Time


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


@dataclass(frozen=True, slots=True)
class AcquirerOperation(JsonObject):
    """An operation at an acquirer. `reference` is ours, `acquirerReference` theirs; `reverses`: what it takes back.

    `decidedAt`: when it became final; `nextEnquiryAt`: when it is asked about; `proposal`: what one operator has
    decided, until another agrees.
    """

    operation_id: Identifier
    payment_id: Identifier
    merchant_id: str
    connector: Annotated[str, OneOf(ConnectorName)]
    kind: KindName
    amount: Minor
    currency: str
    reference: str
    authorization_reference: str | None
    acquirer_reference: str | None
    state: Annotated[str, OneOf(State)]
    decline_code: str | None
    reverses: Identifier | None
    created_at: Time
    sent_at: Time | None
    decided_at: Time | None
    next_enquiry_at: Time | None
    enquiries: Count
    proposal: Annotated[str, OneOf((State.APPROVED, State.DECLINED))] | None
    proposed_by: str | None
    proposed_reason: str | None


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


def to_operator(operation: StoredOperation) -> AcquirerOperation:
    """All of the operation that people need to see."""
    return AcquirerOperation(
        operation_id=operation.operation_id,
        payment_id=operation.payment_id,
        merchant_id=operation.merchant_id,
        connector=operation.connector,
        kind=operation.kind,
        amount=operation.amount,
        currency=operation.currency,
        reference=operation.reference,
        authorization_reference=operation.authorization_reference,
        acquirer_reference=operation.acquirer_reference,
        state=operation.state,
        decline_code=operation.decline_code,
        reverses=operation.reverses,
        created_at=format_time(operation.created_at),
        sent_at=_time(operation.sent_at),
        decided_at=_time(operation.decided_at),
        next_enquiry_at=_time(operation.next_enquiry_at),
        enquiries=operation.enquiries,
        proposal=operation.proposal,
        proposed_by=operation.proposed_by,
        proposed_reason=operation.proposed_reason,
    )


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
