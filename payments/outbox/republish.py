"""Publishes again what Kafka lost: published events that the ledger never posted, and unfinished replays.

Safe at any time: the inbox drops an event that arrives twice.
"""

from typing import Final

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from payments.outbox.rules import Aggregate, OutboxState
from payments.platform.states import DeadLetterState
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import inbox_event, outbox_event

WINDOW: Final = 2000
"""Event ids read in one transaction: short enough not to make the relay or a request wait."""

_ENDS = select(func.min(outbox_event.c.event_id), func.max(outbox_event.c.event_id))
_UNPOSTED = (
    select(outbox_event.c.event_id)
    .outerjoin(inbox_event, inbox_event.c.event_id == outbox_event.c.event_id)
    .outerjoin(
        dead_letter,
        and_(dead_letter.c.id == outbox_event.c.aggregate_id, dead_letter.c.state == DeadLetterState.REPLAYING),
    )
    .where(
        outbox_event.c.event_id >= bindparam("start"),
        outbox_event.c.event_id < bindparam("end"),
        outbox_event.c.published == OutboxState.PUBLISHED,
        or_(
            and_(outbox_event.c.aggregate_type == Aggregate.PAYMENT.value, inbox_event.c.event_id.is_(None)),
            and_(outbox_event.c.aggregate_type == Aggregate.REPLAY.value, dead_letter.c.id.is_not(None)),
        ),
    )
)
_PUBLISH_AGAIN = (
    update(outbox_event)
    .where(
        outbox_event.c.event_id.in_(bindparam("ids", expanding=True)),
        outbox_event.c.published == OutboxState.PUBLISHED,  # it may have been refused and parked since it was read
    )
    .values(published=OutboxState.PENDING, published_at=None)
)


def republish_unposted(connection: Connection) -> int:
    """Let the relay publish again every published but unposted payment event and every unfinished replay.

    Returns how many. Commits as it goes.
    """
    with connection.begin():
        first, last = connection.execute(_ENDS).one()
    total = 0
    for start in range(first or 1, (last or 0) + 1, WINDOW):
        with connection.begin():
            ids = list(connection.execute(_UNPOSTED, {"start": start, "end": start + WINDOW}).scalars())
            if ids:
                total += connection.execute(_PUBLISH_AGAIN, {"ids": ids}).rowcount
    return total
