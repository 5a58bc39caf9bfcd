"""Housekeeping's tasks of money out: closes merchants' batches, reads acquirers' files, and shows what waits."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine

from payments.money_out_metrics import MoneyOutMetrics
from payments.platform.clock import Clock, database_now, monotonic
from payments.platform.trusted_clock.guard import Now
from payments.platform.values.money import AmountsByCurrency
from payments.reconciliation import backlog as reconciliation_backlog
from payments.reconciliation.file_days import late_since
from payments.settlement.backlog import payout_backlog
from payments.settlement.closing import NotAllSettled, Progress, SettleReport, settle_due
from worker.money_out_reading import MoneyOutReading
from worker.schedule import Task
from worker.settlement_files import SettlementFiles

SETTLE_INTERVAL: Final = 60.0
"""Seconds between two searches for days that have ended; a batch is due minutes after that anyway."""
RECONCILE_INTERVAL: Final = 60.0
"""Seconds between two rounds, when nobody uploads a file; a file of a million lines takes longer than that."""
MONEY_INTERVAL: Final = 10.0
"""Seconds between two reads for the metrics; the sums of many open exceptions take a moment."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MoneyOutPlan:
    """`minimum`: less is carried. `delay`: after a cut-off, before its batch is closed.

    `acquirers`: URL, our key and CA file of each, by the name of its connector.
    """

    minimum: AmountsByCurrency
    delay: timedelta
    acquirers: Mapping[str, tuple[str, str, str | None]] = field(default_factory=dict, repr=False)


ALL_AT_ONCE: Final = MoneyOutPlan(AmountsByCurrency(1, {}), timedelta(0))


class MoneyOut:
    """The tasks themselves, each a method that does its work once."""

    def __init__(
        self,
        engine: Engine,
        plan: MoneyOutPlan,
        metrics: MoneyOutMetrics,
        now: Now,
        pause: Callable[[float], bool],
        clock: Clock = monotonic,
    ) -> None:
        """`pause(seconds)` returns whether to stop, as `threading.Event.wait` does."""
        self._engine = engine
        self._plan = plan
        self._metrics = metrics
        self._now = now
        self._pause = pause
        self._reading = MoneyOutReading(metrics, clock)
        self._settled = Progress()
        self.files = SettlementFiles(engine, plan.acquirers, metrics, now, pause, clock)
        self.tasks = [
            Task("settle", SETTLE_INTERVAL, self.settle),
            Task("reconcile", RECONCILE_INTERVAL, self.reconcile, is_requested=self.files.has_upload),
            Task("money", MONEY_INTERVAL, self.money),
        ]

    def settle(self) -> None:
        """Close the batches whose cut-off has passed."""
        plan = self._plan
        try:
            # the time raises while the clock is suspect, also in the middle: a closed batch never reopens
            report = settle_due(self._engine, self._now, plan.minimum, plan.delay, self._pause, self._settled)
        except NotAllSettled as some:
            self._show(some.report)
            raise
        self._show(report)

    def _show(self, report: SettleReport) -> None:
        self._metrics.items.inc(report.items)
        if report.closed or report.carried:
            counts = {"closed": report.closed, "carried": report.carried, "items": report.items}
            _log.info("batches_settled", extra=counts)

    def reconcile(self) -> None:
        """Read settlement files, and do what they decide."""
        self.files.round()

    def money(self) -> None:
        """Read the gauges' values."""
        with self._engine.connect().execution_options(reading=True) as connection:
            payouts = payout_backlog(connection)
            exceptions = reconciliation_backlog.open_exceptions(connection)
            now = database_now(connection)
            late = [
                late_since(
                    reconciliation_backlog.first_day(connection, name),
                    reconciliation_backlog.newest_day(connection, name),
                )
                for name in self._plan.acquirers
            ]
        self._reading.update(now, payouts, exceptions, min(filter(None, late), default=None))
