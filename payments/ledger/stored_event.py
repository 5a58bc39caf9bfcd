"""What the database knows of the events of a batch: what the ledger compares messages with, in one statement."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from payments.outbox.rules import Aggregate
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.payments import payment


class StoredEvent(NamedTuple):
    """A payment's event in the outbox, with whether it is posted and whether its payment exists."""

    payment_id: int
    event_type: str
    payload: str
    created_at: datetime
    is_posted: bool = False
    has_payment: bool = True


_BY_IDS = (
    select(
        outbox_event.c.event_id,
        outbox_event.c.aggregate_id,
        outbox_event.c.event_type,
        outbox_event.c.payload,
        outbox_event.c.created_at,
        inbox_event.c.event_id.is_not(None),
        payment.c.payment_id.is_not(None),
    )
    .outerjoin(inbox_event, inbox_event.c.event_id == outbox_event.c.event_id)
    .outerjoin(payment, payment.c.payment_id == outbox_event.c.aggregate_id)
    .where(
        outbox_event.c.event_id.in_(bindparam("ids", expanding=True)),
        outbox_event.c.aggregate_type == Aggregate.PAYMENT.value,
    )
)


def by_ids(connection: Connection, ids: Iterable[int]) -> dict[int, StoredEvent]:
    """The payment events with these ids; others (dead letters, replays, pruned ones) are absent."""
    rows = connection.execute(_BY_IDS, {"ids": list(ids)})
    return {
        event_id: StoredEvent(payment_id, kind, payload, created_at, bool(is_posted), bool(has_payment))
        for event_id, payment_id, kind, payload, created_at, is_posted, has_payment in rows
    }
