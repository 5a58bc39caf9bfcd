"""JSON of payments in the API's answers. The order of members is part of the contract, because answers are replayed."""

from dataclasses import fields
from typing import Any, Final

import orjson

from payments.payment.rules import Payment
from payments.payment.view import PaymentItem, item_values
from payments.platform.json_types import member_name

MESSAGES: Final = {
    "authorize": "Payment authorized successfully",
    "capture": "Payment captured successfully",
    "refund": "Payment refunded successfully",
    "void": "Payment voided successfully",
}

_MEMBERS: Final = tuple(member_name(field.name) for field in fields(PaymentItem))


def command_body(payment: Payment, operation: str) -> str:
    """The answer of a successful command. Postings follow later, so `ledgerEntries` is empty here for ever."""
    members: dict[str, Any] = dict(zip(_MEMBERS, item_values(payment), strict=True))
    members["ledgerEntries"] = []
    members["message"] = MESSAGES[operation]
    return orjson.dumps(members).decode()
