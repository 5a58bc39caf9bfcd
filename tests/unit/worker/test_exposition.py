"""The workers' small HTTP server."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer

import pytest
from prometheus_client import CollectorRegistry, Counter

from worker.exposition import Health, PortTaken, serve


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("things", "Things", registry=registry).inc()
    return registry


def ask(server: ThreadingHTTPServer, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def served(registry: CollectorRegistry, health: Health | None) -> Iterator[ThreadingHTTPServer]:
    server = serve(0, registry, health)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(params=[(200, {"status": "UP"}), (503, {"status": "DOWN"})])
def health(request: pytest.FixtureRequest) -> Health:
    return lambda: request.param


@pytest.fixture
def server(registry: CollectorRegistry, health: Health) -> Iterator[ThreadingHTTPServer]:
    yield from served(registry, health)


def test_metrics_are_served(server: ThreadingHTTPServer) -> None:
    status, text = ask(server, "/metrics")
    assert (status, "things_total 1.0" in text) == (200, True)


def test_health_is_served_with_its_status(server: ThreadingHTTPServer, health: Health) -> None:
    status, text = ask(server, "/health?x=1")
    assert (status, json.loads(text)) == health()


@pytest.fixture
def server_without_health(registry: CollectorRegistry) -> Iterator[ThreadingHTTPServer]:
    yield from served(registry, None)


def test_without_health_there_are_metrics_everywhere(server_without_health: ThreadingHTTPServer) -> None:
    assert "things_total 1.0" in ask(server_without_health, "/health")[1]


def test_a_taken_port_is_one_sentence(server_without_health: ThreadingHTTPServer) -> None:
    port = server_without_health.server_address[1]
    with pytest.raises(PortTaken, match=rf"Port {port} is taken; .*WORKER_METRICS_PORT"):
        serve(port, CollectorRegistry())
