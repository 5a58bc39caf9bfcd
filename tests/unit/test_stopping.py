"""`python -m stack.stop` ends the process that holds a state, and reports when there is none."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.state import State
from stack.stop import stop

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import signal, sys
from pathlib import Path
from stack.state import State
state = State(Path(sys.argv[1]))
state.prepare()
with state.held(8123):
    print("held", flush=True)
    signal.pause()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the state in `tmp_path`, as `make run` does."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def asked(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stack.stop", *options]
    environment = {"PAYOPS_STATE": str(folder)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_stops_what_runs_and_only_once(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    state = State(tmp_path)
    assert state.pid() == holder.pid
    assert f"(pid {holder.pid})" in stop(state)
    assert holder.wait(5) == -15
    assert state.pid() is None
    assert stop(state).startswith("Nothing runs in ")


def test_shows_the_port_of_what_runs(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    assert asked(tmp_path, "--show-port").stdout == "8123\n"
    assert asked(tmp_path).returncode == 0
    gone = asked(tmp_path, "--show-port")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert "Nothing runs in" in gone.stderr
