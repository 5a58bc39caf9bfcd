"""When a dead letter is tried again without being asked: only where time alone can heal what was wrong."""

from datetime import timedelta
from typing import Final

RETRYABLE: Final = frozenset({"PaymentNotFound", "EventNotFound"})
"""What the message speaks of was not there; it may be later. No other error goes away by waiting."""
FIRST_DELAY: Final = timedelta(minutes=1)
RETRIES: Final = 5


def retry_delay(error_type: str, attempts: int) -> timedelta | None:
    """How long after its failure number `attempts` (from 1) a letter is replayed by itself; None: people decide."""
    if error_type not in RETRYABLE or attempts > RETRIES:
        return None
    return FIRST_DELAY * (1 << (attempts - 1))
