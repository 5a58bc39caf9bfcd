"""`reconcile`, called as an operator calls it."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from payments.acquiring.rules import State
from payments.platform.tables.reconciliation import recon_file
from payments.reconciliation import turn
from tests.contracts.reconciliation import books
from tests.integration.cli.test_commands import Tool, tool  # noqa: F401  (a fixture)
from tests.unit.reconciliation.made import line, operation, soon, text

ONE, TWO = operation(1), operation(2)
DAY = soon()
NOON = datetime.fromisoformat(f"{DAY}T12:00:00+00:00")


@pytest.fixture
def file(engine: Engine, tmp_path: Path) -> Path:
    """A file that agrees with operation 1, has another amount of operation 2, and knows more than we do."""
    books.store(engine, [ONE, TWO._replace(currency="KWD"), operation(3)], NOON)
    lines = [line(ONE), line(TWO._replace(currency="KWD"))._replace(gross=900), line(operation(4))]
    path = tmp_path / "day.csv"
    path.write_bytes(text([each._replace(number=at) for at, each in enumerate(lines, 1)], DAY).encode())
    return path


def test_a_dry_run_and_an_import(file: Path, tool: Tool, engine: Engine) -> None:  # noqa: F811
    code, out, _ = tool("reconcile", "import", str(file), "--dry-run")
    assert (code, books.counts(engine)) == (0, [0, 0, 0, 0, 0])
    found = [
        f"{DAY}, lines: 3, matched: 1",
        "AMOUNT: 1",
        "MISSING_AT_ACQUIRER: 1 (1 of them waiting)",
        "UNKNOWN_TO_US: 1",
        "net 0.885 KWD, not explained 0.885 KWD",
        "net 19.50 USD, not explained 9.75 USD",
    ]
    assert out.splitlines() == [f"dry run, nothing is kept: {found[0]}", *found[1:]]
    code, out, _ = tool("reconcile", "import", str(file))
    assert (code, out.splitlines()) == (0, [f"file 1: {found[0]}", *found[1:]])
    code, _, error = tool("reconcile", "import", str(file))
    assert (code, error) == (1, "File 1 has the same bytes.\n")
    code, out, _ = tool("reconcile", "files")
    shown = out.splitlines()[1].split()
    assert shown[:6] == ["1", "DONE", DAY, "3", "1", "2"]
    assert shown[-1] == "day.csv"
    (listed,) = json.loads(tool("reconcile", "files", "--json")[1])["items"]
    assert (listed["state"], listed["exceptions"], listed["createdBy"][:4]) == ("DONE", 2, "cli:")


def test_standard_input_and_json(file: Path, database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "worker", "reconcile", "import", "-", "--json"],
        env={"DATABASE_URL": database_url}, input=file.read_bytes(), capture_output=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["fileId"], said["lines"], said["matched"], said["totals"][0]["suspense"]) == (1, 3, 1, 885)


def test_what_a_file_decides(engine: Engine, tmp_path: Path, tool: Tool) -> None:  # noqa: F811
    books.store(engine, [ONE._replace(state=State.MANUAL)])
    path = tmp_path / "day.csv"
    path.write_bytes(text([line(ONE)], DAY).encode())
    out = tool("reconcile", "import", str(path), "--dry-run")[1]
    assert out.splitlines()[-1] == "operations without a known outcome that it would decide: 1"


def test_what_is_refused_is_said_by_line(file: Path, tool: Tool, engine: Engine) -> None:  # noqa: F811
    file.write_bytes(file.read_bytes().replace(b"end,3", b"end,4").replace(b",1000,25,", b",1000.0,25,", 1))
    code, _, error = tool("reconcile", "import", str(file))
    assert (code, error.splitlines()) == (
        1,
        ["The file is refused: 2 faults. Nothing of it is kept.", "line 2: NOT_AN_INTEGER", "line 7: COUNT"],
    )
    assert books.counts(engine) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("day", ["9999-12-31", "1999-12-31"])
def test_a_day_that_cannot_be_right(file: Path, tool: Tool, engine: Engine, day: str) -> None:  # noqa: F811
    file.write_bytes(file.read_bytes().replace(DAY.encode(), day.encode()))
    code, _, error = tool("reconcile", "import", str(file))
    assert (code, error.splitlines()[1:]) == (1, ["line 7: DAY"])
    assert books.counts(engine) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("4111111111111111.csv", "card number"),
        ("po_live_0123456789ab_0123.csv", "an API key"),
        ("a\nb.csv", "control characters"),
        ("\u202ecsv.exe", "controls of the writing direction"),
        ("x" * 129, "1 to 128 characters"),
    ],
)
def test_a_name_that_must_not_be_stored(
    file: Path,
    tool: Tool,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    engine: Engine,
    name: str,
    why: str,
) -> None:
    folder = file.parent / "4111111111111111"
    folder.mkdir()
    assert tool("reconcile", "import", str(file.rename(folder / "day.csv")))[0] == 0


def test_what_cannot_be_done(file: Path, tool: Tool, engine: Engine) -> None:  # noqa: F811
    assert tool("reconcile", "import", "/no/such/file")[::2] == (
        2,
        "/no/such/file cannot be read: No such file or directory.\n",
    )
    assert tool("reconcile", "fetch", "2030-05-17")[::2] == (2, "There is no acquirer: its URL and key are not set.\n")
    with turn.turn(engine):
        assert tool("reconcile", "import", str(file))[::2] == (1, "Another import is running.\n")
    assert books.rows(engine, recon_file, "state") == []
    assert tool("reconcile", "files")[1] == "There are no settlement files.\n"


def test_a_day_is_fetched(tool: Tool, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    from tests.psp.simulator import KEY, Simulator

    with Simulator() as running:
        for name, value in running.access.of_platform().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("APP_ACQUIRER_KEY", KEY)
        code, out, error = tool("reconcile", "fetch", "2020-01-01")
        assert (code, out) == (0, "file 1: 2020-01-01, lines: 0, matched: 0\n"), error
        code, _, error = tool("reconcile", "fetch", "9000-01-01")
    assert (code, error) == (1, "The acquirer has no file of 9000-01-01 yet.\n")
