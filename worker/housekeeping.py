"""Housekeeping: expires authorizations, retries dead letters, prunes, audits on a schedule, exports what is known.

It needs neither Kafka nor Redis, so it still speaks when others are dead. What may take long waits for nobody and lets
nobody wait: each has a thread and a connection of its own.
"""

import logging
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from payments.adapters import backlog_store, lease
from payments.adapters.clock import database_now, monotonic
from payments.metrics import AUDIT_KINDS, LEASES, HousekeepingMetrics
from payments.service.audit import audit
from payments.service.dead_letters import retry_due
from payments.service.pace import Pace
from payments.service.retention import Pruner, Retention, expire_due
from worker.schedule import Schedule, Task

WATCH_INTERVAL: Final = 2.0
"""Seconds between two looks at the database for the metrics and two heartbeats."""
RETRY_INTERVAL: Final = 5.0
"""Seconds between two looks for dead letters whose time for another try has come."""
CONNECTIONS: Final = 4
"""One for each schedule."""
PRUNE_INTERVAL: Final = 60.0
"""Seconds between two rounds of pruning; what is kept is kept for days, so nobody waits for it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """How often it looks (seconds), and how long things are kept."""

    expire_interval: float
    audit_interval: float
    retention: Retention


class Housekeeping:
    """The tasks themselves, each a method that does its work once."""

    def __init__(self, engine: Engine, plan: Plan, metrics: HousekeepingMetrics, stop: threading.Event) -> None:
        self._engine = engine
        self._plan = plan
        self._metrics = metrics
        self._stop = stop
        self._holder = f"{socket.gethostname()}:{os.getpid()}"[-128:]
        self._pruner = Pruner(engine, plan.retention)
        self._pace = Pace(stop.wait)

    def schedules(self) -> list[list[Task]]:
        """The tasks by thread: those of one wait for each other, and for no other's."""
        return [
            [Task("export", WATCH_INTERVAL, self.export)],
            [Task("expire", self._plan.expire_interval, self.expire), Task("retry", RETRY_INTERVAL, self.retry)],
            [Task("audit", self._plan.audit_interval, self.audit)],
            [Task("prune", PRUNE_INTERVAL, self.prune)],
        ]

    def expire(self) -> None:
        """Release what is open on authorizations whose time is over."""
        if count := expire_due(self._engine, monotonic, self._pause):
            _log.info("payments_expired", extra={"count": count})

    def retry(self) -> None:
        """Replay the dead letters whose time has come."""
        if count := retry_due(self._engine):
            _log.info("dead_letters_retried", extra={"count": count})

    def prune(self) -> None:
        """Delete what has served its time."""
        deleted = self._pruner.prune(self._pace)
        if any(deleted.values()):
            _log.info("pruned", extra=deleted)

    def audit(self) -> None:
        """Hold ledger and payments against each other; differences are logged and exported."""
        report = audit(self._engine, full=False, answers_kept=self._plan.retention.answers, pace=self._pace)
        for kind in AUDIT_KINDS:
            self._metrics.audit_differences.labels(kind).set(sum(d.kind == kind for d in report.differences))
        self._metrics.audit_in_flight.set(report.in_flight)
        for difference in report.differences:
            _log.error(
                "audit_difference",
                extra={"kind": difference.kind, "payment_id": difference.payment_id, "detail": difference.detail},
            )

    def export(self) -> None:
        """Look at the database for the gauges, and say that housekeeping lives."""
        with self._engine.begin() as connection:
            lease.beat(connection, "housekeeping", self._holder)
        with self._engine.connect().execution_options(reading=True) as connection:
            now = database_now(connection)
            backlog = backlog_store.outbox_backlog(connection)
            parked = backlog_store.outbox_parked(connection)
            letters = backlog_store.dead_letters_open(connection)
            renewals = backlog_store.lease_renewals(connection)
        self._metrics.outbox_pending.set(backlog.pending)
        self._metrics.outbox_oldest_age.set((now - backlog.oldest).total_seconds() if backlog.oldest else 0)
        self._metrics.outbox_parked.set(parked)
        self._metrics.dead_letters_open.set(letters)
        for name in LEASES:
            if name in renewals:
                self._metrics.lease_age.labels(name).set((now - renewals[name]).total_seconds())

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)


def run(engine: Engine, plan: Plan, registry: CollectorRegistry, stop: threading.Event) -> None:
    """Keep house until `stop` is set. `engine` needs CONNECTIONS.

    Whatever ends one schedule but `stop` ends the others too, and is raised: half of it alive would look well.
    """
    schedules = Housekeeping(engine, plan, HousekeepingMetrics(registry), stop).schedules()
    with ThreadPoolExecutor(len(schedules), thread_name_prefix="tasks") as pool:
        kept = [pool.submit(_keep, Schedule(tasks, stop), stop) for tasks in schedules]
    for each in kept:
        each.result()
    engine.dispose()


def _keep(schedule: Schedule, stop: threading.Event) -> None:
    try:
        schedule.run()
    finally:
        stop.set()
