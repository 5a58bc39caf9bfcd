"""Imports at the same time, frozen, and killed: each file counts once and whole, or not at all."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, update

from payments import crash_points
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.desk_errors import DuplicateFile
from payments.platform.tables.processes import lease as lease_table
from payments.platform.tables.reconciliation import recon_file, recon_line
from payments.reconciliation import keeping
from payments.reconciliation.importing import Report, import_file, undo_leftovers
from payments.reconciliation.turn import NAME, ImportRunning, TurnLost, turn
from tests.contracts.reconciliation import books
from tests.contracts.reconciliation.books import NOW, balance, counts, imported, of_day, rows
from tests.moments import always
from tests.unit.reconciliation.made import day, line, soon, text

SIZE = 2 * keeping.CHUNK + 10
OPERATIONS = [one._replace(kind=day(1)[0].kind, amount=1000, currency="USD") for one in day(SIZE)]
LINES = [line(one) for one in OPERATIONS]


def end_the_turn(engine: Engine) -> None:
    """Let the time of a lease pass."""
    with engine.begin() as connection:
        now = database_now(connection)
        connection.execute(update(lease_table).where(lease_table.c.name == NAME).values(expires_at=now))


@pytest.mark.parametrize("same", [True, False])
def test_two_at_once_are_one(database_url: str, engine: Engine, same: bool) -> None:
    """Of one file the other run is told so; of two files it comes later."""
    operations = day(50)
    books.store(engine, operations)
    lines = [line(one) for one in operations]
    files = [text(lines), text(lines) if same else of_day(lines, "2030-05-18")]
    ready = Barrier(2)

    def run(content: str) -> Report | None:
        other = create_engine(database_url)
        ready.wait()
        try:
            while True:
                try:
                    return import_file(other, books.source(content), books.ASKED, always(NOW))
                except ImportRunning:
                    continue  # as housekeeping would, later
        except DuplicateFile:
            return None
        finally:
            other.dispose()

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(run, files))
    assert reports.count(None) == same
    done = rows(engine, recon_file, "state", "line_count")
    assert done == [("DONE", 50)] * (1 if same else 2)
    matched = [number for (number,) in rows(engine, recon_line, "operation_id") if number is not None]
    assert sorted(matched) == list(range(1, 51)), "each operation is matched once"


@pytest.mark.parametrize("written", [1, 3])
@pytest.mark.parametrize("is_undone", [True, False])
def test_one_that_was_frozen_and_replaced_keeps_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, written: int, is_undone: bool
) -> None:
    """After the first of its chunks, and before its last transaction."""
    monkeypatch.setattr(keeping, "CHUNK", 20)
    operations = day(50)
    books.store(engine, operations)
    content = text([line(one) for one in operations])
    reached: list[str] = []

    def replaced(point: str) -> None:
        reached.append(point)
        if len(reached) == written:
            end_the_turn(engine)
            with turn(engine) as other:
                if is_undone:
                    undo_leftovers(engine, other)
                monkeypatch.undo()

    monkeypatch.setattr(crash_points, "reach", replaced)
    with pytest.raises(TurnLost):
        imported(engine, content)
    assert counts(engine)[2:] == [0, 0, 0]
    assert imported(engine, content).tally.matched == 50
    assert rows(engine, recon_file, "state") == [("DONE",)]
    assert len(rows(engine, recon_line, "number")) == 50


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "day.csv"
    path.write_text(text(LINES, soon()), newline="")
    return path


@pytest.mark.parametrize("point", ["in_reading_file", "before_file_is_done", "after_file_is_done"])
def test_one_that_is_killed_is_undone_by_the_next(engine: Engine, database_url: str, file: Path, point: str) -> None:
    """By kill -9, after a chunk, before the last commit and after it."""
    books.store(engine, OPERATIONS)
    environment = {**os.environ, "DATABASE_URL": database_url, "APP_CRASH_POINT": point}
    command = [sys.executable, "-m", "worker", "reconcile", "import", str(file)]
    killed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    is_done = point == "after_file_is_done"
    left = {"in_reading_file": keeping.CHUNK}.get(point, SIZE)
    assert rows(engine, recon_file, "state", "line_count") == [("DONE" if is_done else "READING", left)]
    assert (balance(engine, "bank") > 0) is is_done
    with pytest.raises(ImportRunning):
        imported(engine, file.read_bytes())
    end_the_turn(engine)
    if is_done:
        with pytest.raises(DuplicateFile):
            imported(engine, file.read_bytes())
    else:
        assert imported(engine, file.read_bytes()).tally.matched == SIZE
    assert rows(engine, recon_file, "state", "line_count", "matched") == [("DONE", SIZE, SIZE)]
    assert counts(engine)[1:4] == [SIZE, 1, 0]
    assert -balance(engine, "acquirer_receivable") == 1000 * SIZE


def test_another_file_undoes_what_a_killed_import_left(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "CHUNK", 5)
    operations = day(20)
    books.store(engine, operations)
    lines = [line(one) for one in operations]

    def fails(_point: str) -> None:
        monkeypatch.undo()
        raise OSError("the disk is gone")

    monkeypatch.setattr(crash_points, "reach", fails)
    with pytest.raises(OSError, match="disk"):
        imported(engine, lines)
    assert rows(engine, recon_file, "state", "line_count") == [("READING", 5)]
    dry = imported(engine, lines, dry_run=True)
    assert (dry.tally.matched, dry.tally.classes.total()) == (20, 0), "what was left does not count"
    assert imported(engine, of_day(lines, "2030-05-18")).tally.matched == 20
    assert rows(engine, recon_file, "state", "line_count") == [("DONE", 20)]
