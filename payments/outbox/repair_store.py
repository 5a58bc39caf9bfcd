"""Reads and changes for self-repair: events that were published long ago and never posted.

By primary keys in bounded windows, so that an outbox of millions is never read at once.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select, update

from payments.outbox.rules import Aggregate
from payments.platform.states import DeadLetterState
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import inbox_event, outbox_event

RECENT: Final = 500
"""Postings from which the ledger's delay is measured."""

_ENDS = select(func.min(outbox_event.c.event_id), func.max(outbox_event.c.event_id))
_RECENTLY_POSTED = (
    select(inbox_event.c.posted_at, outbox_event.c.published_at)
    .join(outbox_event, outbox_event.c.event_id == inbox_event.c.event_id)
    .where(inbox_event.c.posted_at > bindparam("since"), outbox_event.c.published_at.is_not(None))
    .order_by(inbox_event.c.posted_at.desc())
    .limit(RECENT)
)
_LATER = outbox_event.alias("later")
_PUBLISHED_AT = func.coalesce(outbox_event.c.published_at, outbox_event.c.created_at)
_LOST = (
    select(outbox_event.c.event_id, outbox_event.c.aggregate_type, outbox_event.c.aggregate_id, outbox_event.c.topic)
    .outerjoin(inbox_event, inbox_event.c.event_id == outbox_event.c.event_id)
    .outerjoin(
        dead_letter,
        and_(dead_letter.c.id == outbox_event.c.aggregate_id, dead_letter.c.state == DeadLetterState.REPLAYING),
    )
    .where(
        outbox_event.c.event_id > bindparam("after"),
        outbox_event.c.event_id <= bindparam("until"),
        outbox_event.c.published == 1,
        bindparam("before") > _PUBLISHED_AT,
        or_(
            and_(outbox_event.c.aggregate_type == Aggregate.PAYMENT.value, inbox_event.c.event_id.is_(None)),
            and_(
                outbox_event.c.aggregate_type == Aggregate.REPLAY.value,
                dead_letter.c.id.is_not(None),
                ~exists().where(  # only the dead letter's last replay
                    _LATER.c.aggregate_id == outbox_event.c.aggregate_id,
                    _LATER.c.aggregate_type == Aggregate.REPLAY.value,
                    _LATER.c.event_id > outbox_event.c.event_id,
                ),
            ),
        ),
    )
    .order_by(outbox_event.c.event_id)
    .limit(bindparam("limit"))
)
_UNSETTLED_DEAD_LETTERS = select(dead_letter.c.message_key, dead_letter.c.original_topic, dead_letter.c.payload).where(
    dead_letter.c.message_key.in_(bindparam("keys", expanding=True)), dead_letter.c.state != DeadLetterState.RESOLVED
)
_PUBLISH_AGAIN = (
    update(outbox_event)
    .where(outbox_event.c.event_id.in_(bindparam("ids", expanding=True)), outbox_event.c.published == 1)
    .values(published=0, published_at=None)
)


@dataclass(frozen=True, slots=True)
class LostEvent:
    """An outbox row that was published without effect; `aggregate_id` is its payment or its dead letter."""

    event_id: int
    aggregate_type: str
    aggregate_id: int
    topic: str


def ends(connection: Connection) -> tuple[int, int]:
    """The smallest and the largest event id of the outbox; zeros when it is empty."""
    first, last = connection.execute(_ENDS).one()
    return first or 0, last or 0


def posting_delays(connection: Connection, since: datetime) -> list[timedelta]:
    """Times from publication to posting, of the last RECENT events posted after `since`."""
    rows = connection.execute(_RECENTLY_POSTED, {"since": since})
    return [row.posted_at - row.published_at for row in rows]


def lost(connection: Connection, after: int, until: int, before: datetime, limit: int) -> list[LostEvent]:
    """Events that Kafka lost: published before `before` and not posted, or replays that did not end.

    At most `limit`, with ids in (after, until].
    """
    rows = connection.execute(_LOST, {"after": after, "until": until, "before": before, "limit": limit})
    return [LostEvent(*row) for row in rows]


def without_dead_letters(connection: Connection, events: Sequence[LostEvent]) -> list[LostEvent]:
    """Those of `events` without a dead letter that is OPEN, REPLAYING or DISCARDED; the others did arrive."""
    payments = [each for each in events if each.aggregate_type == Aggregate.PAYMENT.value]
    keys = {str(each.aggregate_id) for each in payments}
    arrived = {
        (row.message_key, row.original_topic, _event_id(row.payload))
        for row in (connection.execute(_UNSETTLED_DEAD_LETTERS, {"keys": sorted(keys)}) if keys else ())
    }
    return [
        each
        for each in events
        if each.aggregate_type != Aggregate.PAYMENT.value
        or not {(str(each.aggregate_id), each.topic, known) for known in (each.event_id, None)} & arrived
    ]


def publish_again(connection: Connection, ids: Iterable[int]) -> int:
    """Let the relay publish these again, in the caller's transaction; returns how many."""
    return connection.execute(_PUBLISH_AGAIN, {"ids": list(ids)}).rowcount


def _event_id(payload: str) -> int | None:
    """The event id in a dead letter's message; None when it cannot be read: then it may be any event."""
    try:
        found = json.loads(payload)["eventId"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, int) else None
