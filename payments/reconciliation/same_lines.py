"""Finds the file that has the same lines as another one, whose bytes differ, or the lines of one that was read early.

Its money would be booked twice, and each of its lines would be a DUPLICATE.
"""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import Engine

from payments.platform.desk_errors import DuplicateFile
from payments.reconciliation import store
from payments.reconciliation.line_store import first_names, has_lines
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
    """Raise DuplicateFile when a file of this day is DONE that has these lines, in this order, or was read before the
    day had ended and has some of them; then without its id.

    The lines are only read again where day, number and sums agree, or there is such an early file. `rest` is called
    after each statement.
    """
    with engine.connect().execution_options(reading=True) as connection:
        alike = store.done_files(connection, said.connector, said.day, said.lines)
        found = [file.file_id for file in alike if file.sha256 != said.sha256]
        found = [file_id for file_id in found if _sums(store.totals(connection, file_id)) == said.sums]
    for file_id in found if said.lines else ():
        if _has(engine, file_id, lines(), rest):
            raise DuplicateFile(f"File {file_id} has the same lines.", file_id)
    _refuse_begun(engine, said, lines)


def _refuse_begun(engine: Engine, said: Said, lines: Callable[[], Iterable[Line]]) -> None:
    """By the first lines of the early file: an acquirer that goes on with a day's file repeats them."""
    if said.day is None:
        return
    with engine.connect().execution_options(reading=True) as connection:
        early = store.early_files(connection, said.connector, said.day)
        others = [file.file_id for file in early if file.sha256 != said.sha256]
        begun = {file_id: first_names(connection, file_id, CHUNK) for file_id in others}
    for file_id, names in begun.items():
        if any((line.reference, line.acquirer_reference, line.kind.value) in names for line in lines()):
            raise DuplicateFile(
                f"File {file_id} was read before its day had ended and has lines of this one, whose money would be"
                " booked twice. Ask the acquirer for a file of the lines that are missing."
            )


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
