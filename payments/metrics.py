"""Every metric of our own: name, labels, meaning; only those of money out are in `payments.money_out_metrics`.

Each process creates its own group. The api's `flask_http_request_duration_seconds` and
`flask_http_request_total` come from prometheus-flask-exporter.
Label values known in advance start at 0, so that a rate exists before the first event.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary

from payments.acquiring.connector import Kind
from payments.acquiring.rules import Learned
from payments.audit.snapshot import FindingKind
from payments.breaker.rules import BREAKER, State
from payments.dead_letters.rules import ErrorType
from payments.money_out_metrics import MoneyOutMetrics
from payments.outbox.rules import DEAD_LETTER_TOPIC, TOPICS
from payments.payment.commands import LIMITED, REQUESTED

OUTCOMES: Final = ("succeeded", "declined", "processing", "conflict", "rejected", "failed")
"""`declined`: by the acquirer. `processing`: nobody knows yet."""
_TOPICS: Final = tuple(TOPICS.values())
LEASES: Final = ("relay", "ledger", "housekeeping")
TASKS: Final = ("export", "expire", "retry", "audit", "prune", "repair", "acquirer", "settle", "reconcile", "money")
SHOWN_STATES: Final = (State.CLOSED, State.OPEN, State.HALF_OPEN)
"""Those of an acquirer's breaker, which no operator moves."""

_LAG_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200)
_CALL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0)


def _start_at_zero(metric: Any, label_values: Iterable[Sequence[str]]) -> None:
    for values in label_values:
        metric.labels(*values)


class ApiMetrics:
    """Metrics of the API; several web workers share them through prometheus_client's multiprocess files.

    `payments_of` and `amount_of` are `labels` of what each request counts, which else costs as much as counting.
    """

    def __init__(self, registry: CollectorRegistry, connectors: Iterable[str] = ()) -> None:
        """`connectors`: the names of those that are configured."""
        self.payments = Counter(
            "payments_total", "Money commands by what came of them", ["operation", "outcome"], registry=registry
        )
        _start_at_zero(self.payments, [(operation, outcome) for operation in REQUESTED for outcome in OUTCOMES])
        self.payments_of = cache(self.payments.labels)
        self.amount = Counter(
            "payments_amount_minor_total",
            "Minor units authorized, captured, refunded, voided",
            ["operation", "currency"],
            registry=registry,
        )
        self.amount_of = cache(self.amount.labels)
        self.rejections = Counter(
            "rate_limit_rejections_total", "Money commands above the rate limit", ["operation"], registry=registry
        )
        _start_at_zero(self.rejections, [(operation,) for operation in LIMITED])
        self.fail_open = Counter(
            "rate_limit_fail_open_total", "Requests let pass because Redis did not answer", registry=registry
        )
        self.replays = Counter(
            "idempotency_replays_total", "Answers given again for a known key", ["operation"], registry=registry
        )
        _start_at_zero(self.replays, [(operation,) for operation in REQUESTED])
        self.batch_size = Histogram(
            "commit_batch_size", "Commands in one transaction", buckets=_BATCH_BUCKETS, registry=registry
        )
        self.queue_depth = Gauge(
            "commit_queue_depth", "Commands that wait for a writer", multiprocess_mode="livesum", registry=registry
        )
        self.acquirer = AcquirerMetrics(registry, connectors)
        self.acquirer_duration = Histogram(
            "acquirer_call_duration_seconds",
            "From a call to its answer, or to what came instead",
            ["kind"],
            buckets=_CALL_BUCKETS,
            registry=registry,
        )
        _start_at_zero(self.acquirer_duration, [(kind,) for kind in Kind])


class RelayMetrics:
    """Metrics of the relay; those of its circuit breaker have Resilience4j's names."""

    def __init__(self, registry: CollectorRegistry) -> None:
        prefix = "resilience4j_circuitbreaker_"
        self.state = Gauge(prefix + "state", "1 for the state it is in", ["name", "state"], registry=registry)
        _start_at_zero(self.state, [(BREAKER, state.lower()) for state in State])
        self.failure_rate = Gauge(
            prefix + "failure_rate",
            "Percent of calls in the window that failed; -1: too few",
            ["name"],
            registry=registry,
        )
        self.slow_call_rate = Gauge(
            prefix + "slow_call_rate", "Percent of calls in the window that were slow; -1: too few", ["name"],
            registry=registry,
        )  # fmt: skip
        self.calls = Summary(prefix + "calls_seconds", "Calls and their durations", ["name", "kind"], registry=registry)
        _start_at_zero(self.calls, [(BREAKER, kind) for kind in ("successful", "failed")])
        self.buffered_calls = Gauge(
            prefix + "buffered_calls", "Calls in the window", ["name", "kind"], registry=registry
        )
        self.slow_calls = Gauge(prefix + "slow_calls", "Slow calls in the window", ["name", "kind"], registry=registry)
        for gauge in (self.buffered_calls, self.slow_calls):
            _start_at_zero(gauge, [(BREAKER, kind) for kind in ("successful", "failed")])
        self.not_permitted = Counter(
            prefix + "not_permitted_calls_total", "Calls refused by the breaker", ["name"], registry=registry
        )
        _start_at_zero(self.not_permitted, [(BREAKER,)])
        self.published = Counter("outbox_published_total", "Events confirmed by Kafka", ["topic"], registry=registry)
        _start_at_zero(self.published, [(topic,) for topic in (*_TOPICS, DEAD_LETTER_TOPIC)])


class LedgerMetrics:
    """Metrics of the ledger worker: what it posted and refused, and its lag."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.events = Counter(
            "ledger_events_total", "Messages by what came of them", ["topic", "outcome"], registry=registry
        )
        _start_at_zero(
            self.events, [(t, outcome) for t in _TOPICS for outcome in ("posted", "repeated", "dead_letter")]
        )
        self.lag_seconds = Histogram(
            "ledger_lag_seconds", "From an event's commit to its posting", buckets=_LAG_BUCKETS, registry=registry
        )
        self.dead_letters = Counter(
            "dead_letters_total", "Messages that could not be posted", ["topic", "error_type"], registry=registry
        )
        _start_at_zero(self.dead_letters, [(t, kind) for t in _TOPICS for kind in ErrorType])
        self.halted = Gauge("ledger_halted", "1 while posting is halted because of poison", registry=registry)
        self.consumer_lag = Gauge("ledger_consumer_lag", "Messages not yet consumed, all partitions", registry=registry)


class AcquirerMetrics:
    """What a process learns from acquirers, and the breaker before each; of api and housekeeping."""

    def __init__(self, registry: CollectorRegistry, connectors: Iterable[str]) -> None:
        """`connectors`: the names of those that are configured."""
        self.operations = Counter(
            "acquirer_operations_total", "Answers of acquirers by what they mean", ["kind", "outcome"],
            registry=registry,
        )  # fmt: skip
        _start_at_zero(self.operations, [(kind, outcome.lower()) for kind in Kind for outcome in Learned])
        self.breaker_state = Gauge(
            "acquirer_breaker_state",
            "1 for the state of the breaker before an acquirer",
            ["connector", "state"],
            multiprocess_mode="livemax",
            registry=registry,
        )
        _start_at_zero(self.breaker_state, [(name, state.lower()) for name in connectors for state in SHOWN_STATES])
        self.in_flight = Gauge(
            "acquirer_calls_in_flight", "Calls to acquirers", multiprocess_mode="livesum", registry=registry
        )


class HousekeepingMetrics:
    """Metrics read from the database; housekeeping exports them, as it needs neither Kafka nor Redis."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.outbox_pending = Gauge("outbox_pending", "Events waiting for publication", registry=registry)
        self.outbox_oldest_age = Gauge(
            "outbox_oldest_age_seconds", "Age of the oldest event waiting for publication", registry=registry
        )
        self.outbox_parked = Gauge(
            "outbox_parked", "Events that Kafka refused and that wait for an operator", registry=registry
        )
        self.dead_letters_open = Gauge("dead_letters_open", "Open dead letters", registry=registry)
        self.audit_differences = Gauge(
            "audit_differences", "Findings of audits that are open; must be 0", ["kind"], registry=registry
        )
        _start_at_zero(self.audit_differences, [(kind,) for kind in FindingKind])
        self.audit_in_flight = Gauge(
            "audit_in_flight", "Events not yet posted when the last audit ran", registry=registry
        )
        self.lease_age = Gauge(
            "lease_age_seconds", "Seconds since a lease was last renewed", ["name"], registry=registry
        )
        self.acquirer_undecided = Gauge(
            "acquirer_undecided", "Operations at acquirers that are not decided", registry=registry
        )
        self.acquirer_oldest_age = Gauge(
            "acquirer_oldest_undecided_age_seconds",
            "Age of the oldest operation that may have happened at an acquirer, without a word whether it has",
            registry=registry,
        )
        self.acquirer_manual = Gauge(
            "acquirer_manual", "Operations at acquirers that an operator decides", registry=registry
        )
        self.republished = Counter(
            "events_republished_total", "Events published again by self-repair", registry=registry
        )
        self.clock_suspect = Gauge("clock_suspect", "1 while the database's clock is not acted upon", registry=registry)
        self.clock_offset = Gauge(
            "database_clock_offset_seconds", "The database's clock minus this machine's", registry=registry
        )
        self._add_tasks(registry)
        self.money_out = MoneyOutMetrics(registry)

    def _add_tasks(self, registry: CollectorRegistry) -> None:
        prefix = "housekeeping_task_"
        self.task_interval = Gauge(
            prefix + "interval_seconds", "How often a task should succeed", ["task"], registry=registry
        )
        self.task_last_success = Gauge(
            prefix + "last_success_timestamp_seconds",
            "When a task last succeeded; before the first time, when it was first due",
            ["task"],
            registry=registry,
        )
        self.task_duration = Summary(
            prefix + "duration_seconds", "Runs of a task, also failed ones", ["task"], registry=registry
        )
        for metric in (self.task_interval, self.task_last_success, self.task_duration):
            _start_at_zero(metric, [(task,) for task in TASKS])
