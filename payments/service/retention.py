"""Housekeeping's two changes to the database: authorizations expire, and what has served its time is pruned."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from payments import crash_points
from payments.adapters import payment_store, retention_store
from payments.adapters.clock import Clock, database_now
from payments.domain.commands import Command, Operation
from payments.service.execution import execute
from payments.service.pace import Pace

EXPIRE_BATCH: Final = 200
"""Payments expired in one transaction, as many as a request's batch may hold."""
EXPIRE_DEADLINE: Final = 30.0
"""Seconds that one batch may take before housekeeping leaves it to its next round."""
PRUNE_BATCH: Final = 100
"""Rows looked at, and at most deleted, in one transaction: short enough that no request waits for it (ADR 14)."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept."""

    outbox: timedelta
    inbox: timedelta
    answers: timedelta


def expire_due(engine: Engine, clock: Clock, pause: Callable[[float], None]) -> int:
    """Release what is open on every authorization whose time is over; returns how many were found.

    A batch that fails is logged by `execute` and found again in the next round.
    """
    total = 0
    while True:
        with engine.connect().execution_options(reading=True) as connection:
            due = payment_store.expired(connection, database_now(connection), EXPIRE_BATCH)
        commands = [
            Command(Operation.EXPIRE, merchant_id, payment_id=payment_id, request_id="housekeeping")
            for payment_id, merchant_id in due
        ]
        results = execute(engine, commands, clock() + EXPIRE_DEADLINE, clock, pause)
        total += sum(1 for result in results if result.error is None)
        if len(due) < EXPIRE_BATCH or any(result.error is not None for result in results):
            return total


class Pruner:
    """Prunes in rounds; remembers where among the outbox rows it was, since some rows are kept for long."""

    def __init__(self, engine: Engine, retention: Retention) -> None:
        self._engine = engine
        self._retention = retention
        self._after = 0

    def prune(self, pace: Pace) -> dict[str, int]:
        """Delete all that is due, batch by batch, at `pace`; returns rows deleted by table."""
        kept = self._retention
        return {
            "outbox_event": self._prune_events(pace),
            "inbox_event": self._each_batch(
                pace, lambda c: retention_store.prune_inbox(c, database_now(c) - kept.inbox, PRUNE_BATCH)
            ),
            "idem_response_cache": self._each_batch(
                pace, lambda c: retention_store.prune_answers(c, database_now(c) - kept.answers, PRUNE_BATCH)
            ),
        }

    def _prune_events(self, pace: Pace) -> int:
        total = 0
        for _ in pace.steps():
            with self._engine.begin() as connection:
                before = database_now(connection) - self._retention.outbox
                deleted, self._after = retention_store.prune_events(connection, before, self._after, PRUNE_BATCH)
                crash_points.reach("in_pruning")
            total += deleted
            if self._after == 0:
                break
        return total

    def _each_batch(self, pace: Pace, prune: Callable[[Connection], int]) -> int:
        total = 0
        for _ in pace.steps():
            with self._engine.begin() as connection:
                deleted = prune(connection)
            total += deleted
            if deleted < PRUNE_BATCH:
                break
        return total
