"""Problem details (RFC 9457): one table from codes to HTTP status and title, and the one encoder of error bodies."""

from dataclasses import dataclass
from typing import Final

from payments.platform.errors import PaymentDeclined, PaymentsError, Recoverable, ValidationFailed
from payments.platform.json_types import Identifier, JsonObject, OptionalMember, encode

PROBLEMS: Final[dict[str, tuple[int, str]]] = {
    "MALFORMED_JSON": (400, "The body is not JSON"),
    "VALIDATION_FAILED": (400, "The request is not valid"),
    "API_KEY_MISSING": (401, "An API key is needed"),
    "API_KEY_INVALID": (401, "The API key is not valid"),
    "API_KEY_EXPIRED": (401, "The API key has expired"),
    "PAYMENT_DECLINED": (402, "The payment was declined"),
    "INSUFFICIENT_SCOPE": (403, "The API key may not do this"),
    "MERCHANT_MISMATCH": (403, "The request is another merchant's"),
    "MERCHANT_SUSPENDED": (403, "The merchant is suspended"),
    "NETWORK_NOT_ALLOWED": (403, "The API key may not be used from here"),
    "MERCHANT_EXISTS": (409, "The merchant exists"),
    "API_KEY_CONFLICT": (409, "The API key has ended"),
    "ROTATION_IN_PROGRESS": (409, "The API key is being replaced"),
    "TOO_MANY_KEYS": (409, "There are too many API keys"),
    "UNAUTHORIZED": (401, "A valid admin token is needed"),
    "NOT_FOUND": (404, "Not found"),
    "SHOP_OFF": (404, "There is no shop here"),
    "METHOD_NOT_ALLOWED": (405, "Method not allowed"),
    "CAPTURE_CONFLICT": (409, "The payment cannot be captured"),
    "REFUND_CONFLICT": (409, "The payment cannot be refunded"),
    "VOID_CONFLICT": (409, "The payment cannot be voided"),
    "REQUEST_IN_PROGRESS": (409, "The first request with this key is still running"),
    "IDEMPOTENCY_KEY_EXPIRED": (409, "The idempotency key has expired"),
    "DEAD_LETTER_CONFLICT": (409, "The dead letter is not open"),
    "OUTBOX_CONFLICT": (409, "The event's state does not allow it"),
    "ACQUIRER_OPERATION_CONFLICT": (409, "The operation's state does not allow it"),
    "SECOND_OPERATOR_NEEDED": (409, "Another operator has to agree"),
    "SETTLEMENT_CONFLICT": (409, "The settlement's state does not allow it"),
    "NOTHING_TO_PAY_OUT": (409, "No batch is approved"),
    "PAYOUT_ACCOUNT_MISSING": (409, "A bank account is missing"),
    "FEE_SCHEDULE_CONFLICT": (409, "There is such a fee schedule"),
    "RECON_CONFLICT": (409, "The exception's state does not allow it"),
    "DUPLICATE_FILE": (409, "The file is stored already"),
    "TRANSITION_NOT_ALLOWED": (409, "The transition is not allowed"),
    "PAYLOAD_TOO_LARGE": (413, "The body is too large"),
    "URI_TOO_LONG": (414, "The request line is too long"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "The body has another media type"),
    "EXPECTATION_FAILED": (417, "The expectation cannot be met"),
    "IDEMPOTENCY_KEY_REUSED": (422, "The idempotency key was used for another request"),
    "FILE_REFUSED": (422, "It is not a settlement file"),
    "RATE_LIMIT_EXCEEDED": (429, "Too many requests"),
    "HEADERS_TOO_LARGE": (431, "The headers are too large"),
    "NOT_IMPLEMENTED": (501, "The transfer coding is not supported"),
    "SHOP_MERCHANT_UNUSABLE": (503, "The shop has no test merchant"),
    "SERVICE_UNAVAILABLE": (503, "Not available now"),
    "ACQUIRER_UNAVAILABLE": (503, "The acquirer cannot be reached"),
    "OUTCOME_UNKNOWN": (503, "The outcome is not known"),
}

TYPE_PREFIX: Final = "urn:payops:problem:"


@dataclass(frozen=True, slots=True)
class FieldError(JsonObject):
    """One error in a request."""

    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDetails(JsonObject):
    """RFC 9457, with a stable code."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    message: str
    payment_id: OptionalMember[Identifier] = None
    decline_code: OptionalMember[str] = None
    request_id: str
    errors: list[FieldError]


def status_of(code: str) -> int:
    """The HTTP status of a code."""
    return PROBLEMS[code][0]


def problem_body(
    code: str,
    message: str,
    *,
    instance: str,
    request_id: str,
    payment_id: int | None = None,
    decline_code: str | None = None,
    errors: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """The JSON text of a problem: RFC 9457's members, then ours."""
    status, title = PROBLEMS[code]
    problem = ProblemDetails(
        type=TYPE_PREFIX + code.lower().replace("_", "-"),
        title=title,
        status=status,
        detail=message,
        instance=instance,
        code=code,
        message=message,
        payment_id=payment_id,
        decline_code=decline_code,
        request_id=request_id,
        errors=[FieldError(field, text) for field, text in errors],
    )
    return encode(problem)


def body_of(error: PaymentsError, *, instance: str, request_id: str) -> bytes:
    """The problem of a business error."""
    errors = error.errors if isinstance(error, ValidationFailed) else ()
    return problem_body(
        error.code,
        error.message,
        instance=instance,
        request_id=request_id,
        payment_id=error.payment_id,
        decline_code=error.decline_code if isinstance(error, PaymentDeclined) else None,
        errors=errors,
    )


def retry_after(error: PaymentsError) -> int | None:
    """Seconds after which the same request may succeed; None: it never does."""
    return error.retry_after if isinstance(error, Recoverable) else None
