"""Commands: validated requests to change a payment, the scope of their idempotency keys, and their effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from payments.outbox.rules import EventType
from payments.payment.rules import Payment


class Operation(StrEnum):
    """The kinds of commands."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"
    EXPIRE = "expire"


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

    `note` is set when an operator asked for it instead of the merchant.
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

    @property
    def scope(self) -> Key:
        """The key of its stored answer."""
        return Key(self.merchant_id, self.operation.value, self.key)

    @property
    def instance(self) -> str:
        """The path of its request, for problem details."""
        return f"/payments/{self.operation}" + (f"/{self.payment_id}" if self.payment_id else "")


def apply(command: Command, payment: Payment, now: datetime) -> tuple[Payment, int]:
    """The payment after the command, and the amount it moved (minor units). Raises Conflict. Not for AUTHORIZE."""
    if command.operation is Operation.CAPTURE:
        return payment.capture(command.amount, now)
    if command.operation is Operation.REFUND:
        return payment.refund(command.amount, now)
    if command.operation is Operation.VOID:
        return payment.void(now)
    return payment.expire(now)
