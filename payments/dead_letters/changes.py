"""State changes of a dead letter: OPEN → REPLAYING → RESOLVED, or OPEN again; or OPEN → DISCARDED.

Every change requires its start state, so that a redelivered message has no effect a second time.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from payments.dead_letters.kept_message import headers_from_text
from payments.dead_letters.store import DeadLetter, from_row, retry_at
from payments.outbox import store as outbox_store
from payments.outbox.rules import Aggregate
from payments.outbox.store import DEAD_LETTER_HEADER
from payments.platform.states import DeadLetterState
from payments.platform.tables.dead_letters import dead_letter as table
from payments.platform.tracing import trace

REPLAY_EVENT_TYPE: Final = "REPLAY"
KEY: Final = "messageKey"
KEY_ENCODING: Final = "messageKeyEncoding"
HEADERS: Final = "messageHeaders"
"""Outbox headers of a replay: key and headers of the original message, as the dead letter stores them."""
UNSETTLED: Final = (DeadLetterState.OPEN, DeadLetterState.REPLAYING)


@dataclass(frozen=True, slots=True)
class FailedReplay:
    """A replayed dead letter that could not be posted again, and why."""

    letter: DeadLetter
    error_type: str
    error_message: str


_LOCK = select(table).where(table.c.id == bindparam("letter_id")).with_for_update()
_LOCK_OR_SKIP = select(table).where(table.c.id == bindparam("letter_id")).with_for_update(skip_locked=True)
_LOCK_MANY = (
    select(table.c.id, table.c.state, table.c.attempts)
    .where(table.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(table.c.id)
    .with_for_update()
)
_SET = update(table).where(table.c.id == bindparam("letter_id"))
_PUT_OFF = _SET.where(table.c.state == DeadLetterState.OPEN, table.c.next_retry_at < bindparam("until")).values(
    next_retry_at=bindparam("until")
)
_RESOLVE = (
    update(table)
    .where(table.c.id.in_(bindparam("ids", expanding=True)), table.c.state.in_(UNSETTLED))
    .values(state=DeadLetterState.RESOLVED, next_retry_at=None, updated_at=bindparam("now"))
)
_REOPEN = (
    update(table)
    .where(table.c.id == bindparam("letter_id"), table.c.state == DeadLetterState.REPLAYING)
    .values(
        state=DeadLetterState.OPEN,
        attempts=table.c.attempts + 1,
        error_type=bindparam("new_type"),
        error_message=bindparam("new_message"),
        next_retry_at=bindparam("retry_at"),
        updated_at=bindparam("now"),
    )
)


def lock(connection: Connection, letter_id: int, *, wait: bool = True) -> DeadLetter | None:
    """A dead letter, its row locked until the caller's transaction ends; None: not found.

    Without `wait` also None when another transaction has locked it.
    """
    row = connection.execute(_LOCK if wait else _LOCK_OR_SKIP, {"letter_id": letter_id}).first()
    return None if row is None else from_row(row)


def lock_as_they_are(connection: Connection, letters: Iterable[DeadLetter]) -> dict[int, DeadLetter]:
    """These dead letters as they are now, by id, locked until the caller's transaction ends."""
    read = {letter.letter_id: letter for letter in letters}
    rows = connection.execute(_LOCK_MANY, {"ids": sorted(read)}) if read else ()
    return {row.id: replace(read[row.id], state=row.state, attempts=row.attempts) for row in rows}


def start_replay(connection: Connection, letter: DeadLetter, now: datetime) -> None:
    """Let the relay publish the original message again. The caller has locked the row and checked that it is OPEN."""
    values = {"state": DeadLetterState.REPLAYING, "next_retry_at": None, "updated_at": now}
    connection.execute(_SET.values(values), {"letter_id": letter.letter_id})
    row = outbox_store.new_row(
        Aggregate.REPLAY,
        letter.letter_id,
        REPLAY_EVENT_TYPE,
        letter.topic,
        letter.payload,
        json.dumps(_instructions(letter), ensure_ascii=False),
        now,
    )
    outbox_store.add(connection, [row])


def _instructions(letter: DeadLetter) -> dict[str, str]:
    """The outbox headers of a replay, from which the relay builds the message; all values are strings."""
    parts = {
        DEAD_LETTER_HEADER: str(letter.letter_id),
        outbox_store.ENCODING_HEADER: letter.payload_encoding,
        KEY: letter.message_key,
        KEY_ENCODING: letter.message_key_encoding,
        HEADERS: letter.headers,
        trace.HEADER: _traceparent(letter),
    }
    return {name: text for name, text in parts.items() if text is not None}


def _traceparent(letter: DeadLetter) -> str | None:
    for name, value in headers_from_text(letter.headers or "[]"):
        if name == trace.HEADER and value is not None:
            text = value.decode("latin-1")
            return text if trace.is_valid(text) else None
    return None


def discard(connection: Connection, letter_id: int, reason: str, now: datetime) -> None:
    """Discard a dead letter. The caller has locked it and checked that it is OPEN."""
    values = {"state": DeadLetterState.DISCARDED, "discard_reason": reason, "next_retry_at": None, "updated_at": now}
    connection.execute(_SET.values(values), {"letter_id": letter_id})


def put_off(connection: Connection, letter_id: int, until: datetime) -> None:
    """Retry an OPEN dead letter that is due no earlier than `until`."""
    connection.execute(_PUT_OFF, {"letter_id": letter_id, "until": until})


def resolve(connection: Connection, letter_ids: Iterable[int], now: datetime) -> None:
    """Mark dead letters as RESOLVED: their events are posted."""
    if ids := sorted(set(letter_ids)):
        connection.execute(_RESOLVE, {"ids": ids, "now": now})


def reopen(connection: Connection, failures: Iterable[FailedReplay], now: datetime) -> None:
    """Set failed replays to OPEN again; each counts once, however often its message is delivered."""
    rows = [
        {
            "letter_id": failed.letter.letter_id,
            "new_type": failed.error_type,
            "new_message": failed.error_message,
            "retry_at": retry_at(failed.letter, failed.error_type, failed.letter.attempts + 1, now),
            "now": now,
        }
        for failed in sorted(failures, key=lambda failed: failed.letter.letter_id)
    ]
    if rows:
        connection.execute(_REOPEN, rows)
