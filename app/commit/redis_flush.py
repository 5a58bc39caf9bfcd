"""Sends pending writes to Redis: committed answers, and counts that are taken back."""

from typing import Final

import gevent

from payments.payment.admission import Admission

DELAY: Final = 0.05
"""Seconds. Usually another request sends them earlier, in its own round trip."""


def flush_soon(admission: Admission) -> None:
    """Flush in a greenlet after DELAY; returns at once."""
    gevent.spawn_later(DELAY, admission.flush)
