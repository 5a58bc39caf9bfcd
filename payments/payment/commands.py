"""Commands: validated requests to change a payment, the scope of their idempotency keys, and their effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from payments.acquiring.connector import Kind
from payments.acquiring.rules import Told
from payments.outbox.rules import EventType
from payments.payment.rules import Payment
from payments.platform.connectors import ConnectorName


class Operation(StrEnum):
    """The kinds of commands."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"
    EXPIRE = "expire"
    CONCLUDE = "conclude"
    """What became of a step at the acquirer."""


REQUESTED: Final = (Operation.AUTHORIZE, Operation.CAPTURE, Operation.REFUND, Operation.VOID)
"""What callers ask for, and scopes of idempotency keys. Only housekeeping lets payments expire."""
COUNTED_AS: Final[Mapping[str, Operation]] = {
    Operation.AUTHORIZE: Operation.AUTHORIZE,
    Operation.CAPTURE: Operation.CAPTURE,
    Operation.REFUND: Operation.REFUND,
    Operation.VOID: Operation.CAPTURE,
}
"""An operation → the one whose rate limit it counts towards."""
LIMITED: Final = tuple(dict.fromkeys(COUNTED_AS.values()))


EVENT_OF: Final = {
    Operation.AUTHORIZE: EventType.AUTHORIZED,
    Operation.CAPTURE: EventType.CAPTURED,
    Operation.REFUND: EventType.REFUNDED,
    Operation.VOID: EventType.VOIDED,
    Operation.EXPIRE: EventType.EXPIRED,
}
"""Operation → the event of its success."""
KIND_OF: Final = {
    Operation.AUTHORIZE: Kind.AUTHORIZATION,
    Operation.CAPTURE: Kind.CAPTURE,
    Operation.REFUND: Kind.REFUND,
    Operation.VOID: Kind.VOID,
    Operation.EXPIRE: Kind.VOID,
}
"""Operation → what the acquirer is asked to do."""
OPERATION_OF: Final = {kind: operation for operation, kind in KIND_OF.items() if operation is not Operation.EXPIRE}
"""The other way round; of a void that nobody asked for, see `StoredOperation.is_own`."""


class Key(NamedTuple):
    """The scope of an idempotency key. Sorts in the order in which rows are taken."""

    merchant_id: str
    operation: str
    idempotency_key: str


class OperatorNote(NamedTuple):
    """Which operator asked for a step, and why; stored with the step."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Command:
    """One validated command. `key` is the client's or a generated one; `digest` is SHA-256 (hex) of the command.

    `note` is set when an operator asked for it instead of the merchant. `connector` and `payment_method`, the
    acquirer's token of a card, are of authorizations; `told` of conclusions. The token is not stored.
    """

    operation: Operation
    merchant_id: str
    key: str = ""
    digest: str = ""
    payment_id: int = 0
    amount: int | None = None
    currency: str = ""
    lifetime: timedelta = timedelta(0)
    request_id: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    note: OperatorNote | None = None
    connector: str = ConnectorName.NONE
    payment_method: str = field(default="", repr=False)
    told: Told | None = None
    scope: Key = field(init=False, repr=False, compare=False)
    """The key of its stored answer. A field, because it is asked for a dozen times."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "scope", Key(self.merchant_id, self.operation.value, self.key))

    @property
    def instance(self) -> str:
        """The path of its request, for problem details."""
        return instance_of(self.operation, self.payment_id)


def instance_of(operation: Operation, payment_id: int) -> str:
    """The path of a request. An authorization's has no payment id."""
    return f"/payments/{operation}" + (f"/{payment_id}" if payment_id else "")


def conclude(merchant_id: str, payment_id: int, told: Told, request_id: str, headers: dict[str, str]) -> Command:
    """The command that stores what an acquirer's answer has told about a step of this payment."""
    return Command(
        Operation.CONCLUDE, merchant_id, payment_id=payment_id, request_id=request_id, headers=headers, told=told
    )


def apply(command: Command, payment: Payment, now: datetime) -> tuple[Payment, int]:
    """The payment after the command, and the amount it moved (minor units). Raises Conflict.

    Not for AUTHORIZE and CONCLUDE.
    """
    if command.operation is Operation.CAPTURE:
        return payment.capture(command.amount, now)
    if command.operation is Operation.REFUND:
        return payment.refund(command.amount, now)
    if command.operation is Operation.VOID:
        return payment.void(now)
    return payment.expire(now)
