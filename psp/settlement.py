"""Settlement files: what moved on one day (UTC) by the simulator's clock. A file never changes, for its day is over.

Columns carry the signs: gross is negative in a refund, fee is what the acquirer keeps, net = gross − fee.
"""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Final

from psp import answers, clock
from psp.answers import Answer
from psp.clock import Clock

COLUMNS: Final = (
    *("record", "number", "reference", "id", "kind", "authorization", "at"),
    *("currency", "gross", "fee", "net"),
)
PAGE: Final = 5000
"""Movements that are read at once."""
_PAGE: Final = (
    "SELECT m.id AS movement, m.gross, m.fee, m.net, o.* FROM movement m JOIN operation o ON o.reference = m.reference"
    " WHERE m.day = ? AND m.id > ? ORDER BY m.id LIMIT ?"
)
Read = Callable[[Callable[[], list[sqlite3.Row]]], list[sqlite3.Row]]
"""Runs a query where it keeps nobody waiting."""


def close(connection: sqlite3.Connection, clock_: Clock, day: date, now: int) -> Answer:
    """Whether a day can be handed out. From then on the clock cannot go back into it."""
    if clock.day_of(now) <= day:
        return answers.refusal("NOT_FINAL", f"{day} is not over yet: it is {clock.iso(now)}.")
    clock_.raise_floor(connection, clock.end_of(day))
    return Answer("SETTLED", 200, None)


def lines(connection: sqlite3.Connection, day: date, read: Read) -> Iterator[str]:
    """The file of a day that is over: header, movements, a total for each currency, the number of movements.

    The last line has the day, too: no two days have the same bytes, also when nothing has moved.
    """
    yield _line(*COLUMNS)
    totals: dict[str, list[int]] = {}
    count, last = 0, 0
    while True:
        rows = read(partial(_page, connection, day, last))
        text = []
        for row in rows:
            count, last = count + 1, row["movement"]
            total = totals.setdefault(row["currency"], [0, 0, 0, 0])
            for place, value in enumerate((1, row["gross"], row["fee"], row["net"])):
                total[place] += value
            text.append(_movement(count, row))
        yield "".join(text)
        if len(rows) < PAGE:
            break
    for currency, (number, gross, fee, net) in sorted(totals.items()):
        yield _line("total", number, *[""] * 5, currency, gross, fee, net)
    yield _line("end", count, *[""] * 4, day.isoformat(), *[""] * 4)


def _page(connection: sqlite3.Connection, day: date, after: int) -> list[sqlite3.Row]:
    return connection.execute(_PAGE, (day.isoformat(), after, PAGE)).fetchall()


def _movement(number: int, row: sqlite3.Row) -> str:
    moment = clock.iso(row["decided_at"])
    named = (row["reference"], row["id"], row["kind"], row["authorization"], moment)
    return _line("movement", number, *named, row["currency"], row["gross"], row["fee"], row["net"])


def _line(*cells: object) -> str:
    # No cell needs quotes, and none begins as a formula does: references begin with a letter or a digit.
    return ",".join(map(str, cells)) + "\r\n"
