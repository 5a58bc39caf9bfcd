"""Use cases for events that Kafka refused: list, release, discard. Each action is logged with its operator."""

from sqlalchemy import Connection, Engine

from payments.outbox import parked_store
from payments.outbox.rules import Aggregate, OutboxState
from payments.outbox.view import ParkedEvent, parked_event
from payments.platform.clock import database_now
from payments.platform.errors import NotFound, OutboxConflict
from payments.platform.operators import note_action
from payments.platform.paging import page

PAGE = 500
_WORDS = {
    OutboxState.PENDING: "waits for the relay",
    OutboxState.PUBLISHED: "is published",
    OutboxState.BEHIND: "waits behind another event",
    OutboxState.REFUSED: "is still being tried",
    OutboxState.DISCARDED: "is discarded",
}


def parked(
    connection: Connection, before: int | None, limit: int, topic: str | None = None
) -> tuple[list[ParkedEvent], int | None]:
    """A page of parked events, newest first, and the id after which the next page begins (None: the last)."""

    def read(behind: int | None, size: int) -> list[parked_store.ParkedEvent]:
        return parked_store.page(connection, behind, size, topic)

    return page(read, parked_event, lambda event: event.event_id, before, limit)


def release(connection: Connection, event_id: int, actor: str) -> ParkedEvent:
    """Let the relay publish a parked event again, in the caller's transaction; returns the event as it was.

    Raises NotFound, or OutboxConflict when it is not parked.
    """
    event = _parked_event(connection, event_id)
    parked_store.release(connection, event)
    note_action(connection, actor, "outbox.release", f"event {event_id}", f"{event.topic}: {event.error}")
    return parked_event(event)


def discard(connection: Connection, event_id: int, reason: str, actor: str) -> ParkedEvent:
    """Discard a parked event that moves no money, in the caller's transaction; returns it as it was.

    The dead letter of a discarded replay is OPEN again. Raises NotFound, or OutboxConflict when it is not parked or is
    a payment's, without which the ledger would be wrong.
    """
    event = _parked_event(connection, event_id)
    if event.aggregate_type == Aggregate.PAYMENT:
        raise OutboxConflict(f"Event {event_id} is payment {event.aggregate_id}'s: the ledger needs it. Release it.")
    now = database_now(connection)
    parked_store.discard(connection, event, now)
    if event.aggregate_type == Aggregate.REPLAY:
        parked_store.reopen_dead_letter(connection, event.aggregate_id, now)
    target = f"event {event_id} ({event.aggregate_type} {event.aggregate_id})"
    note_action(connection, actor, "outbox.discard", target, reason)
    return parked_event(event)


def parked_ids(engine: Engine, topic: str | None) -> list[int]:
    """Ids of all events that are parked now, oldest first; of one topic, or of all."""
    ids: list[int] = []
    before: int | None = None
    while True:
        with engine.connect().execution_options(reading=True) as connection:
            found = [event.event_id for event in parked_store.page(connection, before, PAGE, topic)]
        ids += found
        if len(found) < PAGE:
            return ids[::-1]
        before = found[-1]


def _parked_event(connection: Connection, event_id: int) -> parked_store.ParkedEvent:
    found = parked_store.lock(connection, event_id)
    if found is None:
        raise NotFound(f"There is no event {event_id} in the outbox.")
    if isinstance(found, OutboxState):
        raise OutboxConflict(f"Event {event_id} is not parked: it {_WORDS[found]}.")
    return found
