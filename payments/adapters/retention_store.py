"""Deletes what has served its time, a bounded batch in each call. Payments, postings, open dead letters: never."""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    select,
    tuple_,
)

from payments.adapters.tables import idem_response_cache, inbox_event, outbox_event
from payments.domain.events import Aggregate

_WINDOW = (
    select(
        outbox_event.c.event_id,
        outbox_event.c.aggregate_id,
        outbox_event.c.aggregate_type,
        outbox_event.c.created_at,
        outbox_event.c.published_at,
    )
    .where(outbox_event.c.event_id > bindparam("after"))
    .order_by(outbox_event.c.event_id)
    .limit(bindparam("most"))
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_OF_PAYMENTS = and_(outbox_event.c.aggregate_id.in_(_IDS), outbox_event.c.aggregate_type == Aggregate.PAYMENT.value)
_OTHERS = outbox_event.c.event_id.in_(_IDS)
_EVENTS = (
    select(
        outbox_event.c.aggregate_id,
        func.count().label("events"),
        func.count(inbox_event.c.event_id).label("posted"),
        func.max(outbox_event.c.created_at).label("newest"),
    )
    .outerjoin(inbox_event, inbox_event.c.event_id == outbox_event.c.event_id)
    .where(_OF_PAYMENTS)
    .group_by(outbox_event.c.aggregate_id)
)


def prune_events(connection: Connection, before: datetime, after_id: int, most: int) -> tuple[int, int]:
    """Delete outbox rows that have served their time: all of a payment at once, when all are posted and older than
    `before`; those of dead letters and replays when they were published before that.

    Looks at `most` rows above `after_id`, and deletes no more, unless one payment alone has more. Returns (rows
    deleted, id to go on from; 0: the end was reached).
    """
    rows = connection.execute(_WINDOW, {"after": after_id, "most": most}).all()
    # ids are given in the order of time, so behind a row that is too young nothing is due: without this each round
    # would read all that is kept
    old = list(takewhile(lambda row: row.created_at < before, rows))
    batch = _batch(old, _finished(connection, old, before), before, most)
    deleted = _delete(connection, _OF_PAYMENTS, batch.payments) + _delete(connection, _OTHERS, batch.others)
    if batch.full_before is not None:
        return deleted, batch.full_before - 1
    return deleted, old[-1].event_id if len(old) == most else 0


class _Batch(NamedTuple):
    """What goes in one transaction. `full_before`: the event for whose payment there was no room any more."""

    payments: list[int]
    others: list[int]
    full_before: int | None = None


def _batch(old: Sequence[Any], finished: dict[int, int], before: datetime, most: int) -> _Batch:
    batch, room = _Batch([], []), most
    for row in old:
        is_payment = row.aggregate_type == Aggregate.PAYMENT
        is_over = row.published_at is not None and row.published_at < before
        size = finished.pop(row.aggregate_id, 0) if is_payment else int(is_over)
        if size > room and room < most:
            return batch._replace(full_before=row.event_id)
        if size:
            room -= size
            (batch.payments if is_payment else batch.others).append(row.aggregate_id if is_payment else row.event_id)
    return batch


def _finished(connection: Connection, old: Sequence[Any], before: datetime) -> dict[int, int]:
    """Of the payments in `old` those whose events are all posted and older than `before`, with how many they are."""
    payments = {row.aggregate_id for row in old if row.aggregate_type == Aggregate.PAYMENT}
    rows = connection.execute(_EVENTS, {"ids": list(payments)}) if payments else ()
    return {row.aggregate_id: row.events for row in rows if row.posted == row.events and row.newest < before}


def _delete(connection: Connection, rows: ColumnElement[bool], ids: list[int]) -> int:
    return connection.execute(delete(outbox_event).where(rows), {"ids": ids}).rowcount if ids else 0


def prune_inbox(connection: Connection, before: datetime, most: int) -> int:
    """Delete inbox rows older than `before` whose outbox row is gone, so that no redelivery can post them again.

    A redelivery after that finds neither row and becomes a dead letter, never a second posting.
    """
    ids = connection.execute(
        select(inbox_event.c.event_id)
        # not NOT EXISTS: MariaDB answers that by reading the whole outbox first, for each batch
        .outerjoin(outbox_event, outbox_event.c.event_id == inbox_event.c.event_id)
        .where(inbox_event.c.posted_at < before, outbox_event.c.event_id.is_(None))
        .limit(most)
    ).scalars()
    return connection.execute(delete(inbox_event).where(inbox_event.c.event_id.in_(list(ids)))).rowcount


def prune_answers(connection: Connection, before: datetime, most: int) -> int:
    """Delete stored answers older than `before`; returns how many."""
    table = idem_response_cache
    key = (table.c.merchant_id, table.c.operation, table.c.idempotency_key)
    rows = connection.execute(select(*key).where(table.c.created_at < before).order_by(table.c.created_at).limit(most))
    keys = [tuple(row) for row in rows]
    return connection.execute(delete(table).where(tuple_(*key).in_(keys))).rowcount if keys else 0
