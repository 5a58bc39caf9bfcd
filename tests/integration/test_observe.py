"""`make observe` says in one sentence why it cannot run. tests/e2e/test_make_run.py tests it running."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from stack import ports
from stack.prometheus import Alertmanager, Timing
from stack.state import State

ROOT = Path(__file__).resolve().parents[2]


def observe(folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stack.observe"],
        cwd=ROOT,
        env={**os.environ, "PAYOPS_STATE": str(folder), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def test_nothing_to_observe_is_said(tmp_path: Path) -> None:
    done = observe(tmp_path, os.environ["PATH"])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "payops does not run here; start it with `make run`, then this beside it.\n"


def test_a_missing_program_is_said_with_its_package(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.prepare()
    with state.held(1):
        done = observe(state.folder, str(tmp_path / "nothing"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("prometheus is not installed; install the package prometheus")
    assert len(done.stderr.splitlines()) == 1


def test_the_ports_of_a_process_are_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert server.getsockname()[1] in ports.of_process(os.getpid())
    assert ports.of_process(0) == []


def test_a_folder_that_was_given_is_kept(tmp_path: Path) -> None:
    with Alertmanager(Timing(), tmp_path) as alertmanager:
        assert not alertmanager.ended(0)
        alertmanager.stop()
        assert alertmanager.ended(0)
        assert alertmanager.exit_code == 0
    assert (tmp_path / "alertmanager.yml").exists()
