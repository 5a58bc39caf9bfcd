"""The backlog: events that wait for publication, for posting, for an operator. For health, /operations, metrics."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from payments.outbox.rules import RETRYING, Aggregate, OutboxState
from payments.outbox.store import by_state
from payments.platform.states import DeadLetterState
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.processes import lease

FIRST_WINDOW: Final = 4096
"""Newest outbox rows that are read for the ledger's lag; doubled while all of them are unposted."""


@dataclass(frozen=True, slots=True)
class OutboxBacklog:
    """Events that wait for publication; `oldest` is when the oldest was stored."""

    pending: int
    oldest: datetime | None


_PENDING = by_state(select(func.count()).select_from(outbox_event).where(outbox_event.c.published.in_(RETRYING)))
# ids grow with time, so one row suffices: MIN(created_at) would read each row of a long backlog
_OLDEST = by_state(
    select(outbox_event.c.created_at)
    .where(outbox_event.c.published == bindparam("state"))
    .order_by(outbox_event.c.event_id)
    .limit(1)
)
_PARKED = by_state(select(func.count()).select_from(outbox_event).where(outbox_event.c.published == OutboxState.PARKED))
_OPEN_DEAD_LETTERS = select(func.count()).where(dead_letter.c.state == DeadLetterState.OPEN)
_NEWEST = select(func.max(outbox_event.c.event_id))
_UNPOSTED = (
    select(func.min(outbox_event.c.event_id), func.min(outbox_event.c.created_at))
    .outerjoin(inbox_event, inbox_event.c.event_id == outbox_event.c.event_id)
    .where(
        outbox_event.c.event_id > bindparam("floor"),
        outbox_event.c.aggregate_type == Aggregate.PAYMENT.value,
        inbox_event.c.event_id.is_(None),
        outbox_event.c.published.not_in((OutboxState.PARKED, OutboxState.BEHIND)),  # the ledger has not received them
    )
)


def outbox_backlog(connection: Connection) -> OutboxBacklog:
    """Events that the relay has yet to publish; parked events and those behind them are not counted."""
    pending = int(connection.execute(_PENDING).scalar_one())
    found = [connection.execute(_OLDEST, {"state": state}).scalar() for state in RETRYING] if pending else []
    return OutboxBacklog(pending, min((oldest for oldest in found if oldest is not None), default=None))


def outbox_parked(connection: Connection) -> int:
    """Events that Kafka refused and that wait for an operator; those behind them are not counted."""
    return int(connection.execute(_PARKED).scalar_one())


def oldest_unposted(connection: Connection) -> datetime | None:
    """When the oldest event that the ledger has not posted was stored; None: it is up to date.

    Reads the newest rows only, and more of them while all are unposted.
    """
    newest = connection.execute(_NEWEST).scalar()
    window = FIRST_WINDOW
    while newest:
        floor = max(newest - window, 0)
        first_id, created_at = connection.execute(_UNPOSTED, {"floor": floor}).one()
        if first_id is None or floor == 0 or first_id > floor + window // 2:
            oldest: datetime | None = created_at
            return oldest
        window *= 2
    return None


def dead_letters_open(connection: Connection) -> int:
    """The number of OPEN dead letters."""
    return int(connection.execute(_OPEN_DEAD_LETTERS).scalar_one())


def lease_renewals(connection: Connection) -> dict[str, datetime]:
    """When each lease or heartbeat was last renewed."""
    return {row.name: row.renewed_at for row in connection.execute(select(lease.c.name, lease.c.renewed_at))}
