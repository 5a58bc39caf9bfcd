"""Imports a settlement file: reads it, matches it, and lets it count when all of it is there.

A run is a function of the file and of our operations, and a dry run is the same code that writes nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from payments.outbox.lease import Lease
from payments.platform.desk_errors import DuplicateFile
from payments.platform.tasks.throttle import AT_ONCE, Rests, Stopped, Throttle
from payments.platform.trusted_clock.guard import Now
from payments.reconciliation import store
from payments.reconciliation.file import SettlementFile
from payments.reconciliation.file_days import end_of, latest
from payments.reconciliation.keeping import Keeping, Nothing, Rest, Sink
from payments.reconciliation.line_store import delete_some_lines
from payments.reconciliation.lookups import Window, ours
from payments.reconciliation.profile import PROFILES, Profile
from payments.reconciliation.reconcile import Run, RunRefused
from payments.reconciliation.rules import FileState, Line
from payments.reconciliation.same_lines import Said, refuse_same_lines
from payments.reconciliation.survey import Survey, survey
from payments.reconciliation.tally import Tally
from payments.reconciliation.turn import keep, turn

LOOK_BACK: Final = timedelta(days=7)
"""How much older than a file's day operations may be that it finds missing: until then outcomes are still learned."""

RESTS: Final = 2.5
"""As throttle's: less than a third of the time is work."""
SLICE: Final = 0.0005
"""Seconds of work without a rest: less than a payment takes, so that each is delayed a little and none by much."""
LONGEST_REST: Final = 1.0
"""Seconds: much less than a turn lasts, or than MariaDB waits for a transaction that writes nothing more."""

Source = Callable[[], Iterable[bytes]]
"""Gives the bytes of a file from its beginning, in chunks; it is called twice."""
Progress = Callable[[int, int | None], None]
"""(lines until now, of how many; None: it is not known yet). Called now and then in each of the two readings."""
TOLD: Final = 1000
"""Lines after which progress is told."""


class Asked(NamedTuple):
    """What is to be imported: the file's name, whose it is, who asks. `file_id`: of an upload."""

    name: str
    connector: str
    actor: str
    file_id: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What an import has found. `file_id`: None of a dry run."""

    file_id: int | None
    sha256: str
    day: date | None
    tally: Tally


class _Read(NamedTuple):
    """A file after its first reading."""

    profile: Profile
    began: datetime
    sha256: str
    day: date | None
    surveyed: Survey
    sums: dict[str, tuple[int, int]]


def import_file(
    engine: Engine,
    file: Source,
    asked: Asked,
    now: Now,
    *,
    dry_run: bool = False,
    throttle: Throttle = AT_ONCE,
    progress: Progress = lambda _lines, _of: None,
) -> Report:
    """Import a file whole, or not at all, with rests between its pieces. KeyError: the connector has no profile.

    Raises FileRefused for what is no whole file, DuplicateFile when its bytes or its lines are there already,
    ImportRunning while another import runs, RunRefused when it cannot be finished, Stopped when the process is to end.
    Then nothing is kept, as when this process is killed: the next import undoes what it finds half done.
    """
    if throttle.is_over:
        raise Stopped
    rest = Rests(throttle)

    def source() -> Iterator[bytes]:
        for chunk in file():
            yield chunk
            rest()

    read = _read(engine, source, PROFILES[asked.connector], progress, now)
    run = _Run(engine, source, read, asked.connector, rest, progress)
    if dry_run:
        return run.dry()
    with turn(engine) as held:
        undo_leftovers(engine, held)
        run.refuse_same_lines()
        file_id = _begin(engine, read, asked, now)
        keeping = Keeping(engine, held, file_id, asked.connector, read.profile.expected_fee, now, rest)
        try:
            tally = run.into(keeping)
        except RunRefused:
            _undo(engine, held, file_id)
            raise
    return Report(file_id, read.sha256, read.day, tally)


def gently(pause: Callable[[float], bool]) -> Throttle:
    """The rests of an import beside payments. `pause`: as Throttle's."""
    return Throttle(pause, rests=RESTS, longest_rest=LONGEST_REST, shortest=SLICE)


def undo_leftovers(engine: Engine, held: Lease) -> None:
    """Undo what killed imports have left; an upload can be read again."""
    with engine.connect().execution_options(reading=True) as connection:
        left = store.in_state(connection, FileState.READING)
    for file_id in left:
        _undo(engine, held, file_id)


def _read(engine: Engine, source: Source, profile: Profile, progress: Progress, now: Now) -> _Read:
    with engine.connect().execution_options(reading=True) as connection:
        began = now(connection)
    file = SettlementFile(source(), profile, latest=latest(began))
    surveyed = survey(_counted(file.lines(), progress, None))
    return _Read(profile, began, file.digest, file.day, surveyed, file.sums)


class _Run(NamedTuple):
    """The second reading of a file."""

    engine: Engine
    source: Source
    read: _Read
    connector: str
    rest: Rest
    progress: Progress

    def dry(self) -> Report:
        """What an import would find."""
        _refuse_duplicate(self.engine, self.read.sha256)
        self.refuse_same_lines()
        return Report(None, self.read.sha256, self.read.day, self.into(Nothing()))

    def refuse_same_lines(self) -> None:
        """Raise DuplicateFile when another file has the same lines."""
        read = self.read
        said = Said(self.connector, read.sha256, read.day, read.surveyed.lines, read.sums)
        refuse_same_lines(self.engine, said, lambda: SettlementFile(self.source(), read.profile).lines(), self.rest)

    def into(self, sink: Sink) -> Tally:
        fee, day = self.read.profile.expected_fee, self.read.day
        tally, file = Tally(fee), SettlementFile(self.source(), self.read.profile)
        window = _window(self.engine, self.connector, day)
        run = Run(ours(self.engine, self.connector, window, self.rest), fee)
        lines = _counted(file.lines(), self.progress, self.read.surveyed.lines)
        for found in run.of_lines(lines, self.read.surveyed):
            tally.add(found)
            sink.add(found)
        if file.digest != self.read.sha256:
            raise RunRefused("the file has changed while it was read")
        sink.finish(tally, day)
        for missing in run.absent(self.read.began):
            tally.add(missing)
            sink.add_missing(missing)
        sink.end(run.unfounded)
        return tally


def _counted(lines: Iterable[Line], progress: Progress, of: int | None) -> Iterator[Line]:
    for count, line in enumerate(lines, 1):
        yield line
        if count % TOLD == 0:
            progress(count, of)


def _window(engine: Engine, connector: str, day: date | None) -> Window | None:
    """Which operations have to be in a file by now, when this one was read: none before the first day of all files."""
    if day is None:
        return None
    with engine.connect().execution_options(reading=True) as connection:
        first = store.first_day(connection, connector) or day
        searched = store.searched_day_before(connection, connector, day)
    # nothing behind the last whole search is left out, however long ago that was; before the first day is nothing
    since = min(day - LOOK_BACK, first if searched is None else searched + timedelta(days=1))
    return Window(datetime.combine(max(since, min(first, day)), time(), UTC), end_of(day))


def _begin(engine: Engine, read: _Read, asked: Asked, now: Now) -> int:
    """A file that is READING."""
    with engine.begin() as connection:
        if asked.file_id is not None:
            values = {"state": FileState.READING.value, "day": read.day}
            if not store.change(connection, asked.file_id, FileState.UPLOADED, **values):
                raise DuplicateFile(f"File {asked.file_id} was read already.")
            return asked.file_id
        same = store.with_digest(connection, read.sha256)
        if same is not None and same.state is FileState.REFUSED:  # nothing of it was kept, and it may be right now
            store.forget(connection, same.file_id)
        elif same is not None:
            raise _duplicate(same.file_id)
        try:
            return store.add(connection, read.sha256, asked.connector, asked.name, asked.actor, now(connection))
        except IntegrityError as error:  # uploaded at this moment
            raise DuplicateFile("A file with the same bytes was just uploaded.") from error


def _refuse_duplicate(engine: Engine, sha256: str) -> None:
    with engine.connect().execution_options(reading=True) as connection:
        same = store.with_digest(connection, sha256)
    if same is not None and same.state is FileState.DONE:
        raise _duplicate(same.file_id)


def _duplicate(file_id: int) -> DuplicateFile:
    return DuplicateFile(f"File {file_id} has the same bytes.", file_id)


def _undo(engine: Engine, held: Lease, file_id: int) -> None:
    more = True
    while more:
        with engine.begin() as connection:
            more = delete_some_lines(connection, file_id)
            keep(connection, held)
    with engine.begin() as connection:
        if store.is_uploaded(connection, file_id):
            values = {"state": FileState.UPLOADED.value, "line_count": 0}
            store.change(connection, file_id, FileState.READING, **values)
        else:
            store.forget(connection, file_id)
        keep(connection, held)
