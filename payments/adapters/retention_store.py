"""Deletes what has served its time, a bounded batch in each call. Payments, postings, open dead letters: never."""

from datetime import datetime

from sqlalchemy import Connection, delete, exists, select, tuple_

from payments.adapters.tables import idem_response_cache, inbox_event, outbox_event
from payments.domain.events import Aggregate


def prune_payment_events(connection: Connection, before: datetime, after_id: int, most: int) -> tuple[int, int]:
    """Delete the outbox rows of payments whose events are all posted and older than `before`, all of a payment at once.

    Looks at `most` rows above `after_id`. Returns (rows deleted, id to go on from; 0: the end was reached).
    """
    rows = connection.execute(
        select(outbox_event.c.event_id, outbox_event.c.aggregate_id, outbox_event.c.aggregate_type)
        .where(outbox_event.c.event_id > after_id, outbox_event.c.created_at < before)
        .order_by(outbox_event.c.event_id)
        .limit(most)
    ).all()
    payments = {row.aggregate_id for row in rows if row.aggregate_type == Aggregate.PAYMENT}
    deleted = 0
    if payments:
        of_payments = (
            outbox_event.c.aggregate_id.in_(payments),
            outbox_event.c.aggregate_type == Aggregate.PAYMENT.value,
        )
        kept = connection.execute(
            select(outbox_event.c.aggregate_id)
            .outerjoin(inbox_event, inbox_event.c.event_id == outbox_event.c.event_id)
            .where(*of_payments, (outbox_event.c.created_at >= before) | inbox_event.c.event_id.is_(None))
            .distinct()
        ).scalars()
        if done := payments - set(kept):
            deleted = connection.execute(
                delete(outbox_event).where(outbox_event.c.aggregate_id.in_(done), of_payments[1])
            ).rowcount
    return deleted, rows[-1].event_id if len(rows) == most else 0


def prune_other_events(connection: Connection, before: datetime, most: int) -> int:
    """Delete published dead letters' and replays' outbox rows older than `before`; returns how many."""
    ids = connection.execute(
        select(outbox_event.c.event_id)
        .where(
            outbox_event.c.published == 1,
            outbox_event.c.aggregate_type != Aggregate.PAYMENT.value,
            outbox_event.c.published_at < before,
        )
        .limit(most)
    ).scalars()
    return connection.execute(delete(outbox_event).where(outbox_event.c.event_id.in_(list(ids)))).rowcount


def prune_inbox(connection: Connection, before: datetime, most: int) -> int:
    """Delete inbox rows older than `before` whose outbox row is gone, so that no redelivery can post them again.

    A redelivery after that finds neither row and becomes a dead letter, never a second posting.
    """
    ids = connection.execute(
        select(inbox_event.c.event_id)
        .where(
            inbox_event.c.posted_at < before,
            ~exists().where(outbox_event.c.event_id == inbox_event.c.event_id),
        )
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
