"""Housekeeping's two changes to the database: it expires authorizations and prunes old rows."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, Engine

from payments import crash_points
from payments.payment import store as payment_store
from payments.payment.commands import Command, Operation
from payments.payment.execution import execute
from payments.platform.clock import Clock, database_now, monotonic
from payments.platform.tasks.throttle import Throttle
from payments.platform.trusted_clock.guard import Now
from payments.retention import records as record_retention
from payments.retention import store as retention_store

EXPIRE_BATCH: Final = 200
"""Payments expired in one transaction, as many as a request's batch may hold."""
EXPIRE_DEADLINE: Final = 30.0
"""Seconds after which housekeeping skips a batch."""
EXPIRE_PER_ROUND: Final = 20_000
FAILURE_LIMIT: Final = 1000
"""Payments that one round skips; more failures are not about single payments."""
NAMED: Final = 10
PRUNE_BATCH: Final = 100
"""Rows read, and at most deleted, in one transaction: short enough that no request waits for it (ADR 14)."""

_log = logging.getLogger(__name__)
START_OVER: Final = 86400.0
"""Seconds after which the outbox is read from its start again: ids are assigned before commit and clocks are set,
so an event may appear, or become old, behind the position of pruning."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows are kept. `records`: settled dead letters, applied breaker commands, audits, calls of keys."""

    outbox: timedelta
    inbox: timedelta
    answers: timedelta
    records: timedelta = timedelta(days=90)


class NotAllExpired(Exception):
    """Some due authorizations could not be released; the others were. The text names payments."""


def expire_due(
    engine: Engine,
    clock: Clock,
    pause: Callable[[float], None],
    now: Now = database_now,
    limit: int = EXPIRE_PER_ROUND,
) -> int:
    """Release the open amounts of expired authorizations, at most `limit`; returns how many were found.

    Calls `now` before each batch. Raises NotAllExpired when some failed: they are skipped, and found again in the next
    round.
    """
    tried, failed = 0, set[int]()
    while tried < limit and len(failed) < FAILURE_LIMIT:
        wanted = min(EXPIRE_BATCH, limit - tried)
        with engine.connect().execution_options(reading=True) as connection:
            found = payment_store.expired(connection, now(connection), wanted + len(failed))
        due = [each for each in found if each[0] not in failed][:wanted]
        failed |= _failures(engine, due, clock, pause)
        tried += len(due)
        if len(due) < wanted:
            break
    if failed:
        some = ", ".join(str(payment_id) for payment_id in sorted(failed)[:NAMED])
        raise NotAllExpired(f"{len(failed)} of {tried} authorizations could not be released, such as {some}.")
    return tried


def _failures(engine: Engine, due: Sequence[tuple[int, str]], clock: Clock, pause: Callable[[float], None]) -> set[int]:
    """Expire these (payment id, merchant) in one transaction if possible; returns the ids that failed."""
    commands = [
        Command(Operation.EXPIRE, merchant_id, payment_id=payment_id, request_id="housekeeping")
        for payment_id, merchant_id in due
    ]
    try:
        results = execute(engine, commands, clock() + EXPIRE_DEADLINE, clock, pause)
    except Exception:  # noqa: BLE001  (a row that cannot even be read must not keep the others of its batch)
        if len(due) == 1:
            _log.exception("not_expired", extra={"payment_id": due[0][0]})
            return {due[0][0]}
        half = len(due) // 2
        return _failures(engine, due[:half], clock, pause) | _failures(engine, due[half:], clock, pause)
    return {payment_id for (payment_id, _), result in zip(due, results, strict=True) if result.error is not None}


class Pruner:
    """Prunes in rounds; remembers its position in the outbox, since some rows are kept for long."""

    def __init__(self, engine: Engine, retention: Retention, now: Now = database_now, clock: Clock = monotonic) -> None:
        """Calls `now` in each batch's transaction."""
        self._engine = engine
        self._now = now
        self._retention = retention
        self._clock = clock
        self._position = 0
        self._waiting: int | None = None
        self._started_over = clock()

    def prune(self, throttle: Throttle) -> dict[str, int]:
        """Delete all that is due, batch by batch, throttled; returns deleted rows by table."""
        kept = self._retention
        deleted = {
            "outbox_event": self._prune_events(throttle),
            "inbox_event": self._prune_inbox(throttle),
            "idem_response_cache": self._each_batch(
                throttle, lambda c: retention_store.prune_answers(c, self._now(c) - kept.answers, PRUNE_BATCH)
            ),
        }
        for record in record_retention.RECORDS:
            prune = partial(self._prune_record, record)
            # SQLAlchemy's names are a subclass of str, which orjson refuses as a key: the log line would be lost
            deleted[str(record.table.name)] = self._each_batch(throttle, prune)
        return deleted

    def _prune_events(self, throttle: Throttle) -> int:
        """From the end of the last round, or from the first event that had to wait then; once a day from the start."""
        total = 0
        if self._clock() - self._started_over >= START_OVER:
            self._position, self._waiting, self._started_over = 0, None, self._clock()
        for _ in throttle.steps():
            with self._engine.begin() as connection:
                before = self._now(connection) - self._retention.outbox
                step = retention_store.prune_events(connection, before, self._position, PRUNE_BATCH)
                crash_points.reach("in_pruning")
            total += step.deleted
            self._position = step.position
            self._waiting = step.waiting if self._waiting is None else self._waiting
            if step.ended:
                if self._waiting is not None:
                    self._position, self._waiting = self._waiting - 1, None
                break
        return total

    def _prune_inbox(self, throttle: Throttle) -> int:
        kept = max(self._retention.inbox, self._retention.outbox)  # else each round would read everything in the outbox
        total, position = 0, retention_store.INBOX_START
        for _ in throttle.steps():
            with self._engine.begin() as connection:
                before = self._now(connection) - kept
                deleted, go_on = retention_store.prune_inbox(connection, before, position, PRUNE_BATCH)
            total += deleted
            if go_on is None:
                break
            position = go_on
        return total

    def _prune_record(self, record: record_retention.Record, connection: Connection) -> int:
        before = self._now(connection) - self._retention.records
        return record_retention.prune(connection, record, before, PRUNE_BATCH)

    def _each_batch(self, throttle: Throttle, prune: Callable[[Connection], int]) -> int:
        total = 0
        for _ in throttle.steps():
            with self._engine.begin() as connection:
                deleted = prune(connection)
            total += deleted
            if deleted < PRUNE_BATCH:
                break
        return total
