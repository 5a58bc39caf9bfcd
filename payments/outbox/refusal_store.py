"""Events that Kafka refuses: counted, parked, and later events of their payment held back. Operators: `parked_store`.

A transaction that holds rows back locks the rows for which they wait; one that ends the wait changes those first and
then frees the waiting rows. So no row waits for ever, whichever commits first.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select, update

from payments.outbox.lease import Lease, still_held
from payments.outbox.rules import BLOCKING, RETRYING, OutboxState
from payments.outbox.store import ERROR_LENGTH, ClaimedEvent
from payments.platform.tables.events import outbox_event as table

Aggregates = Iterable[tuple[str, int]]

_ANY = select(literal(1)).where(table.c.published.in_(BLOCKING)).limit(1)
_OF_AGGREGATES = (
    table.c.aggregate_id.in_(bindparam("aggregates", expanding=True)),
    table.c.aggregate_type == bindparam("kind"),
)
_BLOCKING = (
    # given hundreds of ids, MariaDB else reads all parked rows for each claim
    select(table.c.aggregate_type, table.c.aggregate_id, table.c.event_id)
    .with_hint(table, "FORCE INDEX (ix_outbox_aggregate)", "mysql")
    .where(*_OF_AGGREGATES, table.c.published.in_(BLOCKING))
)
_LOCK_BLOCKING = _BLOCKING.order_by(table.c.aggregate_id, table.c.event_id).with_for_update()  # as the index has them
_IDS: Any = bindparam("ids", expanding=True)
_HOLD = (
    update(table)
    .where(table.c.event_id.in_(_IDS), table.c.published == OutboxState.PENDING, still_held())
    .values(published=OutboxState.BEHIND)
)
_FREE = (
    update(table).where(*_OF_AGGREGATES, table.c.published == OutboxState.BEHIND).values(published=OutboxState.PENDING)
)
_REFUSE = (
    update(table)
    .where(table.c.event_id.in_(_IDS), table.c.published.in_(RETRYING), still_held())
    .values(
        published=bindparam("state"),
        attempts=bindparam("count"),
        last_error=bindparam("error"),
        parked_at=bindparam("at"),
    )
)
_WAITING = (
    select(table.c.aggregate_type, table.c.aggregate_id, func.count().label("events"))
    .where(*_OF_AGGREGATES, table.c.published.in_((OutboxState.PENDING, OutboxState.BEHIND)))
    .group_by(table.c.aggregate_type, table.c.aggregate_id)
)


def behind(connection: Connection, rows: Sequence[ClaimedEvent]) -> list[ClaimedEvent]:
    """Those of the rows that must wait: an event before them, of the same aggregate, is refused or parked."""
    if connection.execute(_ANY).first() is None:
        return []
    return _behind(connection, rows, _BLOCKING)


def hold(connection: Connection, rows: Sequence[ClaimedEvent], lease: Lease) -> int:
    """Hold back rows that still have to wait, under the relay's lease; returns how many."""
    waiting = [row.event_id for row in _behind(connection, rows, _LOCK_BLOCKING)]
    return connection.execute(_HOLD, {**lease.parameters(), "ids": waiting}).rowcount if waiting else 0


def refuse(
    connection: Connection, ids: Iterable[int], error: str, attempts: int, parked_at: datetime | None, lease: Lease
) -> int:
    """Store that Kafka refused these events, now `attempts` times; park them when `parked_at` is given.

    Returns how many; 0: the lease may be lost.
    """
    state = OutboxState.REFUSED if parked_at is None else OutboxState.PARKED
    values = {"ids": list(ids), "error": error[:ERROR_LENGTH], "count": attempts, "state": state, "at": parked_at}
    return connection.execute(_REFUSE, {**lease.parameters(), **values}).rowcount


def free(connection: Connection, aggregates: Aggregates) -> None:
    """Let events behind those of these aggregates be claimed again; the caller has changed the latter before."""
    for kind, ids in _by_kind(aggregates).items():
        connection.execute(_FREE, {"kind": kind, "aggregates": ids})


def waiting(connection: Connection, aggregates: Aggregates) -> dict[tuple[str, int], int]:
    """How many events of these aggregates are neither published nor refused."""
    counts = {}
    for kind, ids in _by_kind(aggregates).items():
        rows = connection.execute(_WAITING, {"kind": kind, "aggregates": ids})
        counts.update({(row.aggregate_type, row.aggregate_id): row.events for row in rows})
    return counts


def _behind(connection: Connection, rows: Sequence[ClaimedEvent], blocking: Any) -> list[ClaimedEvent]:
    first: dict[tuple[str, int], int] = {}
    for kind, ids in _by_kind(row.aggregate for row in rows).items():
        for row in connection.execute(blocking, {"kind": kind, "aggregates": ids}):
            aggregate = (row.aggregate_type, row.aggregate_id)
            first[aggregate] = min(row.event_id, first.get(aggregate, row.event_id))
    return [row for row in rows if first.get(row.aggregate, row.event_id) < row.event_id]


def _by_kind(aggregates: Aggregates) -> dict[str, list[int]]:
    """Ids by aggregate type, ascending, without duplicates."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for kind, aggregate_id in aggregates:
        found[kind].add(aggregate_id)
    return {kind: sorted(ids) for kind, ids in sorted(found.items())}
