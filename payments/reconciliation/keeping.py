"""Writes what a run finds: lines in chunks, each a transaction, and what makes them count in the last one.

One transaction for a whole file would keep the commits of payments waiting while it goes into the binary log.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import repeat
from typing import Final, Protocol

from sqlalchemy import Connection, Engine

from payments import crash_points
from payments.acquiring.rules import Told
from payments.ledger.rules import Account, SourceType
from payments.ledger.source_store import SourcePosting, moved, post
from payments.outbox.lease import Lease
from payments.platform.trusted_clock.guard import Now
from payments.reconciliation import exception_store, store
from payments.reconciliation.file_days import end_of
from payments.reconciliation.line_store import Kept, add_lines
from payments.reconciliation.reconcile import HELD, RunRefused, TooManyDiffer
from payments.reconciliation.rules import (
    Agreed,
    ExceptionClass,
    Fee,
    FileState,
    Found,
    Match,
    ReconException,
    Rule,
)
from payments.reconciliation.tally import Tally, Total
from payments.reconciliation.turn import TurnLost, keep
from payments.reconciliation.unmatching import undo_matches

CHUNK: Final = 1000
"""Lines in one transaction."""
PART: Final = 100
"""Lines in one statement, behind which is a rest: what keeps the database busy for less than a millisecond."""
MISSING_CHUNK: Final = 1000
NUMBERS: Final = 4
"""Of postings, for each currency of a file."""
_NAMES: Final = frozenset({ExceptionClass.TYPE, ExceptionClass.CURRENCY, ExceptionClass.AMOUNT})
"""Exceptions after which their operation is not missing."""

Rest = Callable[[], None]


class Sink(Protocol):
    """Takes what a run finds."""

    def add(self, found: Found) -> None:
        """Something about a line."""

    def finish(self, tally: Tally, day: date | None) -> None:
        """All lines were read."""

    def add_missing(self, found: ReconException) -> None:
        """An operation that no line is about; after `finish`."""

    def end(self, unfounded: Sequence[int]) -> None:
        """There is no more. `unfounded`: operations without money that lines of earlier files are matched with."""


class Nothing:
    """Keeps nothing: a dry run."""

    def add(self, found: Found) -> None:
        """Nothing."""

    def finish(self, tally: Tally, day: date | None) -> None:
        """Nothing."""

    def add_missing(self, found: ReconException) -> None:
        """Nothing."""

    def end(self, unfounded: Sequence[int]) -> None:
        """Nothing."""


class Keeping:
    """Keeps what is found of one file, which is READING, while it has the turn."""

    def __init__(
        self, engine: Engine, held: Lease, file_id: int, connector: str, fee: Fee, now: Now, rest: Rest
    ) -> None:
        """`fee`: by the contract; `now`: asked in each transaction that writes times; `rest`: after writing."""
        self._engine = engine
        self._held = held
        self._file_id = file_id
        self._connector = connector
        self._fee = fee
        self._now = now
        self._rest = rest
        self._lines: list[Kept] = []
        self._exceptions: list[ReconException] = []
        self._named: list[int] = []
        """Exceptions of operations that were missing, and that this file names."""
        self._missing: list[ReconException] = []

    def add(self, found: Found) -> None:
        """Keep it; raises TooManyDiffer, TurnLost and SQLAlchemy's errors, after which nothing of the file counts."""
        if isinstance(found, Told):  # of a match, which is kept: `decisions` finds it there
            return
        if isinstance(found, Agreed):
            self._lines += zip(found.lines, found.operation_ids, repeat(Rule.OUR_REFERENCE), strict=False)
        elif isinstance(found, Match):
            self._lines.append((found.line, found.operation.operation_id, found.rule))
            self._note(found.operation.missing_id)
        else:
            self._add_exception(found)
        while len(self._lines) >= CHUNK:
            self._write_lines(CHUNK)

    def finish(self, tally: Tally, day: date | None) -> None:
        """Write the rest and let all of it count: exceptions, sums, postings, and the end of what was missing."""
        self._write_lines(CHUNK)
        with self._engine.begin() as connection:
            now = self._now(connection)
            occurred_at = now if day is None else min(now, end_of(day))
            exception_store.add_of_lines(connection, self._file_id, self._connector, self._exceptions, self._fee, now)
            if not exception_store.end_missing(connection, self._named, self._file_id, now):
                raise RunRefused("an operator has ended an exception that this file is about: import it again")
            store.add_totals(connection, self._file_id, tally.totals)
            source = (SourceType.RECON_FILE, self._file_id, None)
            post(connection, *source, postings(tally.totals), occurred_at, now)
            done = store.change(
                connection, self._file_id, FileState.READING,
                state=FileState.DONE.value, day=day, line_count=tally.lines, matched=tally.matched,
                exceptions=tally.of_lines, ended_at=now,
            )  # fmt: skip
            self._check(done)
            keep(connection, self._held)
            crash_points.reach("before_file_is_done")
        crash_points.reach("after_file_is_done")

    def add_missing(self, found: ReconException) -> None:
        """Keep it."""
        self._missing.append(found)
        if len(self._missing) >= MISSING_CHUNK:
            self._write_missing()

    def end(self, unfounded: Sequence[int]) -> None:
        """Undo these matches, write the rest of what is missing, and that the search has ended: else the next file's
        begins earlier.
        """
        undo_matches(self._engine, self._held, self._connector, unfounded, self._now, self._rest)
        with self._engine.begin() as connection:
            now = self._now(connection)
            self._add_missing(connection, now)
            self._check(store.change(connection, self._file_id, FileState.DONE, searched_at=now))
            keep(connection, self._held)

    def _add_exception(self, found: ReconException) -> None:
        if len(self._exceptions) == HELD:
            raise TooManyDiffer(f"more than {HELD} exceptions")
        self._exceptions.append(found)
        if found.exception_class is not ExceptionClass.FEE and found.line is not None:
            self._lines.append((found.line, None, None))
        if found.exception_class in _NAMES and found.operation is not None:
            self._note(found.operation.missing_id)

    def _note(self, missing_id: int | None) -> None:
        if missing_id is not None:
            self._named.append(missing_id)

    def _write_lines(self, count: int) -> None:
        """Write so many, or all."""
        if not (lines := self._lines[:count]):
            return
        with self._engine.begin() as connection:
            for start in range(0, len(lines), PART):
                add_lines(connection, self._file_id, lines[start : start + PART])
                self._rest()
            self._check(store.count_lines(connection, self._file_id, len(lines)))
            keep(connection, self._held)
        del self._lines[:count]
        crash_points.reach("in_reading_file")
        self._rest()

    def _write_missing(self) -> None:
        with self._engine.begin() as connection:
            self._add_missing(connection, self._now(connection))
            keep(connection, self._held)
        self._missing = []
        self._rest()

    def _add_missing(self, connection: Connection, now: datetime) -> None:
        if self._missing:
            exception_store.add_missing(connection, self._connector, self._missing, self._fee, now)

    def _check(self, is_as_it_was: bool) -> None:
        if not is_as_it_was:
            raise TurnLost(f"file {self._file_id} was changed by another process")


def postings(totals: dict[str, Total]) -> list[SourcePosting]:
    """What a file posts: money of matched lines and its fees settle the receivable, the rest is unexplained.

    Amounts have signs: where an acquirer takes back more than it pays, the sides change places.
    """
    made: list[SourcePosting] = []
    for place, (currency, total) in enumerate(sorted(totals.items())):
        number = NUMBERS * place
        settled = (Account.BANK, Account.ACQUIRER_RECEIVABLE, total.matched_gross - total.matched_fee)
        kept = (Account.ACQUIRER_FEE_EXPENSE, Account.ACQUIRER_RECEIVABLE, total.matched_fee)
        unexplained = (Account.BANK, Account.RECONCILIATION_SUSPENSE, total.suspense)
        for offset, movement in enumerate((settled, kept, unexplained)):
            made += moved(number + offset, *movement, currency)
    return made
