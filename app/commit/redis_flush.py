"""Sends pending writes to Redis: committed answers, and counts that are taken back."""

from typing import Final

import gevent

from payments.payment.admission import Admission

DELAY: Final = 0.05
"""Seconds. Usually another request sends them earlier, in its own round trip."""


def flush_soon(admission: Admission) -> None:
    """Flush in a greenlet after DELAY, unless what waits now was sent earlier; returns at once."""
    gevent.spawn_later(DELAY, _flush, admission, admission.sent)


def _flush(admission: Admission, sent: int) -> None:
    if admission.sent == sent:  # else all that waits now came later, and has a greenlet of its own
        admission.flush()
