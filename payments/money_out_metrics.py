"""Metrics of settlement, payouts and reconciliation, which housekeeping exports; `payments.metrics` has the others."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from payments.reconciliation.rules import ExceptionClass
from payments.settlement.rules import State

LIVE: Final = (State.OPEN, State.CLOSED, State.APPROVED, State.EXPORTED)
"""States that a batch does not stay in; the others' numbers only grow."""
OUTCOMES: Final = ("matched", "unmatched")


class MoneyOutMetrics:
    """Gauges are read from the database; counters are of this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.batches = Gauge("settlement_batches", "Batches that are not ended", ["state"], registry=registry)
        _start_at_zero(self.batches, (state.lower() for state in LIVE))
        self.held = Gauge(
            "settlement_batches_held",
            "Batches that are to be paid out, and wait until their suspended merchants are active again",
            registry=registry,
        )
        self.oldest_unpaid_age = Gauge(
            "settlement_oldest_unpaid_age_seconds",
            "Since the closing of the oldest batch that is in no payout file and not held",
            registry=registry,
        )
        self.overdue = Gauge(
            "settlement_overdue_seconds", "Since the oldest cut-off whose batch is not closed", registry=registry
        )
        self.oldest_unconfirmed_age = Gauge(
            "payouts_unconfirmed_oldest_age_seconds",
            "Since the export of the oldest payout that the bank has neither paid nor returned",
            registry=registry,
        )
        self.items = Counter("settlement_items_total", "Items of the batches that were closed", registry=registry)
        self._add_reconciliation(registry)

    def _add_reconciliation(self, registry: CollectorRegistry) -> None:
        prefix = "reconciliation_"
        self.exceptions = Gauge(
            prefix + "exceptions", "Open exceptions, which operators end", ["class"], registry=registry
        )
        _start_at_zero(self.exceptions, (each.lower() for each in ExceptionClass))
        self.oldest_exception_age = Gauge(
            prefix + "oldest_exception_age_seconds", "For how long the oldest open exception is open", registry=registry
        )
        self.suspense = Gauge(
            prefix + "suspense",
            "Minor units that acquirers paid (above 0) or kept, and that open exceptions do not explain",
            ["currency"],
            registry=registry,
        )
        self.file_age = Gauge(
            prefix + "file_age_seconds",
            "Since the end of the last day whose settlement file was read after it; 0 where no file is expected",
            registry=registry,
        )
        self.lines = Counter(
            prefix + "lines_total", "Lines of settlement files by what came of them", ["outcome"], registry=registry
        )
        _start_at_zero(self.lines, OUTCOMES)


def _start_at_zero(metric: Gauge | Counter, values: Iterable[str]) -> None:
    for value in values:
        metric.labels(value)
