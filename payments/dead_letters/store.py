"""Dead letters: messages that could not be posted. Storing one also announces it on `payment.dlq`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, literal, null, select, tuple_

from payments.dead_letters.rules import retry_delay
from payments.outbox import store as outbox_store
from payments.outbox.rules import DEAD_LETTER_TOPIC, Aggregate, format_time
from payments.platform.states import DeadLetterState
from payments.platform.tables.dead_letters import dead_letter as table

EVENT_TYPE: Final = "DEAD_LETTER"
LARGEST_ANNOUNCEMENT: Final = 950_000
"""Bytes. Brokers accept 1 MiB by default, and a message that none accepts would block the whole outbox."""
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_EPOCH: Final = datetime.fromtimestamp(0, UTC)

Source = tuple[str, str, int, int, int]
"""Where a message was: cluster id, topic, partition, offset, broker's timestamp (ms since 1970)."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that could not be posted.

    `payload` is its text, or base64 where `payload_encoding` says so; `message_key` likewise (None: none, or too long).
    `headers` is the JSON text of `kept_message`; None for dead letters older than the column. `attempts` counts
    the times that posting failed. `timestamp` is the broker's, in ms since 1970. One that is not stored yet has id 0.
    """

    cluster_id: str
    topic: str
    partition: int
    offset: int
    timestamp: int
    payload: str
    payload_encoding: str | None
    message_key: str | None
    error_type: str
    error_message: str
    letter_id: int = 0
    state: str = DeadLetterState.OPEN
    attempts: int = 1
    discard_reason: str | None = None
    created_at: datetime = _EPOCH
    updated_at: datetime = _EPOCH
    next_retry_at: datetime | None = None
    message_key_encoding: str | None = None
    headers: str | None = None

    @property
    def source(self) -> Source:
        """Where the message was read; unique."""
        return (self.cluster_id, self.topic, self.partition, self.offset, self.timestamp)

    @property
    def too_large(self) -> bool:
        """Whether a broker may refuse the message: then it is not replayed, because it would block the outbox."""
        return len(self.payload.encode()) * (3 if self.payload_encoding else 4) > LARGEST_ANNOUNCEMENT * 4

    def announcement(self, at: datetime) -> str:
        """The value on `payment.dlq`: `at` is when posting failed.

        JSON can double a text; where that is more than a broker accepts, the payload is cut and marked as truncated.
        """
        members: dict[str, Any] = {
            "originalTopic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "payload": self.payload,
        }
        if self.payload_encoding is not None:
            members["payloadEncoding"] = self.payload_encoding
        members["errorType"] = self.error_type
        members["errorMessage"] = self.error_message
        members["timestamp"] = format_time(at)
        while len((text := _encode(members)).encode()) > LARGEST_ANNOUNCEMENT:
            kept = len(members["payload"]) * 3 // 4
            members["payload"] = self.payload[: kept - kept % 4]  # whole groups of four, as base64 needs them
            members["payloadTruncated"] = True
        return text


_COLUMN: Final = {
    "letter_id": "id",
    "topic": "original_topic",
    "partition": "partition_no",
    "offset": "offset_no",
    "timestamp": "broker_timestamp",
}
"""Field → column, where their names differ."""
_SOURCE = (
    table.c.cluster_id,
    table.c.original_topic,
    table.c.partition_no,
    table.c.offset_no,
    table.c.broker_timestamp,
)
_KNOWN = select(table.c.id, *_SOURCE).where(tuple_(*_SOURCE).in_(bindparam("sources", expanding=True)))
TEXT_READ: Final = 300
_LEFT_OUT = {
    "payload": literal(""),
    "payload_encoding": null(),
    "message_key": null(),
    "message_key_encoding": null(),
    "headers": null(),
}
_CUT = ("error_message", "discard_reason")
_SUMMARY = [
    _LEFT_OUT[column.name].label(column.name)
    if column.name in _LEFT_OUT
    else func.substr(column, 1, TEXT_READ).label(column.name)
    if column.name in _CUT
    else column
    for column in table.c
]
_INSERT = insert(table)
_GET = select(table).where(table.c.id == bindparam("letter_id"))
_BY_IDS = select(table).where(table.c.id.in_(bindparam("ids", expanding=True)))
_NEWEST = select(func.max(table.c.id))
_DUE = (
    select(table.c.id)
    .where(table.c.state == DeadLetterState.OPEN, table.c.next_retry_at <= bindparam("now"))
    .order_by(table.c.next_retry_at)
    .limit(bindparam("limit"))
)


def add(connection: Connection, letters: Iterable[DeadLetter], now: datetime) -> list[DeadLetter]:
    """Store the dead letters whose source is new, each with its event for `payment.dlq`; returns those.

    Raises sqlalchemy IntegrityError when another consumer stores one of them at the same time: roll back and retry.
    """
    by_source = {letter.source: letter for letter in letters}
    known = _ids(connection, by_source)
    new = [letter for source, letter in by_source.items() if source not in known]
    if not new:
        return []
    connection.execute(_INSERT, [row_values(letter, now) for letter in new])
    ids = _ids(connection, [letter.source for letter in new])
    outbox_store.add(
        connection,
        [
            outbox_store.new_row(
                Aggregate.DEAD_LETTER,
                ids[letter.source],
                EVENT_TYPE,
                DEAD_LETTER_TOPIC,
                letter.announcement(now),
                "{}",
                now,
            )
            for letter in new
        ],
    )
    return new


def get(connection: Connection, letter_id: int) -> DeadLetter | None:
    """One dead letter, or None."""
    row = connection.execute(_GET, {"letter_id": letter_id}).first()
    return None if row is None else from_row(row)


def by_ids(connection: Connection, ids: Iterable[int]) -> dict[int, DeadLetter]:
    """Dead letters by id; unknown ids are absent."""
    return {row.id: from_row(row) for row in connection.execute(_BY_IDS, {"ids": list(ids)})}


def page(
    connection: Connection,
    *,
    topic: str | None,
    error_type: str | None,
    state: str | None,
    before: int | None,
    limit: int,
) -> list[DeadLetter]:
    """Dead letters, newest first: at most `limit`, with ids smaller than `before`; None filters nothing.

    Their payloads, keys and headers are not read (empty, None); of other texts only the first TEXT_READ characters.
    """
    query = _only(select(*_SUMMARY), topic, error_type, state)
    if before is not None:
        query = query.where(table.c.id < before)
    return [from_row(row) for row in connection.execute(query.order_by(table.c.id.desc()).limit(limit))]


def of_key(connection: Connection, key: str, limit: int) -> list[DeadLetter]:
    """The newest `limit` dead letters whose message had this key, read as in `page`."""
    query = select(*_SUMMARY).where(table.c.message_key == key).order_by(table.c.id.desc()).limit(limit)
    rows = connection.execute(query.with_hint(table, "FORCE INDEX (ix_dead_letter_key)", "mysql"))
    return [from_row(row) for row in rows]


def open_ids(
    connection: Connection, *, topic: str | None, error_type: str | None, after: int, until: int, limit: int
) -> list[int]:
    """Ids of OPEN dead letters, oldest first: at most `limit`, in (after, until]; None filters nothing."""
    query = _only(select(table.c.id), topic, error_type, DeadLetterState.OPEN).where(
        table.c.id > after, table.c.id <= until
    )
    return list(connection.execute(query.order_by(table.c.id).limit(limit)).scalars())


def newest_id(connection: Connection) -> int:
    """The id of the newest dead letter; 0: there is none."""
    return connection.execute(_NEWEST).scalar() or 0


def due(connection: Connection, now: datetime, limit: int) -> list[int]:
    """Ids of OPEN dead letters whose automatic retry is due, the longest due first."""
    return list(connection.execute(_DUE, {"now": now, "limit": limit}).scalars())


def retry_at(letter: DeadLetter, error_type: str, attempts: int, now: datetime) -> datetime | None:
    """When the dead letter is retried automatically after failure number `attempts`, at `now`; None: never."""
    delay = None if letter.too_large else retry_delay(error_type, attempts)
    return None if delay is None else now + delay


def _only(query: Select[Any], topic: str | None, error_type: str | None, state: str | None) -> Select[Any]:
    for column, wanted in ((table.c.original_topic, topic), (table.c.error_type, error_type), (table.c.state, state)):
        if wanted is not None:
            query = query.where(column == wanted)
    return query


def _ids(connection: Connection, sources: Iterable[Source]) -> dict[Source, int]:
    rows = connection.execute(_KNOWN, {"sources": sorted(sources)})
    return {(r.cluster_id, r.original_topic, r.partition_no, r.offset_no, r.broker_timestamp): r.id for r in rows}


def row_values(letter: DeadLetter, now: datetime) -> dict[str, Any]:
    """The values of a new dead letter's row, by column."""
    values = {_COLUMN.get(field.name, field.name): getattr(letter, field.name) for field in fields(letter)}
    del values["id"]
    next_retry_at = retry_at(letter, letter.error_type, letter.attempts, now)
    return {**values, "created_at": now, "updated_at": now, "next_retry_at": next_retry_at}


def from_row(row: Row[Any]) -> DeadLetter:
    """A dead letter from its whole row."""
    return DeadLetter(**{field.name: getattr(row, _COLUMN.get(field.name, field.name)) for field in fields(DeadLetter)})
