"""Events for the caller: stored with what they tell, signed when they are sent. Sends nothing itself."""

import hmac
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final

from typing_extensions import TypedDict

from psp import answers
from psp.cards import TokenKind
from psp.clock import SECOND, iso
from psp.operations import Kind, State

SIGNATURE: Final = "PSP-Signature"
EVENT_ID: Final = "PSP-Event-Id"
DISPUTED_AFTER: Final = 24 * 3600 * SECOND
"""By the simulator's clock, after the capture of a token of kind dispute_later."""
MOST_ATTEMPTS: Final = 12
_FIRST_PAUSE, _LONGEST_PAUSE = 1, 300
"""Seconds before the second attempt, doubled for each further one."""


@dataclass(frozen=True, slots=True)
class Sending:
    """An event to be sent now, `copies` times."""

    seq: int
    id: str
    body: str
    copies: int


class ShownEvent(TypedDict):
    """An event and what has become of it. `lastAnswer`: the receiver's status, or why there was none."""

    seq: int
    id: str
    body: dict[str, Any]
    state: str
    copies: int
    attempts: int
    lastAnswer: str | None


class EventPage(TypedDict):
    """Events in the order of their seq; `next` is the `after` of the next page, null at the end."""

    events: list[ShownEvent]
    next: int | None


def add(connection: sqlite3.Connection, row: sqlite3.Row, token: TokenKind | None, now: int, copies: int) -> None:
    """The events that follow from a decided operation. `token`: the kind of its authorization's token."""
    _add(connection, f"{row['kind']}.{row['state'].lower()}", row, now, now, copies)
    captured = row["kind"] == Kind.CAPTURE and row["state"] == State.APPROVED
    if captured and token is TokenKind.DISPUTE_LATER:
        _add(connection, "dispute.opened", row, now + DISPUTED_AFTER, now + DISPUTED_AFTER, 1)


def claim(connection: sqlite3.Connection, now: int, machine: int, limit: int) -> list[Sending]:
    """Events whose time has come, by the simulator's clock and, after a failed attempt, by the machine's."""
    rows = connection.execute(
        "SELECT seq, id, body, copies FROM event WHERE state = 'PENDING' AND due_at <= ? AND next_at <= ?"
        " ORDER BY seq LIMIT ?",
        (now, machine, limit),
    ).fetchall()
    return [Sending(*row) for row in rows]


def note(connection: sqlite3.Connection, sent: Sequence[tuple[Sending, bool, str]], machine: int) -> None:
    """(event, whether it was taken, the answer): a taken one is done, another waits longer each time."""
    for event, taken, answer in sent:
        attempts = 1 + int(
            connection.execute("SELECT attempts FROM event WHERE seq = ?", (event.seq,)).fetchone()["attempts"]
        )
        state = "DELIVERED" if taken else "GIVEN_UP" if attempts >= MOST_ATTEMPTS else "PENDING"
        pause = min(_FIRST_PAUSE << (attempts - 1), _LONGEST_PAUSE) * SECOND
        connection.execute(
            "UPDATE event SET state = ?, attempts = ?, next_at = ?, last_answer = ? WHERE seq = ?",
            (state, attempts, machine + pause, answer, event.seq),
        )


def page(connection: sqlite3.Connection, after: int, limit: int) -> EventPage:
    """At most `limit` events after seq `after`."""
    rows = connection.execute("SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit + 1)).fetchall()
    events = [_shown(row) for row in rows[:limit]]
    return {"events": events, "next": events[-1]["seq"] if len(rows) > limit else None}


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The value of PSP-Signature: `t=TIMESTAMP,v1=` and the HMAC-SHA256 (hex) of `TIMESTAMP.BODY`."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return f"t={timestamp},v1={signed}"


def _shown(row: sqlite3.Row) -> ShownEvent:
    return {
        "seq": row["seq"],
        "id": row["id"],
        "body": json.loads(row["body"]),
        "state": row["state"],
        "copies": row["copies"],
        "attempts": row["attempts"],
        "lastAnswer": row["last_answer"],
    }


def _add(connection: sqlite3.Connection, kind: str, row: sqlite3.Row, at: int, due_at: int, copies: int) -> None:
    event = f"evt_{token_hex(12)}"
    body = {"id": event, "type": kind, "createdAt": iso(at), "operation": answers.operation(row)}
    connection.execute(
        "INSERT INTO event (id, body, copies, due_at) VALUES (?, ?, ?, ?)", (event, json.dumps(body), copies, due_at)
    )
