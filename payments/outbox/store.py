"""The outbox: events, stored in the transaction of their change, which the relay publishes.

Events that Kafka refuses are in `refusal_store`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, bindparam, false, or_, select, update

from payments.outbox.lease import Lease, still_held
from payments.outbox.rules import RETRYING, TOPICS, Aggregate, OutboxState, PaymentEvent
from payments.platform.tables.events import outbox_event as table
from payments.platform.writing import Insert, as_text, write_in_parts


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One stored event, as readers and operators see it. `payload` has no eventId yet."""

    event_id: int
    aggregate_type: str
    aggregate_id: int
    event_type: str
    topic: str
    payload: str
    headers: dict[str, str]
    created_at: datetime
    published_at: datetime | None
    state: OutboxState = OutboxState.PENDING
    attempts: int = 0
    request_id: str | None = None
    trace_id: str | None = None


class ClaimedEvent(NamedTuple):
    """One event as the relay publishes it. `payload` has no eventId yet."""

    event_id: int
    aggregate_type: str
    aggregate_id: int
    event_type: str
    topic: str
    payload: str
    headers: dict[str, str]
    attempts: int = 0
    state: OutboxState = OutboxState.PENDING

    @property
    def aggregate(self) -> tuple[str, int]:
        """(type, id) of the aggregate, whose events are published in order."""
        return (self.aggregate_type, self.aggregate_id)


class Origin(NamedTuple):
    """The request and the trace that an event comes from; empty where there was none."""

    request_id: str = ""
    trace_id: str = ""


NO_ORIGIN: Final = Origin()
DEAD_LETTER_HEADER: Final = "deadLetterId"
"""The header, stored and published, with the dead letter of which an event is a replay."""
ENCODING_HEADER: Final = "payloadEncoding"
"""The stored header of a replay whose payload is in base64; the message has the bytes and not this header."""


def by_state(query: Any) -> Any:
    """The query with a hint for the index on state and id: else MariaDB may read the whole outbox in id order."""
    return query.with_hint(table, "FORCE INDEX (ix_outbox_published)", "mysql")


_COLUMNS: Final = (
    "aggregate_type",
    "aggregate_id",
    "event_type",
    "topic",
    "payload",
    "headers",
    "created_at",
    "published",
    "attempts",
    "request_id",
    "trace_id",
    "created_hour",
)
_CLAIM = by_state(
    select(  # what is published, and nothing else: the driver takes each value apart in Python
        table.c.event_id,
        table.c.aggregate_type,
        table.c.aggregate_id,
        table.c.event_type,
        table.c.topic,
        table.c.payload,
        table.c.headers,
        table.c.attempts,
    )
    .where(table.c.published == bindparam("state"))
    .order_by(table.c.event_id)
    .limit(bindparam("limit"))
)
_OF_PAYMENT = (
    select(table)
    .where(table.c.aggregate_id == bindparam("payment_id"), table.c.aggregate_type == Aggregate.PAYMENT.value)
    .order_by(table.c.event_id)
)
_BY_IDS = select(table).where(
    table.c.event_id.in_(bindparam("ids", expanding=True)), table.c.aggregate_type == Aggregate.PAYMENT.value
)
_MARK = (
    update(table)
    .where(still_held(), table.c.published.in_(RETRYING))
    .values(published=OutboxState.PUBLISHED, published_at=bindparam("now"))
)
_NOTE_FAILURE = (
    update(table)
    .where(
        table.c.event_id.in_(bindparam("ids", expanding=True)),
        still_held(),
        table.c.published == OutboxState.PENDING,
    )
    .values(attempts=table.c.attempts + 1, last_error=bindparam("error"))
)
ERROR_LENGTH: Final = 1000
"""Characters of an error that are stored."""


def from_row(row: Row[Any]) -> OutboxRow:
    """An event from its whole row."""
    return OutboxRow(
        row.event_id,
        row.aggregate_type,
        row.aggregate_id,
        row.event_type,
        row.topic,
        row.payload,
        _headers(row.headers),
        row.created_at,
        row.published_at,
        OutboxState(row.published),
        row.attempts,
        row.request_id,
        row.trace_id,
    )


def _headers(text: str) -> dict[str, str]:
    """No headers for a malformed text: one such row must not stop the claims of all others."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def hour_of(at: datetime) -> int:
    """Hours since 1970 (UTC), as in the column created_hour."""
    return int(at.timestamp()) // 3600


def new_row(
    aggregate: Aggregate,
    aggregate_id: int,
    event_type: str,
    topic: str,
    payload: str,
    headers: str,
    now: datetime,
    origin: Origin = NO_ORIGIN,
) -> tuple[Any, ...]:
    """A PENDING row; `headers` is a JSON object of strings."""
    made_by = (origin.request_id or None, origin.trace_id or None, hour_of(now))
    return (aggregate.value, aggregate_id, event_type, topic, payload, headers, as_text(now), 0, 0, *made_by)


def addition(rows: Sequence[tuple[Any, ...]]) -> Insert:
    """An Insert of rows made by `new_row`, in order."""
    return Insert(table.name, _COLUMNS, rows)


def event_row(event: PaymentEvent, headers: str, origin: Origin = NO_ORIGIN) -> tuple[Any, ...]:
    """The row of a payment's event; `headers` is a JSON object of strings."""
    topic, payload = TOPICS[event.event_type], event.payload()
    kind, at = event.event_type.value, event.occurred_at
    return new_row(Aggregate.PAYMENT, event.payment_id, kind, topic, payload, headers, at, origin)


def add(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store rows made by `new_row` or `event_row`, in their order; also large ones."""
    write_in_parts(connection, addition(rows))


def pending(connection: Connection, limit: int) -> list[ClaimedEvent]:
    """The oldest unpublished events by id. Never from a remembered id: ids are given before commit."""
    return claim(connection, OutboxState.PENDING, limit)


def claim(connection: Connection, state: OutboxState, limit: int) -> list[ClaimedEvent]:
    """The oldest events in this state, by id."""
    found = connection.execute(_CLAIM, {"state": state, "limit": limit})
    return [
        ClaimedEvent(event_id, kind, aggregate_id, event_type, topic, payload, _headers(headers), attempts, state)
        for event_id, kind, aggregate_id, event_type, topic, payload, headers, attempts in found
    ]


def of_payment(connection: Connection, payment_id: int) -> list[OutboxRow]:
    """A payment's own events, oldest first."""
    return [from_row(row) for row in connection.execute(_OF_PAYMENT, {"payment_id": payment_id})]


def payment_events(connection: Connection, ids: Iterable[int]) -> dict[int, OutboxRow]:
    """The payment events with these ids; others (dead letters, replays) are absent."""
    return {row.event_id: from_row(row) for row in connection.execute(_BY_IDS, {"ids": list(ids)})}


def mark_published(connection: Connection, ids: Iterable[int], now: datetime, lease: Lease) -> int:
    """Mark confirmed events as published, under the relay's lease; returns how many. 0: the lease may be lost."""
    those = or_(false(), *(table.c.event_id.between(first, last) for first, last in runs(ids)))
    return connection.execute(_MARK.where(those), {**lease.parameters(), "now": now}).rowcount


def runs(ids: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of ids without a gap: between them is nothing but those ids."""
    found: list[tuple[int, int]] = []
    for each in sorted(ids):
        if found and each == found[-1][1] + 1:
            found[-1] = (found[-1][0], each)
        else:
            found.append((each, each))
    return found


def note_failure(connection: Connection, ids: Iterable[int], error: str, lease: Lease) -> int:
    """Store a failed attempt of unconfirmed events, under the lease; returns how many. 0: the lease may be lost."""
    values = {**lease.parameters(), "ids": list(ids), "error": error[:ERROR_LENGTH]}
    return connection.execute(_NOTE_FAILURE, values).rowcount
