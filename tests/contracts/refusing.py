"""Outbox events that Kafka refuses, as the relay stores them."""

from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, select

from payments.outbox import lease, refusal_store
from payments.outbox import store as outbox_store
from payments.outbox.lease import Lease
from payments.outbox.rules import EventType, OutboxState, PaymentEvent
from payments.outbox.store import ClaimedEvent
from payments.platform.clock import database_now
from payments.platform.tables.events import outbox_event as table

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
TOO_LARGE = "Broker: Message size too large"


def stored(engine: Engine, *payments: int) -> Lease:
    """Store an event of each of these payments; returns the relay's lease."""
    with engine.begin() as connection:
        outbox_store.add(connection, [event(payment_id) for payment_id in payments])
        held = lease.acquire(connection, "relay", "me", 60)
    assert held is not None
    return held


def event(payment_id: int) -> tuple[object, ...]:
    captured = PaymentEvent(EventType.CAPTURED, payment_id, "M", 10, "KRW", "CAPTURED", NOW)
    return outbox_store.event_row(captured, "{}")


def states(engine: Engine) -> dict[int, OutboxState]:
    with engine.connect() as connection:
        rows = connection.execute(select(table.c.event_id, table.c.published))
        return {row.event_id: OutboxState(row.published) for row in rows}


def refuse(engine: Engine, held: Lease, event_id: int, *, attempts: int = 1, parks: bool = False) -> int:
    with engine.begin() as connection:
        at = database_now(connection) if parks else None
        return refusal_store.refuse(connection, [event_id], TOO_LARGE, attempts, at, held)


def pending(connection: Connection) -> list[ClaimedEvent]:
    return outbox_store.pending(connection, 100)


def hold_all(engine: Engine, held: Lease) -> int:
    with engine.begin() as connection:
        rows = refusal_store.behind(connection, pending(connection))
        return refusal_store.hold(connection, rows, held)
