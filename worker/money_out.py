"""Housekeeping's tasks of money out: what its gauges show."""

from collections.abc import Iterable

from sqlalchemy import Engine

from payments.money_out_metrics import MoneyOutMetrics
from payments.platform.clock import database_now
from payments.reconciliation import backlog as reconciliation_backlog
from payments.reconciliation.file_days import late_since
from payments.settlement.backlog import payout_backlog
from worker.money_out_reading import MoneyOutReading


class MoneyOut:
    """The tasks themselves, each a method that does its work once."""

    def __init__(self, engine: Engine, metrics: MoneyOutMetrics, connectors: Iterable[str]) -> None:
        """`connectors`: the names of those that are configured, from which files are expected."""
        self._engine = engine
        self._connectors = tuple(connectors)
        self._reading = MoneyOutReading(metrics)

    def show(self) -> None:
        """Read the gauges' values."""
        with self._engine.connect().execution_options(reading=True) as connection:
            payouts = payout_backlog(connection)
            exceptions = reconciliation_backlog.open_exceptions(connection)
            late = [
                late_since(
                    reconciliation_backlog.first_day(connection, name),
                    reconciliation_backlog.newest_day(connection, name),
                )
                for name in self._connectors
            ]
            now = database_now(connection)
        self._reading.update(now, payouts, exceptions, min(filter(None, late), default=None))
