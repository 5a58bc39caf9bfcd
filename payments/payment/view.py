"""A payment as it is shown, without its postings and events: `payments.reading.payments` adds those."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from payments.outbox.rules import format_time, shown_time
from payments.payment.rules import Payment, Status
from payments.platform.json_types import Identifier, JsonObject, Minor, OneOf, Time

StatusName = Annotated[str, OneOf(Status)]


@dataclass(frozen=True, slots=True)
class PaymentItem(JsonObject):
    """A payment in a list."""

    payment_id: Identifier
    merchant_id: str
    status: StatusName
    amount: Minor
    captured_amount: Minor
    released_amount: Minor
    refunded_amount: Minor
    currency: str
    created_at: Time
    expires_at: Time


@dataclass(frozen=True, slots=True)
class FoundPayment(PaymentItem):
    """A payment that operators searched for; `idempotencyKey` is its authorization's."""

    idempotency_key: str


ItemValues = tuple[int, str, str, int, int, int, int, str, str, str]


def item_values(payment: Payment) -> ItemValues:
    """The values of a PaymentItem, in the order of its fields."""
    return (
        payment.payment_id,
        payment.merchant_id,
        payment.status.value,
        payment.amount,
        payment.captured_amount,
        payment.released_amount,
        payment.refunded_amount,
        payment.currency,
        format_time(payment.requested_at),
        format_time(payment.expires_at),
    )


def listed_item(row: Sequence[Any]) -> PaymentItem:
    """The item of a row of `payment_store.page`, without building a Payment, for lists are long."""
    *values, requested_at, expires_at = row
    values += shown_time(requested_at), shown_time(expires_at)
    return PaymentItem(*values)


def found_item(row: Sequence[Any]) -> FoundPayment:
    """The item of a row of `payments.payment.search_store`."""
    *values, requested_at, expires_at, key = row
    values += shown_time(requested_at), shown_time(expires_at), key
    return FoundPayment(*values)
