"""The JSON texts about payments that the API answers with. Key order is part of the contract: answers are replayed."""

from typing import Any, Final

import orjson

from payments.domain.events import format_time
from payments.domain.payment import Payment

MESSAGES: Final = {
    "authorize": "Payment authorized successfully",
    "capture": "Payment captured successfully",
    "refund": "Payment refunded successfully",
    "void": "Payment voided successfully",
}


def payment_members(payment: Payment) -> dict[str, Any]:
    """A payment's own members, in order; amounts in minor units."""
    return {
        "paymentId": payment.payment_id,
        "merchantId": payment.merchant_id,
        "status": payment.status.value,
        "amount": payment.amount,
        "capturedAmount": payment.captured_amount,
        "releasedAmount": payment.released_amount,
        "refundedAmount": payment.refunded_amount,
        "currency": payment.currency,
        "createdAt": format_time(payment.requested_at),
        "expiresAt": format_time(payment.expires_at),
    }


def command_body(payment: Payment, operation: str) -> str:
    """The answer of a successful command. Postings follow later, so `ledgerEntries` is empty here for ever."""
    members = payment_members(payment)
    members["ledgerEntries"] = []
    members["message"] = MESSAGES[operation]
    return orjson.dumps(members).decode()
