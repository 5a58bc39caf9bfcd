"""A port belongs to one server: it is drawn once, and who else answers on it is not taken for that server."""

import subprocess
import sys
from pathlib import Path

import pytest

from stack import ports
from stack.platform import Worker
from stack.ports import free_port
from stack.redis import RedisServer
from stack.server import ServerError

ROOT = Path(__file__).resolve().parents[2]
DRAW_ALL = """\
import sys
from stack import ports
ports.SERVER_PORTS = range(int(sys.argv[1]), int(sys.argv[2]))
try:
    while True: print(ports.free_port())
except OSError: pass
"""


def drawn_by_another_process(among: range) -> set[int]:
    """All of these ports that another process can get; it has ended then."""
    command = [sys.executable, "-c", DRAW_ALL, str(among.start), str(among.stop)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return {int(line) for line in done.stdout.split()}


def test_a_process_gets_a_port_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "SERVER_PORTS", range(31500, 31700))
    drawn: list[int] = []
    with pytest.raises(OSError, match="no free port found between 31500 and 31700"):
        drawn.extend(free_port() for _ in range(201))
    assert len(drawn) == len(set(drawn)) > 100, "but for what other tests use"


def test_another_process_does_not_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    few = range(31700, 31900)
    monkeypatch.setattr(ports, "SERVER_PORTS", few)
    mine = {free_port() for _ in range(20)}
    others = drawn_by_another_process(few)
    assert len(others) > 100, "but for what other tests use"
    assert not mine & others
    assert len(drawn_by_another_process(few)) > 100, "they are free again, for that process has ended"


def test_a_worker_is_not_up_because_another_process_listens_on_its_port(own_redis: RedisServer) -> None:
    relay = Worker("relay")
    relay.port = own_redis.port
    relay.environment = {"PYTHONPATH": str(ROOT), "DATABASE_URL": f"sqlite:///{relay.folder}/no.sqlite"}
    with pytest.raises(ServerError, match=r"relay ended with code 2.*\n.*\n.*is taken"), relay:
        pass
