"""Idle connections: they live long, a stop or a reload closes them without losing a request, and they make room for
new ones.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from stack.certificates import Authority
from stack.envoy import Envoy
from tests.e2e.gunicorn import ApiServer
from tests.e2e.test_listening import Listening
from tests.e2e.wire import Wire
from tests.servers import until

GET = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /payments/authorize HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
CLIENTS = 20
CAPACITY = 20
LONG_SECONDS = 1800


@dataclass
class PausingClients:
    """Each has one connection and pauses between its requests; no request is sent twice."""

    url: str
    authority: str = ""
    """The file of the CA that the URL's server is verified by, if it speaks TLS."""
    answered: int = 0
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, number: int) -> None:
        """Pay and pause until stopped."""
        pauses = random.Random(number)
        with requests.Session() as http:
            http.trust_env = False
            http.verify = self.authority or True
            while not self._stop.wait(pauses.uniform(0.5, 5.0)):
                try:
                    answer = http.post(f"{self.url}/payments/void/1", json={"merchantId": "M1"}, timeout=60)
                except requests.RequestException as error:
                    self.failures.append(repr(error))
                else:
                    if answer.status_code != 404:
                        self.failures.append(answer.text)
                    self.answered += 1

    @contextmanager
    def running(self) -> Iterator["PausingClients"]:
        """Until the end of the block."""
        threads = [threading.Thread(target=self.run, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(60)


def gateways(folder: Path) -> Path:
    """The socket where the gateway asks the api."""
    return folder / "api.sock"


def binds(folder: Path) -> list[str]:
    """gunicorn's arguments to listen there, too."""
    return ["--bind", "127.0.0.1:{port}", "--bind", f"unix:{gateways(folder)}"]


def workers(api: ApiServer) -> set[int]:
    return {child.pid for child in psutil.Process(api.pid).children()}


def reload(api: ApiServer) -> None:
    before = workers(api)
    os.kill(api.pid, signal.SIGHUP)
    until(lambda: (now := workers(api)) and not now & before, "other workers")


@pytest.fixture(params=["directly", "through the gate"])
def reloaded(
    request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path
) -> Iterator[tuple[ApiServer, PausingClients]]:
    """The api, and its clients."""
    with Listening(sqlite_url, *binds(tmp_path), workers=2) as api, ExitStack() as stack:
        if request.param == "directly":
            yield api, PausingClients(api.url)
            return
        leaf = Authority(tmp_path).leaf()
        # While workers of a reload start, there are no answers: on a busy machine for longer than the gate waits.
        waits: dict[str, Any] = {"envoy_answer_seconds": 60, "envoy_stream_seconds": 60}
        instance: dict[str, Any] = {"envoy_instances": [gateways(tmp_path)], "envoy_instance_address": "%s"}
        gate = stack.enter_context(Envoy(leaf.certificate, leaf.key, **instance, **waits))
        yield api, PausingClients(gate.url, str(leaf.authority))


def test_no_request_fails_over_pauses_and_reloads(reloaded: tuple[ApiServer, PausingClients], long: bool) -> None:
    api, paying = reloaded
    with paying.running() as clients:
        ends = time.monotonic() + (LONG_SECONDS if long else 0)
        goes_on = True
        while goes_on:
            reload(api)
            enough = clients.answered + CLIENTS
            until(lambda: clients.answered >= enough or clients.failures, "clients are answered", seconds=60)  # noqa: B023
            goes_on = time.monotonic() < ends and not clients.failures
    assert clients.failures == []


@pytest.fixture
def small_api(sqlite_url: str, tmp_path: Path) -> Iterator[ApiServer]:
    """An api with few connections."""
    with Listening(sqlite_url, *binds(tmp_path), "--worker-connections", str(CAPACITY)) as server:
        yield server


def idle(at: int | Path, stack: ExitStack, *, used: bool) -> Wire:
    wire = stack.enter_context(Wire(at))
    if used:
        wire.send(GET)
        answer = wire.answer()
        assert answer is not None
        assert answer.headers["connection"] == "keep-alive"
    return wire


def test_idle_connections_make_room_for_new_ones(small_api: ApiServer, tmp_path: Path) -> None:
    for used in (True, False):
        with ExitStack() as stack:
            kept = idle(gateways(tmp_path), stack, used=used)
            wires = [idle(small_api.port, stack, used=used) for _ in range(3 * CAPACITY)]
            fresh = idle(small_api.port, stack, used=True)
            assert wires[0].answer() is None, "the one that was idle for longest"
            fresh.send(GET)
            assert fresh.answer() is not None
            wires[-1].send(GET)
            assert wires[-1].answer() is not None, "one of the youngest"
            kept.send(GET)
            assert kept.answer() is not None, "the gateway's"


def test_a_request_that_has_begun_is_answered_before_a_stop(small_api: ApiServer) -> None:
    with ExitStack() as stack:
        begun, quiet, unused = (idle(small_api.port, stack, used=used) for used in (True, True, False))
        begun.send(POST + b"Content-Length: 2\r\n\r\n{")
        small_api.ask_to_stop()
        assert quiet.answer() is None, "closed at once"
        begun.send(b"}")
        answer = begun.answer()
        assert answer is not None
        assert answer.problem["code"] == "VALIDATION_FAILED", "not MALFORMED_JSON: its body was not late yet"
        assert answer.headers["connection"] == "close"
        assert begun.answer() is None
        unused.send(GET)
        last = unused.answer()
        assert last is None or last.headers["connection"] == "close"
        small_api.stop()
    assert "graceful timeout" not in small_api.log.read_text()


def test_a_stop_leaves_idle_connections_to_the_gateway(small_api: ApiServer, tmp_path: Path) -> None:
    """Envoy may just send a request that moves money, and would send it nowhere else."""
    with ExitStack() as stack:
        used, unused, silent = (idle(gateways(tmp_path), stack, used=used) for used in (True, False, True))
        quiet = idle(small_api.port, stack, used=True)
        small_api.ask_to_stop()
        assert quiet.answer() is None, "the stop has begun"
        for wire in (used, unused):
            wire.send(GET)
            last = wire.answer()
            assert last is not None
            assert last.headers["connection"] == "close"
            assert wire.answer() is None
        small_api.stop()
        assert silent.answer() is None
    assert "graceful timeout" not in small_api.log.read_text()
