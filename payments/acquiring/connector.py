"""What a connector is: it carries one operation to one acquirer, and reports what it has seen. Pure: types alone.

To write one, implement `Connector`. It reports and does not interpret: `rules.learned` decides what a report means.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What an operation does."""

    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"


class Seen(StrEnum):
    """What came of one call."""

    BREAKER_OPEN = "breaker_open"
    TOO_MANY_CALLS = "too_many_calls"
    """All connections, or all places for calls, are taken."""
    NO_TIME = "no_time"
    """The time was over before the first byte of the request was sent."""
    NOT_CONNECTED = "not_connected"
    """No connection: unknown host, refused, no route, TLS failed. Nothing was sent."""

    APPROVED = "approved"
    DECLINED = "declined"
    """The acquirer's own refusal, which is final."""
    PROCESSING = "processing"
    """The acquirer has it and has not decided."""
    NOT_FOUND = "not_found"
    """An enquiry: the acquirer does not know the reference. The original may still be on its way."""
    CANCELLED = "cancelled"
    """The acquirer's word that the operation has not happened and never will."""

    TIMED_OUT = "timed_out"
    LOST = "lost"
    """The connection ended after the first byte of the request and before the last of the answer."""
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    UNREADABLE = "unreadable"
    """An answer that is too long, broken, or none that the acquirer's documentation has for this call."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as we mean it. `amount` is in minor units; `reference` is ours, and its idempotency key there."""

    kind: Kind
    reference: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call has seen. `about`: the operation as the acquirer's answer repeats it, where it does.

    Never fill `about` from what was asked: it is compared with that. A kind, amount or currency that the answer leaves
    out is None.
    """

    seen: Seen
    about: "Repeated | None" = None
    acquirer_reference: str | None = None
    """The acquirer's own id of the operation."""
    decline_code: str | None = None


@dataclass(frozen=True, slots=True)
class Repeated:
    """The operation in the acquirer's words."""

    reference: str
    kind: str | None
    amount: int | None
    currency: str | None


class Connector(Protocol):
    """One acquirer. Threads and greenlets share it.

    One call is one try of one request, with the reference of the operation: no retry, no redirect. It returns within
    `within` seconds (> 0) and raises nothing, whatever the acquirer does. What is certainly not sent is NO_TIME,
    TOO_MANY_CALLS or NOT_CONNECTED; after the first byte it is one of the others.
    """

    def authorize(self, operation: Operation, payment_method: str, within: float) -> Answer:
        """Hold the amount. `payment_method`: the acquirer's token of a card."""

    def capture(self, operation: Operation, authorization: str, within: float) -> Answer:
        """Take an amount that is held. `authorization`: our reference of the operation that holds it."""

    def refund(self, operation: Operation, authorization: str, within: float) -> Answer:
        """Give back an amount that was captured."""

    def void(self, operation: Operation, authorization: str, within: float) -> Answer:
        """Release all that is still held; the amount is that."""

    def enquire(self, operation: Operation, within: float) -> Answer:
        """Ask by our reference what became of the operation. Changes nothing."""

    def cancel(self, operation: Operation, within: float) -> Answer:
        """Make sure that the operation never happens: CANCELLED, also if it comes later; else what it has become."""
