"""What a call raises: one class for each family of codes, and the tables that choose it.

`TryAgain`: the same call with the same idempotency key may succeed later. All others fail until something changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class FieldError:
    """One field of the request that the API refused, and why."""

    field: str
    message: str


class PayopsError(Exception):
    """Base of all errors of this package, except TypeError and ValueError for arguments that are never sent.

    `status` is None where no answer came. `idempotency_key` is that of the command: repeat it with this key alone.
    `retry_after`: seconds. `details`: fields that were refused. `decline_code`: why the acquirer declined.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        request_id: str | None = None,
        payment_id: int | None = None,
        decline_code: str | None = None,
        details: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.request_id = request_id
        self.payment_id = payment_id
        self.decline_code = decline_code
        self.details = details
        self.retry_after = retry_after
        self.idempotency_key: str | None = None

    def __str__(self) -> str:
        """`CODE: message (request ID)`."""
        return f"{self.code}: {self.message}" + (f" (request {self.request_id})" if self.request_id else "")


class InvalidRequest(PayopsError):
    """The request is wrong in itself; `details` names the fields."""


class AuthenticationFailed(PayopsError):
    """The key is missing, wrong, revoked or expired."""


class NotAllowed(PayopsError):
    """The key is right, and does not open this: its scopes, its network, its merchant."""


class NotFound(PayopsError):
    """No such payment, or it is another merchant's."""


class Conflict(PayopsError):
    """The payment's amounts or its expiry do not allow the command."""


class PaymentDeclined(PayopsError):
    """The acquirer declined the step, and `decline_code` says why. A new try needs a new key."""


class IdempotencyKeyUnusable(PayopsError):
    """The key was used for another command, or its answer is no longer kept. Nothing was done by this request."""


class UnexpectedAnswer(PayopsError):
    """The answer is not one of the API: the address may be wrong, or a proxy answered."""


class ServerNotTrusted(PayopsError):
    """The server's certificate could not be verified; nothing was sent."""


class TryAgain(PayopsError):
    """All tries or all time used up. A command may have been carried out: repeat it with `idempotency_key`."""


class Processing(TryAgain):
    """The acquirer has not said what became of the step of payment `payment_id`; the platform asks it until it does."""


class RequestInProgress(TryAgain):
    """The first request with this key has not been answered yet."""


class RateLimited(TryAgain):
    """Too many requests; nothing was done. `retry_after` says how long to wait."""


class Unavailable(TryAgain):
    """The platform cannot work now; nothing was done by the last try."""


class OutcomeUnknown(TryAgain):
    """No answer, or one that does not say what was done."""


PROCESSING: Final = "PROCESSING"
"""The code of Processing, which is no problem of the API but an answer 202."""
NO_ANSWER: Final = "NO_ANSWER"
"""The code of OutcomeUnknown when the connection failed or timed out."""
BY_CODE: Final[Mapping[str, type[PayopsError]]] = {
    "MALFORMED_JSON": InvalidRequest,
    "VALIDATION_FAILED": InvalidRequest,
    "METHOD_NOT_ALLOWED": InvalidRequest,
    "PAYLOAD_TOO_LARGE": InvalidRequest,
    "URI_TOO_LONG": InvalidRequest,
    "UNSUPPORTED_MEDIA_TYPE": InvalidRequest,
    "EXPECTATION_FAILED": InvalidRequest,
    "HEADERS_TOO_LARGE": InvalidRequest,
    "NOT_IMPLEMENTED": InvalidRequest,
    "API_KEY_MISSING": AuthenticationFailed,
    "API_KEY_INVALID": AuthenticationFailed,
    "API_KEY_EXPIRED": AuthenticationFailed,
    "UNAUTHORIZED": AuthenticationFailed,
    "PAYMENT_DECLINED": PaymentDeclined,
    "INSUFFICIENT_SCOPE": NotAllowed,
    "MERCHANT_MISMATCH": NotAllowed,
    "MERCHANT_SUSPENDED": NotAllowed,
    "NETWORK_NOT_ALLOWED": NotAllowed,
    "NOT_FOUND": NotFound,
    "CAPTURE_CONFLICT": Conflict,
    "REFUND_CONFLICT": Conflict,
    "VOID_CONFLICT": Conflict,
    "IDEMPOTENCY_KEY_EXPIRED": IdempotencyKeyUnusable,
    "IDEMPOTENCY_KEY_REUSED": IdempotencyKeyUnusable,
    "REQUEST_IN_PROGRESS": RequestInProgress,
    "RATE_LIMIT_EXCEEDED": RateLimited,
    "SERVICE_UNAVAILABLE": Unavailable,
    "ACQUIRER_UNAVAILABLE": Unavailable,
    "OUTCOME_UNKNOWN": OutcomeUnknown,
}
"""Each code that a merchant can be answered with."""
OF_GATE: Final[Mapping[str, type[PayopsError]]] = {
    "GATEWAY_UNAVAILABLE": Unavailable,
    "GATEWAY_REQUEST_TIMEOUT": Unavailable,
    "GATEWAY_RATE_LIMITED": RateLimited,
    "GATEWAY_OUTCOME_UNKNOWN": OutcomeUnknown,
    "GATEWAY_TIMEOUT": OutcomeUnknown,
    "GATEWAY_ERROR": OutcomeUnknown,
}
"""Codes of the gate before the API, where the same command may be sent again; the others go by their status."""
BY_STATUS: Final[Mapping[int, type[PayopsError]]] = {
    400: InvalidRequest,
    401: AuthenticationFailed,
    402: PaymentDeclined,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    422: InvalidRequest,
    429: RateLimited,
    503: OutcomeUnknown,
    504: OutcomeUnknown,
}
"""For codes that are newer than this package."""
OF_PROXIES: Final[Mapping[int, type[PayopsError]]] = {
    429: RateLimited,
    502: OutcomeUnknown,
    503: OutcomeUnknown,
    504: OutcomeUnknown,
}
"""For answers that are no problems of the API."""
