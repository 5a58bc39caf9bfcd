"""Commands of make refuse in one sentence when the machine or the settings do not allow them."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from stack import ports
from stack.state import State

ROOT = Path(__file__).resolve().parents[2]


class TestRefusals:
    """The reason is one sentence."""

    def test_a_taken_port(self, tmp_path: Path) -> None:
        port = ports.free_port()
        with socket.create_server(("127.0.0.1", port)):
            said = run_stack(tmp_path, PORT=str(port))
            advised = ports.next_free(port + 1)
        holder = f"pid {os.getpid()} ({psutil.Process().name()})"
        assert said == f"Port {port} is taken by {holder}; run `make run PORT={advised}`.\n"

    def test_a_port_of_the_simulator_that_is_taken(self, tmp_path: Path) -> None:
        port = ports.free_port()
        with socket.create_server(("127.0.0.1", port)):
            said = run_stack(tmp_path, PORT=str(ports.free_port()), PSP_PORT=str(port))
        assert f"Port {port} is taken by pid {os.getpid()} " in said
        assert "; run `make run PSP_PORT=" in said

    def test_one_port_for_two(self, tmp_path: Path) -> None:
        port = str(ports.free_port())
        said = run_stack(tmp_path, PORT=port, PSP_PORT=port)
        assert said == f"PORT and PSP_PORT are both {port}; the acquirer's simulator needs a port of its own.\n"

    @pytest.mark.parametrize("name", ["PORT", "PSP_PORT"])
    def test_a_port_that_is_none(self, tmp_path: Path, name: str) -> None:
        assert f"{name}=http is not a port; use a number" in run_stack(tmp_path, **{name: "http"})

    def test_a_short_admin_token(self, tmp_path: Path) -> None:
        said = run_stack(tmp_path, PORT=str(ports.free_port()), ADMIN_TOKEN="short")
        assert said == "ADMIN_TOKEN has less than 16 characters; unset it, and one is made for you.\n"

    def test_a_second_run(self, tmp_path: Path) -> None:
        state = State(tmp_path)
        state.prepare()
        with state.held(8080):
            assert run_stack(state.folder, PORT="8080").startswith(
                f"payops runs already (pid {os.getpid()}, port 8080);"
            )

    def test_a_part_of_the_bench_that_is_none(self, tmp_path: Path) -> None:
        done = stack("bench", tmp_path, PARTS="lag,nosuch")
        assert done.returncode == 2
        assert done.stderr.startswith("There is no part nosuch; PARTS may name full-load, ")

    def test_nothing_runs(self, tmp_path: Path) -> None:
        shown = stack("stack.status", tmp_path)
        assert shown.stdout == "payops does not run here; start it with `make run`.\n"
        assert shown.returncode == 1


def stack(module: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PAYOPS_STATE": str(folder), **variables}
    command = [sys.executable, "-m", module]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=90)


def run_stack(folder: Path, **variables: str) -> str:
    """The message of a run that must not start."""
    done = stack("stack.run", folder, **variables)
    assert done.returncode == 1
    return done.stderr
