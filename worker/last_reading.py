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
        self._oldest_event: float | None = None
        self._oldest_operation: float | None = None
        metrics.outbox_oldest_age.set_function(lambda: self._age(self._oldest_event))
        metrics.acquirer_oldest_age.set_function(lambda: self._age(self._oldest_operation))
        for name in LEASES:
            metrics.lease_age.labels(name).set_function(partial(self._lease_age, name))

    def update(
        self, now: datetime, backlog: OutboxBacklog, renewals: Mapping[str, datetime], undecided: datetime | None
    ) -> None:
        """Store a successful read at `now` by the database's clock. `undecided`: since when the oldest operation is."""
        at = self._clock()

        def monotonic_of(time: datetime) -> float:
            return at - (now - time).total_seconds()

        with self._lock:
            self._oldest_event = None if backlog.oldest is None else monotonic_of(backlog.oldest)
            self._oldest_operation = None if undecided is None else monotonic_of(undecided)
            for name in LEASES:
                if name in renewals:
                    self._renewed[name] = monotonic_of(renewals[name])

    def _age(self, since: float | None) -> float:
        return 0.0 if since is None else max(0.0, self._clock() - since)

    def _lease_age(self, name: str) -> float:
        with self._lock:
            return max(0.0, self._clock() - self._renewed[name])
