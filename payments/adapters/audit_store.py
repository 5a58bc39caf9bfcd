"""What the audit reads: one snapshot for each chunk of payments, and the notes of earlier runs. Changes no money."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, BindParameter, Connection, Engine, bindparam, cast, func, insert, or_, select

from payments.adapters.database import begin_snapshot
from payments.adapters.tables import (
    audit_run,
    circuit_breaker,
    idem_response_cache,
    inbox_event,
    ledger_entry,
    ledger_halt,
    outbox_event,
    payment,
)
from payments.domain.events import Aggregate

MOST_LISTED: Final = 100
"""Wrong stored answers listed for each window: a broken table must not fill the memory."""


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


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_NEXT = select(payment.c.payment_id).where(payment.c.payment_id > bindparam("after"))
_CHANGED = select(payment.c.payment_id).where(payment.c.updated_at >= bindparam("since"))
_POSTED = select(inbox_event.c.payment_id).where(inbox_event.c.posted_at >= bindparam("since")).distinct()
_PAYMENTS = select(payment).where(payment.c.payment_id.in_(_IDS))
_EVENTS = (
    select(outbox_event, inbox_event.c.posted_at)
    .outerjoin(inbox_event, inbox_event.c.event_id == outbox_event.c.event_id)
    .where(outbox_event.c.aggregate_id.in_(_IDS), outbox_event.c.aggregate_type == Aggregate.PAYMENT.value)
)
_ENTRIES = select(ledger_entry).where(ledger_entry.c.payment_id.in_(_IDS))
_UNANSWERED = (
    select(payment.c.payment_id)
    .outerjoin(
        idem_response_cache,
        (idem_response_cache.c.merchant_id == payment.c.merchant_id)
        & (idem_response_cache.c.operation == "authorize")
        & (idem_response_cache.c.idempotency_key == payment.c.idempotency_key)
        & (idem_response_cache.c.http_status == 200),
    )
    .where(
        payment.c.payment_id.in_(_IDS),
        payment.c.requested_at > bindparam("answers_since"),
        idem_response_cache.c.http_status.is_(None),
    )
)


def _in_body(member: str) -> Any:
    return cast(func.json_extract(idem_response_cache.c.response_body, f"$.{member}"), BigInteger)


_WRONG_ANSWERS = (
    select(idem_response_cache)
    .outerjoin(payment, payment.c.payment_id == _in_body("paymentId"))
    .where(
        idem_response_cache.c.created_at >= bindparam("start"),
        idem_response_cache.c.created_at < bindparam("end"),
        idem_response_cache.c.http_status == 200,
        or_(
            payment.c.payment_id.is_(None),
            payment.c.merchant_id != idem_response_cache.c.merchant_id,
            payment.c.amount != _in_body("amount"),
            # amounts only grow: what was answered once can never be more than what is there now
            payment.c.captured_amount < _in_body("capturedAmount"),
            payment.c.released_amount < _in_body("releasedAmount"),
            payment.c.refunded_amount < _in_body("refundedAmount"),
        ),
    )
    .limit(MOST_LISTED)
)


def payments_after(connection: Connection, after: int, most: int) -> list[int]:
    """The next `most` payment ids above `after`, ascending."""
    query = _NEXT.order_by(payment.c.payment_id).limit(most)
    return list(connection.execute(query, {"after": after}).scalars())


def changed_payments(connection: Connection, since: datetime) -> list[int]:
    """Ids of payments that were changed, or had an event posted, at `since` or later; ascending."""
    changed = set(connection.execute(_CHANGED, {"since": since}).scalars())
    changed.update(connection.execute(_POSTED, {"since": since}).scalars())
    return sorted(changed)


def read_chunk(connection: Connection, ids: Sequence[int], answers_since: datetime) -> Chunk:
    """All that the audit compares for these payments; answers are missed only for payments after `answers_since`."""
    return Chunk(
        payments=[
            AuditedPayment(
                row.payment_id,
                row.amount,
                row.captured_amount,
                row.released_amount,
                row.refunded_amount,
                row.release_reason,
                row.currency,
                row.status,
            )
            for row in connection.execute(_PAYMENTS, {"ids": ids})
        ],
        events=[_event(row) for row in connection.execute(_EVENTS, {"ids": ids})],
        entries=[
            AuditedEntry(row.payment_id, row.event_id, row.debit_account, row.credit_account, row.amount, row.currency)
            for row in connection.execute(_ENTRIES, {"ids": ids})
        ],
        unanswered=list(connection.execute(_UNANSWERED, {"ids": ids, "answers_since": answers_since}).scalars()),
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
    """Stored successes of a window that no payment bears out: (scope, body) of at most MOST_LISTED."""
    rows = connection.execute(_WRONG_ANSWERS, {"start": start, "end": start + length})
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
