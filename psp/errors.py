"""What the simulator refuses: stable codes with their statuses. Knows no HTTP library."""

from typing import Final

STATUS: Final = {
    "VALIDATION_FAILED": 400,
    "KEY_MISMATCH": 400,
    "UNAUTHENTICATED": 401,
    "CARD_NOT_ACCEPTED": 402,
    "DECLINED": 402,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "IDEMPOTENCY_CONFLICT": 409,
    "CANCELLED": 409,
    "CLOCK_BACKWARDS": 409,
    "NOT_FINAL": 409,
    "BODY_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RATE_LIMITED": 429,
    "INTERNAL_ERROR": 500,
}
"""Code → HTTP status."""


class Refused(Exception):
    """A request that is refused; nothing of it is kept but its line in the journal."""

    def __init__(self, code: str, message: str) -> None:
        """`code` is one of STATUS; `message` is a sentence."""
        super().__init__(message)
        self.code = code
        self.message = message
