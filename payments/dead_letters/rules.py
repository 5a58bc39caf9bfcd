"""Why messages become dead letters, and when one is replayed by itself: only where waiting alone can help."""

from datetime import timedelta
from enum import StrEnum
from typing import Final


class ErrorType(StrEnum):
    """Why a message could not be posted."""

    INVALID_JSON = "InvalidJson"
    INVALID_EVENT = "InvalidEvent"
    PAYMENT_NOT_FOUND = "PaymentNotFound"
    EVENT_NOT_FOUND = "EventNotFound"
    EVENT_MISMATCH = "EventMismatch"


RETRYABLE: Final = frozenset({ErrorType.PAYMENT_NOT_FOUND, ErrorType.EVENT_NOT_FOUND})
"""What the message speaks of was not there; it may be later. No other error goes away by waiting."""
FIRST_DELAY: Final = timedelta(minutes=1)
RETRIES: Final = 5


def retry_delay(error_type: str, attempts: int) -> timedelta | None:
    """How long after its failure number `attempts` (from 1) a letter is replayed by itself; None: people decide."""
    if error_type not in RETRYABLE or attempts > RETRIES:
        return None
    return FIRST_DELAY * (1 << (attempts - 1))
