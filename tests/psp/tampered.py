"""Settlement files of the simulator that are wrong: its own writer, over movements that a test has changed."""

import sqlite3
from datetime import date
from typing import Final, NamedTuple

from psp import settlement

_LOOSE: Final = """
CREATE TABLE loose (
  id INTEGER PRIMARY KEY, reference TEXT NOT NULL, day TEXT NOT NULL, gross INTEGER NOT NULL, fee INTEGER NOT NULL,
  net INTEGER NOT NULL
) STRICT;
INSERT INTO loose SELECT * FROM movement;
DROP TABLE movement;
ALTER TABLE loose RENAME TO movement;
CREATE INDEX movement_reference ON movement (reference);
CREATE INDEX movement_day ON movement (day, id);
"""
"""The table of movements, without what keeps it right: a reference may come twice."""


class Moved(NamedTuple):
    """A line as it is in the file."""

    reference: str
    kind: str
    currency: str
    gross: int
    fee: int
    net: int


class Tampered:
    """One simulator's file. What is changed here changes files alone: what the acquirer decides stays right."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """`connection`: of the file that the simulator writes."""
        self._connection = connection
        connection.executescript(_LOOSE)

    def amount(self, reference: str, more: int) -> None:
        """Another gross."""
        self._change("UPDATE movement SET gross = gross + ?, net = net + ? WHERE reference = ?", more, more, reference)

    def sign(self, reference: str) -> None:
        """The other sign."""
        self._change("UPDATE movement SET gross = -gross, net = -gross - fee WHERE reference = ?", reference)

    def fee(self, reference: str, more: int) -> None:
        """Another fee."""
        self._change("UPDATE movement SET fee = fee + ?, net = net - ? WHERE reference = ?", more, more, reference)

    def currency(self, reference: str, other: str) -> None:
        """Another currency."""
        self._change("UPDATE operation SET currency = ? WHERE reference = ?", other, reference)

    def kind(self, reference: str) -> None:
        """A refund as a capture, and the other way round; the sign stays."""
        self._change(
            "UPDATE operation SET kind = iif(kind = 'capture', 'refund', 'capture') WHERE reference = ?", reference
        )

    def twice(self, reference: str, day: date) -> None:
        """A second line, in the file of that day."""
        self._change(
            "INSERT INTO movement (reference, day, gross, fee, net)"
            " SELECT reference, ?, gross, fee, net FROM movement WHERE reference = ?",
            *(day.isoformat(), reference),
        )

    def drop(self, reference: str) -> None:
        """No line."""
        self._change("DELETE FROM movement WHERE reference = ?", reference)

    def put_off(self, reference: str, day: date) -> None:
        """In the file of another day."""
        self._change("UPDATE movement SET day = ? WHERE reference = ?", day.isoformat(), reference)

    def rename(self, reference: str, other: str) -> None:
        """Another reference; the acquirer's own stays."""
        self._connection.execute("PRAGMA foreign_keys = OFF")
        self._change("UPDATE operation SET reference = ? WHERE reference = ?", other, reference)
        self._change("UPDATE movement SET reference = ? WHERE reference = ?", other, reference)

    def invent(self, reference: str, day: date, gross: int, currency: str) -> None:
        """A line about what we never asked for: a capture, or a refund when `gross` < 0."""
        kind = "capture" if gross > 0 else "refund"
        moment = "(SELECT max(received_at) FROM operation)"
        self._change(
            "INSERT INTO operation (reference, id, kind, state, amount, currency, received_at, decided_at)"
            f" VALUES (?, ?, ?, 'APPROVED', ?, ?, {moment}, {moment})",
            *(reference, f"op_of_{reference}", kind, abs(gross), currency),
        )
        self._change(
            "INSERT INTO movement (reference, day, gross, fee, net) VALUES (?, ?, ?, 0, ?)",
            *(reference, day.isoformat(), gross, gross),
        )

    def nets(self) -> dict[str, int]:
        """What the acquirer pays out, over all days, by currency, in minor units."""
        rows = self._connection.execute(
            "SELECT o.currency, sum(m.net) FROM movement m JOIN operation o ON o.reference = m.reference GROUP BY 1"
        )
        return dict(tuple(row) for row in rows)

    def lines(self, day: date) -> list[Moved]:
        """The lines of a day, in their order."""
        rows = self._connection.execute(
            "SELECT o.reference, o.kind, o.currency, m.gross, m.fee, m.net FROM movement m"
            " JOIN operation o ON o.reference = m.reference WHERE m.day = ? ORDER BY m.id",
            (day.isoformat(),),
        )
        return [Moved(*row) for row in rows]

    def file(self, day: date) -> bytes:
        """The file of a day."""
        return "".join(settlement.lines(self._connection, day, lambda query: query())).encode()

    def _change(self, statement: str, *values: object) -> None:
        changed = self._connection.execute(statement, values)
        assert changed.rowcount == 1, (statement, values)
