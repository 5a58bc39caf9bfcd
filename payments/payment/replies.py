"""JSON of payments in the API's answers. The order of members is part of the contract, because answers are replayed."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from payments.outbox.rules import format_time, shown_time
from payments.payment.rules import Payment

MESSAGES: Final = {
    "authorize": "Payment authorized successfully",
    "capture": "Payment captured successfully",
    "refund": "Payment refunded successfully",
    "void": "Payment voided successfully",
}


_MEMBERS: Final = (
    "paymentId",
    "merchantId",
    "status",
    "amount",
    "capturedAmount",
    "releasedAmount",
    "refundedAmount",
    "currency",
    "createdAt",
    "expiresAt",
)


def payment_members(payment: Payment) -> dict[str, Any]:
    """A payment's own members, in order; amounts in minor units."""
    values = (
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
    return dict(zip(_MEMBERS, values, strict=True))


def listed_members(row: Sequence[Any]) -> dict[str, Any]:
    """The same for a row of `payment_store.page`, without building a Payment, for lists are long."""
    *members, requested_at, expires_at = row
    return dict(zip(_MEMBERS, [*members, shown_time(requested_at), shown_time(expires_at)], strict=True))


def command_body(payment: Payment, operation: str) -> str:
    """The answer of a successful command. Postings follow later, so `ledgerEntries` is always empty here."""
    members = payment_members(payment)
    members["ledgerEntries"] = []
    members["message"] = MESSAGES[operation]
    return orjson.dumps(members).decode()
