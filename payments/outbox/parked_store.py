"""Parked events for operators: list, release, and discard those that are not a payment's."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from payments.outbox import refusal_store
from payments.outbox.rules import OutboxState
from payments.outbox.store import by_state
from payments.platform.states import DeadLetterState
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import outbox_event as table


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that Kafka refused `attempts` times; `waiting_behind` counts the unpublished events of its payment."""

    event_id: int
    aggregate_type: str
    aggregate_id: int
    event_type: str
    topic: str
    attempts: int
    error: str
    parked_at: datetime
    waiting_behind: int = 0

    @property
    def aggregate(self) -> tuple[str, int]:
        """(type, id) of the aggregate."""
        return (self.aggregate_type, self.aggregate_id)


_COLUMNS = (
    table.c.event_id,
    table.c.aggregate_type,
    table.c.aggregate_id,
    table.c.event_type,
    table.c.topic,
    table.c.attempts,
    table.c.last_error,
    table.c.parked_at,
)
_PARKED = by_state(select(*_COLUMNS).where(table.c.published == OutboxState.PARKED))
_LOCK = select(*_COLUMNS, table.c.published).where(table.c.event_id == bindparam("id")).with_for_update()
_RELEASE = (
    update(table)
    .where(table.c.event_id == bindparam("id"), table.c.published == OutboxState.PARKED)
    .values(published=OutboxState.PENDING, attempts=0, parked_at=None)
)
_DISCARD = (
    update(table)
    .where(table.c.event_id == bindparam("id"), table.c.published == OutboxState.PARKED)
    # published_at: pruned like an event published now
    .values(published=OutboxState.DISCARDED, published_at=bindparam("now"))
)
_REOPEN_DEAD_LETTER = (
    update(dead_letter)
    .where(dead_letter.c.id == bindparam("letter_id"), dead_letter.c.state == DeadLetterState.REPLAYING)
    .values(state=DeadLetterState.OPEN, next_retry_at=None, updated_at=bindparam("now"))
)


def page(connection: Connection, before: int | None, limit: int, topic: str | None = None) -> list[ParkedEvent]:
    """Parked events, newest first: at most `limit`, with ids smaller than `before`; of one topic, or of all."""
    query = _PARKED.order_by(table.c.event_id.desc()).limit(limit)
    if before is not None:
        query = query.where(table.c.event_id < before)
    if topic is not None:
        query = query.where(table.c.topic == topic)
    return _with_waiting(connection, [_event(row) for row in connection.execute(query)])


def lock(connection: Connection, event_id: int) -> ParkedEvent | OutboxState | None:
    """A parked event, locked until the caller's transaction ends; its state if not parked; None: no such event."""
    row = connection.execute(_LOCK, {"id": event_id}).first()
    if row is None:
        return None
    if row.published != OutboxState.PARKED:
        return OutboxState(row.published)
    return _with_waiting(connection, [_event(row)])[0]


def release(connection: Connection, event: ParkedEvent) -> None:
    """Let the relay publish it again, and then the events behind it. The caller has locked it."""
    connection.execute(_RELEASE, {"id": event.event_id})
    refusal_store.free(connection, [event.aggregate])


def discard(connection: Connection, event: ParkedEvent, now: datetime) -> None:
    """Never publish it. The caller has locked it and checked that it is not a payment's."""
    connection.execute(_DISCARD, {"id": event.event_id, "now": now})
    refusal_store.free(connection, [event.aggregate])


def reopen_dead_letter(connection: Connection, letter_id: int, now: datetime) -> None:
    """Set a dead letter whose replay was discarded to OPEN again, without automatic retries."""
    connection.execute(_REOPEN_DEAD_LETTER, {"letter_id": letter_id, "now": now})


def _event(row: Any) -> ParkedEvent:
    return ParkedEvent(
        row.event_id,
        row.aggregate_type,
        row.aggregate_id,
        row.event_type,
        row.topic,
        row.attempts,
        row.last_error or "",
        row.parked_at,
    )


def _with_waiting(connection: Connection, events: Iterable[ParkedEvent]) -> list[ParkedEvent]:
    found = list(events)
    counts = refusal_store.waiting(connection, [event.aggregate for event in found])
    return [replace(event, waiting_behind=counts.get(event.aggregate, 0)) for event in found]
