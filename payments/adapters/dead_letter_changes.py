"""What happens to a stored dead letter: OPEN → REPLAYING → RESOLVED, or OPEN again; or OPEN → DISCARDED.

Every change names the states that it may start from, so that a redelivered message changes nothing a second time.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from payments.adapters import outbox_store
from payments.adapters.dead_letter_store import DeadLetter, from_row, retry_at
from payments.adapters.outbox_store import LETTER_HEADER
from payments.adapters.tables import dead_letter as table
from payments.domain.events import Aggregate

REPLAY_EVENT_TYPE: Final = "REPLAY"
UNSETTLED: Final = ("OPEN", "REPLAYING")


@dataclass(frozen=True, slots=True)
class FailedReplay:
    """A replayed letter that could not be posted again, and why."""

    letter: DeadLetter
    error_type: str
    error_message: str


_LOCK = select(table).where(table.c.id == bindparam("letter_id")).with_for_update()
_SET = update(table).where(table.c.id == bindparam("letter_id"))
_RESOLVE = (
    update(table)
    .where(table.c.id.in_(bindparam("ids", expanding=True)), table.c.state.in_(UNSETTLED))
    .values(state="RESOLVED", next_retry_at=None, updated_at=bindparam("now"))
)
_REOPEN = (
    update(table)
    .where(table.c.id == bindparam("letter_id"), table.c.state == "REPLAYING")
    .values(
        state="OPEN",
        attempts=table.c.attempts + 1,
        error_type=bindparam("new_type"),
        error_message=bindparam("new_message"),
        next_retry_at=bindparam("retry_at"),
        updated_at=bindparam("now"),
    )
)


def lock(connection: Connection, letter_id: int) -> DeadLetter | None:
    """One letter, its row locked until the caller's transaction ends; None: there is none."""
    row = connection.execute(_LOCK, {"letter_id": letter_id}).first()
    return None if row is None else from_row(row)


def start_replay(connection: Connection, letter: DeadLetter, now: datetime) -> None:
    """Hand the letter's message, as it came, to the relay. The caller has locked it and seen that it is OPEN."""
    values = {"state": "REPLAYING", "next_retry_at": None, "updated_at": now}
    connection.execute(_SET.values(values), {"letter_id": letter.letter_id})
    headers = {LETTER_HEADER: str(letter.letter_id)}
    if letter.payload_encoding is not None:
        headers[outbox_store.ENCODING_HEADER] = letter.payload_encoding
    row = outbox_store.new_row(
        Aggregate.REPLAY,
        letter.letter_id,
        REPLAY_EVENT_TYPE,
        letter.topic,
        letter.payload,
        json.dumps(headers),
        now,
    )
    outbox_store.add(connection, [row])


def discard(connection: Connection, letter_id: int, reason: str, now: datetime) -> None:
    """Put the letter away for good. The caller has locked it and seen that it is OPEN."""
    values = {"state": "DISCARDED", "discard_reason": reason, "next_retry_at": None, "updated_at": now}
    connection.execute(_SET.values(values), {"letter_id": letter_id})


def resolve(connection: Connection, letter_ids: Iterable[int], now: datetime) -> None:
    """These letters' events are posted."""
    if ids := sorted(set(letter_ids)):
        connection.execute(_RESOLVE, {"ids": ids, "now": now})


def reopen(connection: Connection, failures: Iterable[FailedReplay], now: datetime) -> None:
    """These replays failed again; each counts once, however often its message is delivered."""
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
