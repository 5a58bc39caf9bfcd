"""The workers' HTTP server."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest
from prometheus_client import CollectorRegistry, Counter

from tests.servers import until
from worker import exposition
from worker.exposition import CONNECTION_LIMIT, Exposition, Health, PortTaken, serve


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("things", "Things", registry=registry).inc()
    return registry


def ask(server: Exposition, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def served(registry: CollectorRegistry, health: Health | None) -> Iterator[Exposition]:
    server = serve(0, registry, health)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(params=[(200, {"status": "UP"}), (503, {"status": "DOWN"})])
def health(request: pytest.FixtureRequest) -> Health:
    return lambda: request.param


@pytest.fixture
def server(registry: CollectorRegistry, health: Health) -> Iterator[Exposition]:
    yield from served(registry, health)


def test_metrics_are_served(server: Exposition) -> None:
    status, text = ask(server, "/metrics")
    assert (status, "things_total 1.0" in text) == (200, True)


def test_health_is_served_with_its_status(server: Exposition, health: Health) -> None:
    status, text = ask(server, "/health?x=1")
    assert (status, json.loads(text)) == health()


@pytest.fixture
def server_without_health(registry: CollectorRegistry) -> Iterator[Exposition]:
    yield from served(registry, None)


def test_without_health_there_are_metrics_everywhere(server_without_health: Exposition) -> None:
    assert "things_total 1.0" in ask(server_without_health, "/health")[1]


def test_a_taken_port_is_one_sentence(server_without_health: Exposition) -> None:
    port = server_without_health.server_address[1]
    with pytest.raises(PortTaken, match=rf"Port {port} is taken; .*WORKER_METRICS_PORT"):
        serve(port, CollectorRegistry())


def silent(server: Exposition, said: bytes = b"") -> socket.socket:
    connection = socket.create_connection(server.server_address, timeout=10)
    connection.sendall(said)
    return connection


def closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(100) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("said", [b"", b"GET /metr", b"GET /metrics HTTP/1.1\r\nHost: x\r\n"])
def test_silent_connections_take_no_threads_and_no_scrape_waits_for_them(
    server_without_health: Exposition, said: bytes
) -> None:
    before = threading.active_count()
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(silent(server_without_health, said))
        for _ in range(3):
            assert ask(server_without_health, "/metrics")[0] == 200
        assert threading.active_count() <= before


def test_of_too_many_connections_the_oldest_is_closed(
    server_without_health: Exposition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposition, "REQUEST_SECONDS", 600.0)
    with ExitStack() as stack:
        first = stack.enter_context(silent(server_without_health))
        for _ in range(CONNECTION_LIMIT):
            stack.enter_context(silent(server_without_health))
        assert closed(first)


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n"])
def test_a_silent_connection_is_closed(
    server_without_health: Exposition, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(exposition, "REQUEST_SECONDS", 0.2)
    with silent(server_without_health, said) as connection:
        assert closed(connection)


def test_a_client_that_reads_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch, registry: CollectorRegistry) -> None:
    monkeypatch.setattr(exposition, "REQUEST_SECONDS", 0.2)
    many = Counter("many", "More than sockets hold", ["name"], registry=registry)
    for number in range(600):
        many.labels(f"{number:010000}")
    server = serve(0, registry)
    with silent(server, b"GET / HTTP/1.1\r\n\r\n"):
        until(lambda: server.connections == 1, "it is asked")
        until(lambda: server.connections == 0, "it is let go")
    server.shutdown()


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"\x00\xff\xfe", 400),
        (b"GET /metrics", 400),
        (b"GET http://[ HTTP/1.1", 400),
        (b"POST /metrics HTTP/1.1", 405),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 70_000, 400),
        (b"GET /?name[]=things_total HTTP/1.1", 200),
    ],
)
def test_what_is_no_request_is_refused(server_without_health: Exposition, request_line: bytes, status: int) -> None:
    with silent(server_without_health, request_line + b"\r\n\r\n") as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 %d " % status)
    assert ask(server_without_health, "/metrics")[0] == 200


def test_only_this_machine_is_listened_to_unless_it_is_told_otherwise(
    server_without_health: Exposition, registry: CollectorRegistry
) -> None:
    assert server_without_health.server_address[0] == "127.0.0.1"
    elsewhere = serve(0, registry, host="127.0.0.2")
    assert elsewhere.server_address[0] == "127.0.0.2"
    elsewhere.shutdown()
    elsewhere.shutdown()


def test_an_address_of_another_machine_is_one_sentence() -> None:
    with pytest.raises(PortTaken, match="WORKER_METRICS_HOST must be"):
        serve(0, CollectorRegistry(), host="192.0.2.1")


def test_a_bug_in_health_is_no_end(registry: CollectorRegistry) -> None:
    def health() -> tuple[int, dict[str, str]]:
        raise ZeroDivisionError

    server = serve(0, registry, health)
    with silent(server, b"GET /health HTTP/1.1\r\n\r\n") as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 500 ")
    assert ask(server, "/metrics")[0] == 200
    server.shutdown()
