"""Replays without a result: dead letters in REPLAYING whose message was published long ago, or whose row was pruned."""

from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from payments.dead_letters.store import DeadLetter, retry_at
from payments.outbox.rules import Aggregate
from payments.platform.states import DeadLetterState
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import inbox_event, outbox_event

_OF_LETTER = and_(
    outbox_event.c.aggregate_id == dead_letter.c.id, outbox_event.c.aggregate_type == Aggregate.REPLAY.value
)
_IS_ON_ITS_WAY = or_(outbox_event.c.published != 1, outbox_event.c.published_at > bindparam("before"))
_UNANSWERED = (
    select(dead_letter.c.id)
    .outerjoin(outbox_event, and_(_OF_LETTER, _IS_ON_ITS_WAY))
    .where(dead_letter.c.state == DeadLetterState.REPLAYING, outbox_event.c.event_id.is_(None))
    .order_by(dead_letter.c.updated_at)
)
_NEWEST = select(func.max(outbox_event.c.event_id)).where(
    outbox_event.c.aggregate_id == bindparam("letter_id"), outbox_event.c.aggregate_type == Aggregate.REPLAY.value
)
_LATER = (
    select(outbox_event.c.event_id)
    .where(
        outbox_event.c.event_id > bindparam("replay_id"),
        outbox_event.c.aggregate_type == Aggregate.PAYMENT.value,
        outbox_event.c.published == 1,
    )
    .order_by(outbox_event.c.event_id)
    .limit(bindparam("limit"))
    .subquery()
)
_LATER_POSTED = select(func.count(), func.count(inbox_event.c.event_id)).select_from(
    _LATER.outerjoin(inbox_event, inbox_event.c.event_id == _LATER.c.event_id)
)
_REOPEN = update(dead_letter).where(dead_letter.c.id == bindparam("letter_id"))


def unanswered(connection: Connection, before: datetime, limit: int) -> list[int]:
    """Ids of REPLAYING dead letters whose every replay was published before that time.

    A replay's row is stored with REPLAYING and pruned long after its publication: a missing row means long ago, too.
    """
    return list(connection.execute(_UNANSWERED.limit(limit), {"before": before}).scalars())


def is_unanswered(connection: Connection, letter_id: int, before: datetime) -> bool:
    """Whether `unanswered` holds for one dead letter."""
    query = _UNANSWERED.where(dead_letter.c.id == letter_id)
    return connection.execute(query, {"before": before}).first() is not None


def was_passed(connection: Connection, letter_id: int, limit: int) -> bool:
    """Whether the ledger has posted events that were published after the dead letter's newest replay.

    Reads the next `limit` events. Also true when nothing was published after it, or its row was pruned.
    """
    replay_id = connection.execute(_NEWEST, {"letter_id": letter_id}).scalar()
    if replay_id is None:
        return True
    later, posted = connection.execute(_LATER_POSTED, {"replay_id": replay_id, "limit": limit}).one()
    return later == 0 or posted > 0


def reopen(connection: Connection, letter: DeadLetter, now: datetime) -> None:
    """Set to OPEN with one attempt more. The caller has locked the dead letter and checked that it is REPLAYING."""
    attempts = letter.attempts + 1
    values = {
        "state": DeadLetterState.OPEN,
        "attempts": attempts,
        "next_retry_at": retry_at(letter, letter.error_type, attempts, now),
        "updated_at": now,
    }
    connection.execute(_REOPEN.values(values), {"letter_id": letter.letter_id})
