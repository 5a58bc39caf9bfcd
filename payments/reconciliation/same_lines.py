"""Finds the file that has the same lines as another one, whose bytes differ: in its line ends, say.

Its money would be booked twice, and each of its lines would be a DUPLICATE.
"""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import Engine

from payments.platform.desk_errors import DuplicateFile
from payments.reconciliation import store
from payments.reconciliation.line_store import has_lines
from payments.reconciliation.rules import Line
from payments.reconciliation.tally import Total

CHUNK: Final = 100
"""Lines that are compared at once: what keeps the database busy for less than a millisecond."""


class Said(NamedTuple):
    """What a file says as a whole. `sums`: gross and fee of its lines by currency, in minor units."""

    connector: str
    sha256: str
    day: date | None
    lines: int
    sums: dict[str, tuple[int, int]]


def refuse_same_lines(
    engine: Engine, said: Said, lines: Callable[[], Iterable[Line]], rest: Callable[[], None]
) -> None:
    """Raise DuplicateFile when a file of this day is DONE that has these lines, in this order.

    The lines are only read again where day, number and sums agree. `rest` is called after each statement.
    """
    with engine.connect().execution_options(reading=True) as connection:
        alike = store.done_files(connection, said.connector, said.day, said.lines)
        found = [file.file_id for file in alike if file.sha256 != said.sha256]
        found = [file_id for file_id in found if _sums(store.totals(connection, file_id)) == said.sums]
    for file_id in found if said.lines else ():
        if _has(engine, file_id, lines(), rest):
            raise DuplicateFile(f"File {file_id} has the same lines.", file_id)


def _sums(totals: dict[str, Total]) -> dict[str, tuple[int, int]]:
    return {currency: (each.gross, each.fee) for currency, each in totals.items()}


def _has(engine: Engine, file_id: int, lines: Iterable[Line], rest: Callable[[], None]) -> bool:
    left = iter(lines)
    while chunk := list(islice(left, CHUNK)):
        with engine.connect().execution_options(reading=True) as connection:
            is_same = has_lines(connection, file_id, chunk)
        rest()
        if not is_same:
            return False
    return True
