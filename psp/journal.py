"""The journal: each request of the acquirer's API, what came of it, and what is true of its reference now."""

import json
import sqlite3
from typing import Any, Final

from typing_extensions import TypedDict

from psp import answers
from psp.clock import iso
from psp.faults import Hit

LONGEST_PAGE: Final = 500
_SELECT: Final = (
    "SELECT j.seq, j.at, j.kind AS asked, j.reference AS named, j.request, j.fault, j.outcome, j.status, o.*"
    " FROM journal j LEFT JOIN operation o ON o.reference = j.reference WHERE "
)
_OF_REFERENCE: Final = "j.reference = :reference AND "  # in queries of its own, so that SQLite takes the index
_OLDEST: Final = "j.seq > :after ORDER BY j.seq LIMIT :limit"
_NEWEST: Final = "j.seq < :after ORDER BY j.seq DESC LIMIT :limit"
_BEYOND: Final = 2**63 - 1


class Entry(TypedDict):
    """One request. `outcome` and `status` are null while it waits, and for ever when the simulator died meanwhile.

    `operation` is the truth: the operation of its reference as it is now, null when there is none.
    """

    seq: int
    at: str
    kind: str
    reference: str | None
    request: dict[str, Any] | None
    fault: str | None
    outcome: str | None
    status: int | None
    operation: answers.Operation | None


class JournalPage(TypedDict):
    """Entries in the order of their seq; `next` is the `after` of the next page, null at the end."""

    entries: list[Entry]
    next: int | None


def receive(
    connection: sqlite3.Connection, now: int, kind: str, reference: str | None, request: dict[str, Any] | None
) -> tuple[int, int]:
    """Note a request. Returns its seq, and the how manieth of its kind and reference it is."""
    seq = connection.execute(
        "INSERT INTO journal (at, kind, reference, request) VALUES (?, ?, ?, ?) RETURNING seq",
        (now, kind, reference, None if request is None else json.dumps(request)),
    ).fetchone()["seq"]
    if reference is None:  # each is the first of its kind and seq
        return seq, seq
    counted = connection.execute(
        "SELECT count(*) AS number FROM journal WHERE reference = ? AND kind = ?", (reference, kind)
    ).fetchone()
    return seq, counted["number"]


def finish(connection: sqlite3.Connection, seq: int, hit: Hit, answer: answers.Answer) -> None:
    """Note what came of it: the outcome is the true one, the status is what a faultless answer has."""
    fault = hit.fault or ("latency" if hit.delay else None)
    connection.execute(
        "UPDATE journal SET fault = ?, outcome = ?, status = ? WHERE seq = ?",
        (fault, answer.outcome, answer.status, seq),
    )


def page(connection: sqlite3.Connection, reference: str | None, after: int, limit: int, *, newest: bool) -> JournalPage:
    """At most `limit` entries after seq `after` (`newest`: before it, unless it is 0), of one reference or all."""
    query = _SELECT + (_OF_REFERENCE if reference is not None else "") + (_NEWEST if newest else _OLDEST)
    after = after or (_BEYOND if newest else 0)
    rows = connection.execute(query, {"reference": reference, "after": after, "limit": limit + 1}).fetchall()
    entries = [_entry(row) for row in rows[:limit]]
    return {"entries": entries, "next": entries[-1]["seq"] if len(rows) > limit else None}


def _entry(row: sqlite3.Row) -> Entry:
    return {
        "seq": row["seq"],
        "at": iso(row["at"]),
        "kind": row["asked"],
        "reference": row["named"],
        "request": None if row["request"] is None else json.loads(row["request"]),
        "fault": row["fault"],
        "outcome": row["outcome"],
        "status": row["status"],
        "operation": None if row["id"] is None else answers.operation(row),
    }
