"""When a dead letter is retried automatically: only for errors that can go away with time."""

from datetime import timedelta
from typing import Final

RETRYABLE: Final = frozenset({"PaymentNotFound", "EventNotFound"})
"""The payment or event of the message did not exist; it may exist later. No other error goes away with time."""
FIRST_DELAY: Final = timedelta(minutes=1)
RETRIES: Final = 5


def retry_delay(error_type: str, attempts: int) -> timedelta | None:
    """The delay of the automatic replay after failure number `attempts` (from 1); None: an operator decides."""
    if error_type not in RETRYABLE or attempts > RETRIES:
        return None
    return FIRST_DELAY * (1 << (attempts - 1))
