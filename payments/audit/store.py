"""Reads for the audit: one snapshot for each chunk of payments, and the rows of earlier runs."""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, func, insert, select

from payments.acquiring.connector import Kind
from payments.acquiring.rules import State
from payments.audit import queries as audit_queries
from payments.audit.snapshot import (
    AuditedAnswer,
    AuditedEntry,
    AuditedEvent,
    AuditedOperation,
    AuditedPayment,
    Chunk,
    WrongAnswer,
)
from payments.outbox.rules import EventType
from payments.platform.database import begin_snapshot
from payments.platform.tables.housekeeping import audit_run
from payments.platform.tables.payments import idem_response_cache, payment

TIMES: Final = 500
"""Times in one statement: from 1,000 on MariaDB makes a table of them (in_predicate_conversion_threshold)."""

_EVENT_TYPES: Final = frozenset(EventType)


@dataclass(frozen=True, slots=True)
class LastRun:
    """Where the last audit ended."""

    run_id: int
    at: datetime
    next_payment_id: int


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A complete audit: when it began, and how many differences and events in flight it found."""

    run_id: int
    at: datetime
    full: bool
    differences: int
    in_flight: int


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection whose reads see one consistent snapshot."""
    with engine.connect().execution_options(reading=True) as connection, connection.begin():
        begin_snapshot(connection)
        yield connection


def payments_after(connection: Connection, after: int, limit: int) -> list[int]:
    """The next `limit` payment ids above `after`, ascending."""
    query = audit_queries.NEXT.order_by(payment.c.payment_id).limit(limit)
    return list(connection.execute(query, {"after": after}).scalars())


def changed_payments(connection: Connection, since: datetime) -> list[int]:
    """Ids of payments that were changed, or had an event posted, at `since` or later; ascending."""
    changed = set(connection.execute(audit_queries.CHANGED, {"since": since}).scalars())
    changed.update(connection.execute(audit_queries.POSTED, {"since": since}).scalars())
    return sorted(changed)


def read_chunk(connection: Connection, ids: Sequence[int], answers_since: datetime) -> Chunk:
    """All that the audit compares for these payments; answers are required only for payments after `answers_since`."""
    # rows have the fields of the dataclasses in their order
    payments = [AuditedPayment(*row) for row in connection.execute(audit_queries.PAYMENTS, {"ids": ids})]
    return Chunk(
        payments=payments,
        events=[_event(row) for row in connection.execute(audit_queries.EVENTS, {"ids": ids})],
        entries=[AuditedEntry(*row) for row in connection.execute(audit_queries.ENTRIES, {"ids": ids})],
        authorizations={
            row.payment_id: row.response_body
            for row in connection.execute(audit_queries.AUTHORIZATIONS, {"ids": ids, "answers_since": answers_since})
        },
        operations=_operations(connection, payments),
    )


def read_answers(connection: Connection, ids: Sequence[int], times: Collection[datetime]) -> list[AuditedAnswer]:
    """The answers to changes of these payments that were given at exactly one of `times`."""
    ordered, answers = sorted(times), []
    for start in range(0, len(ordered), TIMES):
        parameters = {"ids": ids, "times": ordered[start : start + TIMES]}
        answers += [AuditedAnswer(*row) for row in connection.execute(audit_queries.STEPS, parameters)]
    return answers


def _event(row: Any) -> AuditedEvent:
    posted = row.posted_at is not None
    known = (row.event_id, row.aggregate_id, row.event_type)
    try:
        said = json.loads(row.payload)
        occurred_at = datetime.fromisoformat(said["occurredAt"]).astimezone(UTC)
        if row.event_type in _EVENT_TYPES and type(said["amount"]) is int:
            return AuditedEvent(*known, said["amount"], said["currency"], row.created_at, posted, occurred_at)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        pass
    return AuditedEvent(*known, 0, "", row.created_at, posted, row.created_at, readable=False)


def _operations(connection: Connection, payments: Sequence[AuditedPayment]) -> list[AuditedOperation]:
    """Those of payments with a connector; of the others, which must have none, where there are any in the table."""
    lowest, highest = connection.execute(audit_queries.OPERATIONS_SPAN).one()
    asked = [
        each.payment_id
        for each in payments
        if each.has_connector or (lowest is not None and lowest <= each.payment_id <= highest)
    ]
    found = connection.execute(audit_queries.OPERATIONS, {"ids": asked}) if asked else ()
    return [_operation(row) for row in found]


def _operation(row: Any) -> AuditedOperation:
    operation_id, payment_id, kind, state, *others = row
    return AuditedOperation(operation_id, payment_id, Kind(kind), State(state), *others)


def first_answer(connection: Connection, since: datetime | None) -> datetime | None:
    """The time of the first stored answer since then (None: of all); None: there is none."""
    first = select(func.min(idem_response_cache.c.created_at))
    if since is not None:
        first = first.where(idem_response_cache.c.created_at >= since)
    found: datetime | None = connection.execute(first).scalar()
    return found


def wrong_answers(connection: Connection, start: datetime, length: timedelta) -> Iterator[list[WrongAnswer]]:
    """Stored successes of a window that match no payment, at most audit_queries.LISTED_LIMIT at a time."""
    window = {"start": start, "end": start + length}
    found = _wrong(connection, audit_queries.WRONG_ANSWERS, window)
    while found:
        yield found
        if len(found) < audit_queries.LISTED_LIMIT:
            return
        last = {
            "merchant_id": found[-1].merchant_id,
            "operation": found[-1].operation,
            "idempotency_key": found[-1].key,
        }
        found = _wrong(connection, audit_queries.WRONG_ANSWERS_NEXT, window | last)


def wrong_among(connection: Connection, keys: Collection[tuple[str, str, str]]) -> list[WrongAnswer]:
    """Those of the answers to these (merchant, operation, key) that match no payment."""
    return _wrong(connection, audit_queries.WRONG_AMONG, {"keys": keys})


def _wrong(connection: Connection, query: Select[Any], parameters: dict[str, Any]) -> list[WrongAnswer]:
    return [
        WrongAnswer(row.merchant_id, row.operation, row.idempotency_key, row.payment_id, row.found_id is not None)
        for row in connection.execute(query, parameters)
    ]


def last_run(connection: Connection, now: datetime) -> LastRun | None:
    """Where the newest audit ended, or None before the first.

    `at` is the newest time up to `now`: a clock that was ahead for a while must not hide later changes.
    """
    newest = select(audit_run.c.id, audit_run.c.next_payment_id).order_by(audit_run.c.id.desc()).limit(1)
    row = connection.execute(newest).first()
    at = connection.execute(select(func.max(audit_run.c.at)).where(audit_run.c.at <= now)).scalar()
    return None if row is None or at is None else LastRun(row.id, at, row.next_payment_id)


def note_run(engine: Engine, values: dict[str, Any]) -> None:
    """Store a run; `values` are the columns of `audit_run`."""
    with engine.begin() as connection:
        connection.execute(insert(audit_run), values)


def newest_runs(connection: Connection, limit: int) -> list[StoredRun]:
    """The newest complete audits, newest first."""
    columns = (audit_run.c.id, audit_run.c.at, audit_run.c.full, audit_run.c.differences, audit_run.c.in_flight)
    query = select(*columns).order_by(audit_run.c.id.desc()).limit(limit)
    return [StoredRun(*row) for row in connection.execute(query)]
