"""Housekeeping's last read of money out, for its gauges; ages are computed at each scrape, so they need no new read."""

from collections.abc import Callable
from datetime import datetime

from payments.money_out_metrics import MoneyOutMetrics
from payments.platform.clock import Clock, monotonic
from payments.reconciliation.backlog import OpenExceptions
from payments.reconciliation.rules import ExceptionClass
from payments.settlement.backlog import PayoutBacklog


class _Age:
    """The seconds since a moment; 0 where there is none. `show`: its gauge's `set_function`."""

    def __init__(self, show: Callable[[Callable[[], float]], None], clock: Clock) -> None:
        self._clock = clock
        self._since: float | None = None
        show(self._seconds)

    def set(self, now: datetime, since: datetime | None) -> None:
        self._since = None if since is None else self._clock() - (now - since).total_seconds()

    def _seconds(self) -> float:
        since = self._since
        return 0.0 if since is None else max(0.0, self._clock() - since)


class MoneyOutReading:
    """Sets the gauges of money out."""

    def __init__(self, metrics: MoneyOutMetrics, clock: Clock = monotonic) -> None:
        """Registers the gauges' functions."""
        self._metrics = metrics
        self._overdue = _Age(metrics.overdue.set_function, clock)
        self._unpaid = _Age(metrics.oldest_unpaid_age.set_function, clock)
        self._unconfirmed = _Age(metrics.oldest_unconfirmed_age.set_function, clock)
        self._exception = _Age(metrics.oldest_exception_age.set_function, clock)
        self._file = _Age(metrics.file_age.set_function, clock)
        self._currencies: set[str] = set()

    def update(
        self, now: datetime, payouts: PayoutBacklog, exceptions: OpenExceptions, no_file_since: datetime | None
    ) -> None:
        """Store a successful read at `now` by the database's clock. `no_file_since`: the oldest of all acquirers."""
        for state, number in payouts.batches.items():
            self._metrics.batches.labels(state.lower()).set(number)
        self._metrics.held.set(payouts.held)
        self._overdue.set(now, payouts.overdue_since)
        self._unpaid.set(now, payouts.unpaid_since)
        self._unconfirmed.set(now, payouts.unconfirmed_since)
        for each in ExceptionClass:
            self._metrics.exceptions.labels(each.lower()).set(exceptions.by_class.get(each, 0))
        self._currencies |= exceptions.suspense.keys()
        for currency in self._currencies:  # also where the last exception was ended
            self._metrics.suspense.labels(currency).set(exceptions.suspense.get(currency, 0))
        self._exception.set(now, exceptions.oldest)
        self._file.set(now, no_file_since)
