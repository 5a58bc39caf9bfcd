"""Publishes again what Kafka lost: events marked as published that the ledger never posted.

Safe at any time: an event that is in Kafka after all arrives twice, and the inbox drops the second.
"""

from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from payments.adapters.tables import inbox_event, outbox_event
from payments.domain.events import Aggregate

CHUNK: Final = 1000
"""Rows a transaction: short enough not to make the relay or a request wait."""

_UNPOSTED = (
    select(outbox_event.c.event_id)
    .outerjoin(inbox_event, inbox_event.c.event_id == outbox_event.c.event_id)
    .where(
        outbox_event.c.published == 1,
        outbox_event.c.aggregate_type == Aggregate.PAYMENT.value,
        outbox_event.c.event_id > bindparam("after"),
        inbox_event.c.event_id.is_(None),
    )
    .order_by(outbox_event.c.event_id)
    .limit(CHUNK)
)
_PUBLISH_AGAIN = (
    update(outbox_event)
    .where(outbox_event.c.event_id.in_(bindparam("ids", expanding=True)))
    .values(published=0, published_at=None)
)


def republish_unposted(connection: Connection) -> int:
    """Hand every published but unposted payment event to the relay again; returns how many. Commits chunk by chunk."""
    total, after = 0, 0
    while True:
        with connection.begin():
            ids = list(connection.execute(_UNPOSTED, {"after": after}).scalars())
            if not ids:
                return total
            connection.execute(_PUBLISH_AGAIN, {"ids": ids})
        total += len(ids)
        after = ids[-1]
