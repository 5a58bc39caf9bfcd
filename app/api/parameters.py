"""OpenAPI parameters that several operations share."""

from typing import Any, Final

from app.api.queries import CURSOR as CURSOR_PATTERN
from app.api.queries import DEFAULT_LIMIT, LARGEST_LIMIT
from app.api.queries import TEXT_CURSOR as TEXT_CURSOR_PATTERN
from app.api.schemas import LONGEST_KEY, LONGEST_MERCHANT_ID
from payments.acquiring.rules import State
from payments.audit.snapshot import FindingKind, FindingState
from payments.dead_letters.rules import ErrorType
from payments.ledger.rules import SourceType
from payments.ledger.store import Order
from payments.merchants.rules import KeyKind
from payments.outbox.rules import TOPICS
from payments.payment.rules import Status
from payments.platform.connectors import ConnectorName
from payments.platform.json_types import LARGEST_ID
from payments.platform.states import DeadLetterState
from payments.platform.values import texts
from payments.platform.values.money import DECIMALS, MAX_AMOUNT
from payments.reconciliation.profile import PROFILES
from payments.reconciliation.rules import ExceptionClass, ExceptionState
from payments.reconciliation.uploads import LONGEST_NAME
from payments.settlement.rules import State as BatchState

Parameter = dict[str, Any]


def _query(name: str, schema: dict[str, Any], description: str) -> Parameter:
    return {"name": name, "in": "query", "schema": schema, "description": description}


_ID: Final = {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID}
_MERCHANT_ID: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_MERCHANT_ID, "pattern": texts.NOT_BLANK}

PAYMENT_ID: Final[Parameter] = {"name": "payment_id", "in": "path", "required": True, "schema": _ID}
DEAD_LETTER_ID: Final[Parameter] = {"name": "letter_id", "in": "path", "required": True, "schema": _ID}
EVENT_ID: Final[Parameter] = {"name": "event_id", "in": "path", "required": True, "schema": _ID}
OPERATION_ID: Final[Parameter] = {"name": "operation_id", "in": "path", "required": True, "schema": _ID}
BATCH_ID: Final[Parameter] = {"name": "batch_id", "in": "path", "required": True, "schema": _ID}
FILE_ID: Final[Parameter] = {"name": "file_id", "in": "path", "required": True, "schema": _ID}
ADJUSTMENT_ID: Final[Parameter] = {"name": "adjustment_id", "in": "path", "required": True, "schema": _ID}
MERCHANT_ID: Final[Parameter] = {"name": "merchant_id", "in": "path", "required": True, "schema": _MERCHANT_ID}
KEY_ID_PATTERN: Final = "[0-9A-Za-z]{10}"
_KEY_ID: Final = {"type": "string", "pattern": f"^{KEY_ID_PATTERN}$"}
KEY_ID: Final[Parameter] = {"name": "key_id", "in": "path", "required": True, "schema": _KEY_ID}
KEY: Final = _query("keyId", _KEY_ID, "Only the key with this id")
KEY_KIND: Final = _query("kind", {"type": "string", "enum": list(KeyKind)}, "Only keys of this kind")
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
TEXT_CURSOR: Final = _query(
    "cursor", {"type": "string", "pattern": f"^{TEXT_CURSOR_PATTERN}$"}, "The nextCursor of the page before"
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
ACQUIRER_STATE: Final = _query("state", {"type": "string", "enum": list(State)}, "Only operations in this state")
OPERATIONS_PAYMENT: Final = _query("paymentId", _ID, "Only operations of this payment")
BATCH_STATE: Final = _query("state", {"type": "string", "enum": list(BatchState)}, "Only batches in this state")
CURRENCY: Final = _query("currency", {"type": "string", "enum": sorted(DECIMALS)}, "Only of this currency")
OF_MERCHANT: Final = _query("merchantId", _MERCHANT_ID, "Only of this merchant; * is what is for all")
EXCEPTION_ID: Final[Parameter] = {"name": "exception_id", "in": "path", "required": True, "schema": _ID}
EXCEPTION_CLASS: Final = _query("class", {"type": "string", "enum": list(ExceptionClass)}, "Only of this class")
EXCEPTION_STATE: Final = _query("state", {"type": "string", "enum": list(ExceptionState)}, "Only in this state")
OF_FILE: Final = _query("fileId", _ID, "Only about lines of this settlement file")
CONNECTOR: Final = _query(
    "connector", {"type": "string", "enum": list(PROFILES), "default": ConnectorName.SIMULATOR}, "Whose file it is"
)
FILE_NAME: Final = {
    **_query(
        "name",
        {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": texts.PROSE},
        "What the file is called",
    ),
    "required": True,
}
FOUND_PAYMENT: Final = _query("paymentId", _ID, "Only findings of this payment")

LONGEST_ID: Final = 128
"""Characters of the longest id that a search takes: a request's."""
REQUEST_ID: Final = "[A-Za-z0-9._-]{1,128}"
TRACE_ID: Final = "[0-9a-f]{32}"
_KEY: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": texts.NOT_BLANK}
_ANY_ID: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_ID, "pattern": texts.NOT_BLANK}
_AMOUNT: Final = {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_AMOUNT}
_TIME: Final = {"type": "string", "format": "date-time"}
PAYMENT_SEARCH: Final = (
    _query("q", _ANY_ID, "Any id: of a payment, event, request or trace, an idempotency key; else a merchant"),
    _query("paymentId", _ID, "Only this payment"),
    _query("eventId", _ID, "Only the payment of this event"),
    _query("idempotencyKey", _KEY, "Only payments that a request with this key made or changed"),
    MERCHANT,
    STATUS,
    _query("currency", {"type": "string", "enum": sorted(DECIMALS)}, "Only payments in this currency"),
    _query("amount", _AMOUNT, "Only payments of this amount (minor units); not with amountFrom or amountTo"),
    _query("amountFrom", _AMOUNT, "Only payments of at least this amount (minor units)"),
    _query("amountTo", _AMOUNT, "Only payments of at most this amount (minor units)"),
    _query("from", _TIME, "Only payments authorized at this time or later"),
    _query("to", _TIME, "Only payments authorized before this time"),
    _query("requestId", {"type": "string", "pattern": f"^{REQUEST_ID}$"}, "Only payments that this request changed"),
    _query("traceId", {"type": "string", "pattern": f"^{TRACE_ID}$"}, "Only payments that this trace changed"),
)
"""What operators search payments by; each narrows what the others leave."""


OF_EVENT: Final = _query("eventId", _ID, "Only postings of this event")
SOURCE_TYPE: Final = _query(
    "sourceType", {"type": "string", "enum": list(SourceType)}, "Only postings of this source; only with sourceId"
)
SOURCE_ID: Final = _query("sourceId", _ID, "Only postings of this source; only with sourceType")
ORDER: Final = _query(
    "order", {"type": "string", "enum": list(Order), "default": Order.OLDEST}, "Which postings come first"
)
AS_OF: Final = _query("asOf", _TIME, "Only postings until this time; absent, or in the future: all")
