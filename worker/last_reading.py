"""Housekeeping's last read of the database; ages are computed at each scrape.

So an age keeps growing while the database cannot be read.
"""

import threading
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from payments.metrics import LEASES, HousekeepingMetrics
from payments.outbox.backlog import OutboxBacklog
from payments.platform.clock import Clock, monotonic


class LastReading:
    """Sets the gauges of ages. A lease that was never read is as old as this process."""

    def __init__(self, metrics: HousekeepingMetrics, clock: Clock = monotonic) -> None:
        """Registers the gauges' functions."""
        self._clock = clock
        self._lock = threading.Lock()
        self._renewed = dict.fromkeys(LEASES, clock())
        self._oldest: float | None = None
        metrics.outbox_oldest_age.set_function(self._oldest_age)
        for name in LEASES:
            metrics.lease_age.labels(name).set_function(partial(self._lease_age, name))

    def update(self, now: datetime, backlog: OutboxBacklog, renewals: Mapping[str, datetime]) -> None:
        """Store a successful read; `now` is its time by the database's clock."""
        at = self._clock()
        with self._lock:
            self._oldest = None if backlog.oldest is None else at - (now - backlog.oldest).total_seconds()
            for name in LEASES:
                if name in renewals:
                    self._renewed[name] = at - (now - renewals[name]).total_seconds()

    def _oldest_age(self) -> float:
        with self._lock:
            return 0.0 if self._oldest is None else max(0.0, self._clock() - self._oldest)

    def _lease_age(self, name: str) -> float:
        with self._lock:
            return max(0.0, self._clock() - self._renewed[name])
