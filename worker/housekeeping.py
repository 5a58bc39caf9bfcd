"""Housekeeping: expires authorizations, retries dead letters, republishes lost events, asks acquirers, prunes, audits;
and what is in money_out.py.

It needs neither Kafka nor Redis, so it still exports metrics when other processes fail. Each task has a thread and a
connection of its own, and none acts while the database's clock is suspect.
"""

import logging
import os
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from payments.acquiring import store as acquiring_store
from payments.acquiring.gate import Gate
from payments.acquiring.rules import State
from payments.audit import finding_store, request_store
from payments.audit.request_store import AuditRequest
from payments.audit.service import audit
from payments.audit.snapshot import FindingKind
from payments.dead_letters.lost_replays import reopen_lost
from payments.dead_letters.service import retry_due
from payments.ledger.self_repair import SelfRepair
from payments.metrics import TASKS, AcquirerMetrics, HousekeepingMetrics
from payments.outbox import backlog as backlog_store
from payments.outbox import lease
from payments.platform.clock import database_now, monotonic
from payments.platform.tasks.log import TaskLog
from payments.platform.tasks.throttle import Throttle
from payments.platform.trusted_clock.guard import ClockGuard
from payments.retention.service import EXPIRE_PER_ROUND, Pruner, Retention, expire_due
from worker.acquirer import Acquirers
from worker.last_reading import LastReading
from worker.money_out import ALL_AT_ONCE, MoneyOut, MoneyOutPlan
from worker.schedule import Schedule, Task

WATCH_INTERVAL: Final = 2.0
"""Seconds between two reads for the metrics, and between two heartbeats."""
RETRY_INTERVAL: Final = 5.0
"""Seconds between two searches for dead letters whose retry is due."""
ACQUIRER_INTERVAL: Final = 1.0
"""Seconds between two rounds of enquiries; the first enquiry is due 2 s after its operation was sent."""
CONNECTIONS: Final = len(TASKS)
"""One connection for each task."""
PRUNE_INTERVAL: Final = 60.0
"""Seconds between two rounds of pruning; rows are kept for days, so a delay does not matter."""
LOGGED_LIMIT: Final = 100
"""New differences of one audit that are logged one by one; all of them are in `audit_finding`."""
PRUNE_SHARE: Final = 20.0
"""Seconds of a round for each kind of row, so that a backlog of one does not delay the others."""
REPAIR_INTERVAL: Final = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """Intervals in seconds, retention times, when a replay counts as lost, and limits of a round."""

    expire_interval: float
    audit_interval: float
    retention: Retention
    replay_timeout: timedelta = timedelta(minutes=10)
    prune_interval: float = PRUNE_INTERVAL
    expire_per_round: int = EXPIRE_PER_ROUND
    repair_after: float = 600.0
    clock_jump: float = 300.0
    money_out: MoneyOutPlan = ALL_AT_ONCE


class Housekeeping:
    """The tasks themselves, each a method that does its work once."""

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        metrics: HousekeepingMetrics,
        stop: threading.Event,
        clock_guard: ClockGuard | None = None,
        acquirers: tuple[Mapping[str, Gate], AcquirerMetrics] | None = None,
    ) -> None:
        """`acquirers`: those that are configured, by the names of their connectors, and where their calls are shown."""
        self._engine = engine
        self._plan = plan
        self._metrics = metrics
        self._stop = stop
        self._holder = f"{socket.gethostname()}:{os.getpid()}"[-128:]
        self._clock = clock_guard or ClockGuard(plan.clock_jump)
        self._pruner = Pruner(engine, plan.retention, self._clock.now)
        self._repair = SelfRepair(engine, timedelta(seconds=plan.repair_after), self._clock.now)
        self._throttle = Throttle(stop.wait)
        self._reading = LastReading(metrics)
        self._acquirers = acquirers and Acquirers(engine, *acquirers, self._clock.now, self._pause, stop.is_set)
        money_out = MoneyOut(engine, plan.money_out, metrics.money_out, self._clock.now, stop.wait)
        self._tasks = [
            Task("export", WATCH_INTERVAL, self.export),
            Task("expire", plan.expire_interval, self.expire),
            Task("retry", RETRY_INTERVAL, self.retry),
            Task("audit", plan.audit_interval, self.audit, is_requested=self.is_audit_requested),
            Task("prune", plan.prune_interval, self.prune),
            Task("repair", REPAIR_INTERVAL, self.repair),
            Task("acquirer", ACQUIRER_INTERVAL, self.acquirer),
            *money_out.tasks,
        ]
        self.log = TaskLog({task.name: task.interval for task in self._tasks}, metrics)

    def schedules(self) -> list[list[Task]]:
        """The tasks by thread: one each, so that one that hangs or fails does not delay the others."""
        return [[task] for task in self._tasks]

    def expire(self) -> None:
        """Expire authorizations."""
        limit = self._plan.expire_per_round
        if count := expire_due(self._engine, monotonic, self._pause, self._clock.now, limit):
            _log.info("payments_expired", extra={"count": count})

    def retry(self) -> None:
        """Replay the dead letters that are due, and open those whose replay was lost."""
        with self._engine.connect().execution_options(reading=True) as connection:
            self._clock.now(connection)  # raises while the clock is suspect
        if count := retry_due(self._engine):
            _log.info("dead_letters_retried", extra={"count": count})
        if count := reopen_lost(self._engine, self._plan.replay_timeout):
            _log.warning("dead_letters_reopened", extra={"count": count})

    def repair(self) -> None:
        """Publish again events that Kafka lost."""
        self._metrics.republished.inc(self._repair.round(self._throttle))

    def acquirer(self) -> bool:
        """Ask what became of operations at the acquirers that are configured; returns whether more are due."""
        return self._acquirers is not None and self._acquirers.round()

    def prune(self) -> bool:
        """Delete old rows; returns whether more are due than the round had time for."""
        began = monotonic()
        deleted = self._pruner.prune(replace(self._throttle, longest=PRUNE_SHARE))
        if any(deleted.values()):
            _log.info("pruned", extra=deleted)
        return monotonic() - began >= PRUNE_SHARE

    def is_audit_requested(self) -> bool:
        """Whether an operator waits for an audit."""
        return self._open_request() is not None

    def _open_request(self) -> AuditRequest | None:
        with self._engine.connect().execution_options(reading=True) as connection:
            return request_store.open_request(connection)

    def audit(self) -> None:
        """Compare ledger and payments; findings are stored and exported, new ones are logged.

        Answers the request that is open when it begins, unless it is ended early.
        """
        request = self._open_request()
        report = audit(self._engine, full=False, answers_kept=self._plan.retention.answers, throttle=self._throttle)
        self._metrics.audit_in_flight.set(report.in_flight)
        with self._engine.connect().execution_options(reading=True) as connection:
            self._show_findings(finding_store.open_by_kind(connection))
        for difference in report.opened[:LOGGED_LIMIT]:
            _log.error(
                "audit_difference",
                extra={"kind": difference.kind, "payment_id": difference.payment_id, "detail": difference.detail},
            )
        if report.opened or report.cleared:
            _log.warning("audit_findings_changed", extra={"opened": len(report.opened), "cleared": report.cleared})
        if request is not None and report.is_complete:
            with self._engine.begin() as connection:
                request_store.finish(connection, request.request_id)
            _log.info("audit_request_answered", extra={"actor": request.actor})

    def export(self) -> None:
        """Read the gauges' values, and store housekeeping's heartbeat and the state of its tasks."""
        with self._engine.begin() as connection:
            lease.beat(connection, "housekeeping", self._holder)
        with self._engine.connect().execution_options(reading=True) as connection:
            backlog = backlog_store.outbox_backlog(connection)
            parked = backlog_store.outbox_parked(connection)
            letters = backlog_store.dead_letters_open(connection)
            renewals = backlog_store.lease_renewals(connection)
            findings = finding_store.open_by_kind(connection)
            operations = acquiring_store.by_state(connection)
            undecided = acquiring_store.oldest_unknown(connection)
            now = database_now(connection)
        self._metrics.outbox_pending.set(backlog.pending)
        self._metrics.outbox_parked.set(parked)
        self._metrics.dead_letters_open.set(letters)
        self._show_findings(findings)
        manual = operations.get(State.MANUAL, 0)
        self._metrics.acquirer_manual.set(manual)
        self._metrics.acquirer_undecided.set(sum(operations.values()) - manual)
        self._reading.update(now, backlog, renewals, undecided)
        with self._engine.begin() as connection:  # of its own: without its tables the rest is exported
            self._clock.keep(connection)
            self.log.keep(connection, database_now(connection))
        self._metrics.clock_suspect.set(self._clock.suspect)
        self._metrics.clock_offset.set(self._clock.offset)

    def _show_findings(self, open_by_kind: Mapping[str, int]) -> None:
        for kind in FindingKind:
            self._metrics.audit_differences.labels(kind).set(open_by_kind.get(kind, 0))

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)


def run(
    engine: Engine,
    plan: Plan,
    registry: CollectorRegistry,
    stop: threading.Event,
    gates: Mapping[str, Gate] | None = None,
) -> None:
    """Run all tasks until `stop` is set. `engine` needs CONNECTIONS. `gates`: of the configured acquirers.

    A task that fails is retried, and its alert reports it. Any other exception ends the process and is raised.
    """
    acquirers = (gates, AcquirerMetrics(registry, gates)) if gates else None
    house = Housekeeping(engine, plan, HousekeepingMetrics(registry), stop, acquirers=acquirers)
    schedules = [Schedule(tasks, stop, done=house.log.done) for tasks in house.schedules()]
    with ThreadPoolExecutor(len(schedules), thread_name_prefix="tasks") as pool:
        kept = [pool.submit(_keep, schedule, stop) for schedule in schedules]
    for each in kept:
        each.result()
    engine.dispose()


def _keep(schedule: Schedule, stop: threading.Event) -> None:
    try:
        schedule.run()
    finally:
        stop.set()
