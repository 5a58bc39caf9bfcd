"""The parts of `make run`, with fake programs: supervision, broker, state."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from confluent_kafka.admin import AdminClient

from stack.parent_watchdog import bound_to_parent
from stack.programs import PLATFORM, SERVERS, broker, user_of_broker
from stack.state import AlreadyRuns, State
from stack.supervision import Program, Supervisor, configuration
from tests.servers import until

ROOT = Path(__file__).resolve().parents[2]
TELLS_ITS_BROKER = "import os, signal; print(os.environ['KAFKA_BOOTSTRAP_SERVERS'], flush=True); signal.pause()"


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    """A state folder as of `make run`."""
    state = State(tmp_path_factory.mktemp("state"))
    state.prepare()
    return state


@pytest.fixture
def supervisor(state: State) -> Iterator[Supervisor]:
    """A running supervisord with the real broker and a relay and a ledger that only print the broker's address."""
    user = Program("", [sys.executable, "-c", TELLS_ITS_BROKER])
    users = [user_of_broker(Program(name, user.command), state.bootstrap) for name in ("relay", "ledger")]
    groups = {SERVERS: [broker(state.bootstrap, ["t"], [f"{PLATFORM}:relay", f"{PLATFORM}:ledger"])], PLATFORM: users}
    state.supervisor_configuration.write_text(configuration(state, groups))
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(state.supervisor_configuration)]
    process = subprocess.Popen(bound_to_parent(command), cwd=ROOT)
    until(state.socket.exists, "supervisord listens")
    yield Supervisor(f"unix://{state.socket}")
    process.terminate()
    process.wait(10)


class TestBroker:
    """The embedded broker under supervisord."""

    def test_publishes_its_address_and_starts_its_users_with_it(self, state: State, supervisor: Supervisor) -> None:
        wait_until_all_run(state, supervisor)
        address = state.bootstrap.read_text()
        assert list(AdminClient({"bootstrap.servers": address}).list_topics(timeout=5).topics) == ["t"]
        assert addresses_of(state, "relay") == addresses_of(state, "ledger") == [address]

    def test_killed_comes_back_elsewhere_and_its_users_with_it(self, state: State, supervisor: Supervisor) -> None:
        wait_until_all_run(state, supervisor)
        address, before, first = state.bootstrap.read_text(), pids(supervisor), cluster_id(state)
        os.kill(before["broker"], signal.SIGKILL)
        until(
            lambda: len(addresses_of(state, "relay")) == len(addresses_of(state, "ledger")) == 2,
            "relay and ledger started anew",
        )
        until(lambda: running(supervisor) == {"broker", "relay", "ledger"}, "all run again")
        assert state.bootstrap.read_text() != address
        assert cluster_id(state) != first
        assert addresses_of(state, "relay") == addresses_of(state, "ledger") == [address, state.bootstrap.read_text()]
        assert set(pids(supervisor).values()).isdisjoint(before.values())

    def test_a_killed_user_comes_back_alone(self, state: State, supervisor: Supervisor) -> None:
        wait_until_all_run(state, supervisor)
        before = pids(supervisor)
        os.kill(before["relay"], signal.SIGKILL)
        until(lambda: len(addresses_of(state, "relay")) == 2, "the relay started anew")
        assert len(set(addresses_of(state, "relay"))) == 1
        assert pids(supervisor)["ledger"] == before["ledger"]


class TestSupervision:
    """supervisord with our configuration."""

    def test_kill_9_of_the_supervisor_ends_all_programs(self, state: State, supervisor: Supervisor) -> None:
        wait_until_all_run(state, supervisor)
        programs = pids(supervisor)
        os.kill(int((state.folder / "supervisord.pid").read_text()), signal.SIGKILL)
        until(lambda: not any(psutil.pid_exists(pid) for pid in programs.values()), "all programs ended", seconds=5)

    def test_one_that_is_ending_is_as_one_that_is_gone(self, state: State, supervisor: Supervisor) -> None:
        wait_until_all_run(state, supervisor)
        os.kill(pids(supervisor)["relay"], signal.SIGSTOP)  # so that stopping takes until it is killed
        supervisor.shutdown()
        with pytest.raises(ConnectionAbortedError):
            supervisor.states()

    def test_a_path_with_spaces_and_quotes_is_no_trouble(self, tmp_path: Path) -> None:
        state = State(tmp_path / 'it\'s an "odd" one')
        state.prepare()
        text = configuration(state, {"g": [Program("p", ["echo", "%d"], {"A": "1%"})]})
        state.supervisor_configuration.write_text(text)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(state.supervisor_configuration)]
        process = subprocess.Popen(bound_to_parent(command), cwd=ROOT)
        try:
            log = state.logs / "p.log"
            until(lambda: log.exists() and log.read_text().startswith("%d\n"), "the program wrote its argument")
        finally:
            process.terminate()
            process.wait(10)


class TestState:
    """The folder of a run."""

    def test_is_private_and_keeps_its_token(self, state: State) -> None:
        assert state.folder.stat().st_mode & 0o777 == 0o700
        assert state.token() == state.token()
        assert len(state.token()) >= 16
        assert (state.folder / "admin-token").stat().st_mode & 0o777 == 0o600

    def test_is_held_by_one(self, state: State) -> None:
        assert state.port() is None
        with state.held(8080):
            assert state.port() == 8080
            with (
                pytest.raises(AlreadyRuns, match=rf"^payops runs already \(pid {os.getpid()}, port 8080\); "),
                state.held(1),
            ):
                pass
        assert state.port() is None

    def test_says_nothing_of_a_holder_that_was_killed(self, state: State) -> None:
        killed = subprocess.Popen([sys.executable, "-c", ""])
        killed.wait(20)
        (state.folder / "running.json").write_text(json.dumps({"pid": killed.pid, "port": 8080}))
        with (state.folder / "running.lock").open("a") as file:  # the next holder has the lock and has not written yet
            fcntl.flock(file, fcntl.LOCK_EX)
            assert (state.port(), state.pid()) == (None, None)
            with pytest.raises(AlreadyRuns, match="it has not said yet"), state.held(1):
                pass

    def test_who_looks_while_it_changes_hands_sees_one_of_both_or_nobody(self, state: State) -> None:
        """A reader beside 200 holders: each reads a whole answer, and does not count as a holder itself."""
        seen: set[int | None] = set()
        ended = threading.Event()

        def read() -> None:
            while not ended.is_set():
                seen.add(state.port())

        reader = threading.Thread(target=read)
        reader.start()
        try:
            for port in range(8000, 8200):
                with state.held(port):
                    assert state.port() == port
        finally:
            ended.set()
            reader.join()
        assert seen <= {None, *range(8000, 8200)}

    def test_two_who_need_a_token_get_the_same(self, state: State) -> None:
        with ThreadPoolExecutor(8) as several:
            tokens = set(several.map(lambda _: State(state.folder).token(), range(8)))
        assert len(tokens) == 1
        assert len(tokens.pop()) >= 16

    def test_has_its_socket_elsewhere_when_its_path_is_too_long_for_one(self, tmp_path: Path) -> None:
        assert State(Path("/short")).socket == Path("/short/supervisor.sock")
        assert len(str(State(tmp_path / ("x" * 100)).socket)) <= 90
        assert State(tmp_path / ("x" * 100)).socket != State(tmp_path / ("y" * 100)).socket


def wait_until_all_run(state: State, supervisor: Supervisor) -> None:
    until(lambda: running(supervisor) == {"broker", "relay", "ledger"}, "all run")
    until(
        lambda: addresses_of(state, "relay") and addresses_of(state, "ledger"),
        "relay and ledger tell where the broker is",
    )


def running(supervisor: Supervisor) -> set[str]:
    return {process["name"] for process in supervisor.states() if process["statename"] == "RUNNING"}


def pids(supervisor: Supervisor) -> dict[str, int]:
    return {process["name"]: process["pid"] for process in supervisor.states()}


def cluster_id(state: State) -> str | None:
    admin = AdminClient({"bootstrap.servers": state.bootstrap.read_text()})
    return admin.list_topics(timeout=5).cluster_id


def addresses_of(state: State, name: str) -> list[str]:
    """The addresses that the program has printed, one for each start."""
    log = state.logs / f"{name}.log"
    return log.read_text().split() if log.exists() else []
