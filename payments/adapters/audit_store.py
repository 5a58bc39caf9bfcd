"""What the audit reads: one snapshot for each chunk of payments, and the notes of earlier runs. Changes no money."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from payments.adapters import audit_queries
from payments.adapters.database import begin_snapshot
from payments.adapters.tables import audit_run, circuit_breaker, idem_response_cache, ledger_halt, payment


@dataclass(frozen=True, slots=True)
class AuditedPayment:
    """A payment's row as it stands, its stored status included."""

    payment_id: int
    amount: int
    captured: int
    released: int
    refunded: int
    release_reason: str | None
    currency: str
    status: str


@dataclass(frozen=True, slots=True)
class AuditedEvent:
    """A stored event of a payment, and whether the ledger has posted it."""

    event_id: int
    payment_id: int
    event_type: str
    amount: int
    currency: str
    created_at: datetime
    posted: bool


@dataclass(frozen=True, slots=True)
class AuditedEntry:
    """One row of the ledger."""

    payment_id: int
    event_id: int
    debit: str
    credit: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Payments and all that hangs on them, as of one moment."""

    payments: list[AuditedPayment]
    events: list[AuditedEvent]
    entries: list[AuditedEntry]
    unanswered: list[int]


@dataclass(frozen=True, slots=True)
class LastRun:
    """Where the former audit ended."""

    at: datetime
    next_payment_id: int


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection whose reads all see one moment."""
    with engine.connect().execution_options(reading=True) as connection, connection.begin():
        begin_snapshot(connection)
        yield connection


def payments_after(connection: Connection, after: int, most: int) -> list[int]:
    """The next `most` payment ids above `after`, ascending."""
    query = audit_queries.NEXT.order_by(payment.c.payment_id).limit(most)
    return list(connection.execute(query, {"after": after}).scalars())


def changed_payments(connection: Connection, since: datetime) -> list[int]:
    """Ids of payments that were changed, or had an event posted, at `since` or later; ascending."""
    changed = set(connection.execute(audit_queries.CHANGED, {"since": since}).scalars())
    changed.update(connection.execute(audit_queries.POSTED, {"since": since}).scalars())
    return sorted(changed)


def read_chunk(connection: Connection, ids: Sequence[int], answers_since: datetime) -> Chunk:
    """All that the audit compares for these payments; answers are missed only for payments after `answers_since`."""
    # rows have the fields of the dataclasses in their order
    return Chunk(
        payments=[AuditedPayment(*row) for row in connection.execute(audit_queries.PAYMENTS, {"ids": ids})],
        events=[_event(row) for row in connection.execute(audit_queries.EVENTS, {"ids": ids})],
        entries=[AuditedEntry(*row) for row in connection.execute(audit_queries.ENTRIES, {"ids": ids})],
        unanswered=list(
            connection.execute(audit_queries.UNANSWERED, {"ids": ids, "answers_since": answers_since}).scalars()
        ),
    )


def _event(row: Any) -> AuditedEvent:
    said = json.loads(row.payload)
    return AuditedEvent(
        row.event_id,
        row.aggregate_id,
        row.event_type,
        said["amount"],
        said["currency"],
        row.created_at,
        row.posted_at is not None,
    )


def first_answer(connection: Connection, since: datetime | None) -> datetime | None:
    """When the first of the stored answers since then was given; None: there is none. `since` None: of all."""
    first = select(func.min(idem_response_cache.c.created_at))
    if since is not None:
        first = first.where(idem_response_cache.c.created_at >= since)
    found: datetime | None = connection.execute(first).scalar()
    return found


def wrong_answers(connection: Connection, start: datetime, length: timedelta) -> list[tuple[str, str]]:
    """Stored successes of a window that no payment bears out: (scope, body) of at most audit_queries.MOST_LISTED."""
    rows = connection.execute(audit_queries.WRONG_ANSWERS, {"start": start, "end": start + length})
    return [(f"{row.operation} {row.merchant_id}/{row.idempotency_key}", row.response_body) for row in rows]


def posting_possible_since(connection: Connection) -> datetime | None:
    """Since when events could be published and posted without hindrance; None: they cannot be at present."""
    halted = connection.execute(select(ledger_halt.c.id).where(ledger_halt.c.resumed_at.is_(None)).limit(1)).first()
    breaker = connection.execute(select(circuit_breaker.c.state, circuit_breaker.c.state_since)).first()
    if halted is not None or (breaker is not None and breaker.state != "CLOSED"):
        return None
    resumed: datetime | None = connection.execute(select(func.max(ledger_halt.c.resumed_at))).scalar()
    moments = [moment for moment in (resumed, breaker.state_since if breaker else None) if moment is not None]
    return max(moments, default=datetime.fromisoformat("1970-01-01T00:00:00+00:00"))


def last_run(connection: Connection) -> LastRun | None:
    """The newest audit, or None before the first."""
    row = connection.execute(select(audit_run).order_by(audit_run.c.id.desc()).limit(1)).first()
    return None if row is None else LastRun(row.at, row.next_payment_id)


def note_run(engine: Engine, values: dict[str, Any]) -> None:
    """Keep what an audit found; `values` are the columns of `audit_run`."""
    with engine.begin() as connection:
        connection.execute(insert(audit_run), values)
