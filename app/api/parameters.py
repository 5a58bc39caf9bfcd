"""OpenAPI parameters that several operations share."""

from typing import Any, Final

from app.api.queries import CURSOR as CURSOR_PATTERN
from app.api.queries import DEFAULT_LIMIT, LARGEST_LIMIT
from app.api.schemas import LONGEST_MERCHANT_ID
from payments.audit.snapshot import FindingKind, FindingState
from payments.dead_letters.rules import ErrorType
from payments.ledger.store import Order
from payments.outbox.rules import TOPICS
from payments.payment.rules import Status
from payments.platform import texts
from payments.platform.json_types import LARGEST_ID
from payments.platform.states import DeadLetterState

Parameter = dict[str, Any]


def _query(name: str, schema: dict[str, Any], description: str) -> Parameter:
    return {"name": name, "in": "query", "schema": schema, "description": description}


_ID: Final = {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID}
_MERCHANT_ID: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_MERCHANT_ID, "pattern": texts.NOT_BLANK}

PAYMENT_ID: Final[Parameter] = {"name": "payment_id", "in": "path", "required": True, "schema": _ID}
DEAD_LETTER_ID: Final[Parameter] = {"name": "letter_id", "in": "path", "required": True, "schema": _ID}
EVENT_ID: Final[Parameter] = {"name": "event_id", "in": "path", "required": True, "schema": _ID}
MERCHANT: Final = _query("merchantId", _MERCHANT_ID, "The merchant")
STATUS: Final = _query("status", {"type": "string", "enum": list(Status)}, "Only payments with this status")
LIMIT: Final = _query(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    "How many items at most",
)
CURSOR: Final = _query(
    "cursor", {"type": "string", "pattern": f"^{CURSOR_PATTERN}$"}, "The nextCursor of the page before"
)
PAYMENT: Final = _query("paymentId", _ID, "Only postings of this payment")
TOPIC: Final = _query("topic", {"type": "string", "enum": list(TOPICS.values())}, "Only dead letters from this topic")
ERROR_TYPE: Final = _query(
    "errorType", {"type": "string", "enum": list(ErrorType)}, "Only dead letters of this error type"
)
DEAD_LETTER_STATE: Final = _query(
    "state", {"type": "string", "enum": list(DeadLetterState)}, "Only dead letters in this state"
)
FINDING_STATE: Final = _query("state", {"type": "string", "enum": list(FindingState)}, "Only findings in this state")
FINDING_KIND: Final = _query("kind", {"type": "string", "enum": list(FindingKind)}, "Only findings of this kind")
FOUND_PAYMENT: Final = _query("paymentId", _ID, "Only findings of this payment")

OF_EVENT: Final = _query("eventId", _ID, "Only postings of this event")
ORDER: Final = _query(
    "order", {"type": "string", "enum": list(Order), "default": Order.OLDEST}, "Which postings come first"
)
AS_OF: Final = _query(
    "asOf", {"type": "string", "format": "date-time"}, "Only postings until this time; absent, or in the future: all"
)
