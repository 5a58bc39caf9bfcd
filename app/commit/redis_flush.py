"""Sends Redis what it is still to be told: answers that were committed, requests that did not count."""

from typing import Final

import gevent

from payments.payment.admission import Admission

DELAY: Final = 0.05
"""Seconds. Most often another request takes it along before that, and then nothing is left to send."""


def flush_soon(admission: Admission) -> None:
    """Flush in a greenlet after DELAY; returns at once."""
    gevent.spawn_later(DELAY, admission.flush)
