"""JSON of payments in the API's answers. The order of members is part of the contract, because answers are replayed."""

from dataclasses import fields
from typing import Any, Final

import orjson

from payments.payment.rules import Payment, Status
from payments.payment.view import PaymentItem, item_values
from payments.platform.json_types import member_name

MESSAGES: Final = {
    "authorize": "Payment authorized successfully",
    "capture": "Payment captured successfully",
    "refund": "Payment refunded successfully",
    "void": "Payment voided successfully",
}

PROCESSED: Final = {
    "authorize": "The payment is being processed; ask again with the same key",
    "capture": "The capture is being processed; ask again with the same key",
    "refund": "The refund is being processed; ask again with the same key",
    "void": "The void is being processed; ask again with the same key",
}

_MEMBERS: Final = tuple(member_name(field.name) for field in fields(PaymentItem))


def command_body(payment: Payment, operation: str) -> str:
    """The answer of a successful command. Postings follow later, so `ledgerEntries` is empty here for ever."""
    return _body(payment, MESSAGES[operation])


def processing_body(payment: Payment, operation: str) -> str:
    """The answer to a command while nobody knows what became of it: `status` is that of the step."""
    return _body(payment, PROCESSED[operation], status=Status.PROCESSING.value)


def _body(payment: Payment, message: str, **other: str) -> str:
    members: dict[str, Any] = dict(zip(_MEMBERS, item_values(payment), strict=True)) | other
    members["ledgerEntries"] = []
    members["message"] = message
    return orjson.dumps(members).decode()
