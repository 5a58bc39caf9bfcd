"""Why messages become dead letters, and which are retried: those whose error can go away with time."""

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
"""The payment or event of the message did not exist; it may exist later. No other error goes away with time."""
FIRST_DELAY: Final = timedelta(minutes=1)
RETRIES: Final = 5


def retry_delay(error_type: str, attempts: int) -> timedelta | None:
    """The delay of the automatic replay after failure number `attempts` (from 1); None: an operator decides."""
    if error_type not in RETRYABLE or attempts > RETRIES:
        return None
    return FIRST_DELAY * (1 << (attempts - 1))
