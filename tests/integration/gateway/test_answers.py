"""What the gateway answers when an instance does not, what it sends again, and what it never does."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import pytest

from stack.ports import free_port
from tests.integration.gateway.clients import asked, is_problem
from tests.integration.gateway.conftest import Start, port
from tests.integration.gateway.instances import accepting
from tests.servers import until
from tests.serving import Answer, Request, Server, serving

LIVE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextmanager
def failing(fail: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[str]]]:
    """An instance that is alive, and does `fail` with every other request; its port, and the requests' methods."""
    heard: list[str] = []

    def serve(client: socket.socket) -> None:
        said = client.recv(65536)
        if b" /health/live " in said:
            client.sendall(LIVE)
        elif said:
            heard.append(said.decode().partition(" ")[0])
            fail(client)

    with accepting(serve) as listening:
        yield listening, heard


def close(_client: socket.socket) -> None:
    """Close the connection without an answer."""


@pytest.mark.parametrize(("method", "times"), [("POST", 1), ("PATCH", 1), ("DELETE", 1), ("GET", 2)])
def test_what_may_move_money_is_never_sent_twice(start: Start, method: str, times: int) -> None:
    with failing(close) as (first, heard), failing(close) as (second, heard_too):
        answer = start(first, second).ask(method, "/payments/authorize", json={})
    assert heard + heard_too == [method] * times
    assert is_problem(answer, 503, "GATEWAY_OUTCOME_UNKNOWN")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(("method", "times"), [("POST", 1), ("GET", 2)])
def test_so_it_is_when_there_is_no_answer_in_time(start: Start, method: str, times: int) -> None:
    over = Event()

    def silent(_client: socket.socket) -> None:
        over.wait(60)

    with failing(silent) as (first, heard), failing(silent) as (second, heard_too):
        answer = start(first, second, envoy_answer_seconds=3).ask(method, "/payments/authorize", json={})
        over.set()
    assert heard + heard_too == [method] * times
    assert is_problem(answer, 504, "GATEWAY_TIMEOUT")
    assert answer.elapsed.total_seconds() < 5.5, "of both tries together"


@pytest.mark.parametrize("path", ["/ledger/entries.csv?limit=1", "/payout-files/1/content"])
def test_a_file_may_take_longer_than_its_beginning(start: Start, path: str) -> None:
    def slow(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\na")
        Event().wait(1.5)
        client.sendall(b"b")

    with failing(slow) as (listening, _heard):
        answer = start(listening, envoy_answer_seconds=1).get(path)
    assert answer.content == b"ab"


def test_an_instance_that_is_not_there_is_passed_over(instance: Server, start: Start) -> None:
    gate = start(free_port(), port(instance))
    assert [gate.post("/payments/authorize", json={}).status_code for _ in range(6)] == [200] * 6
    assert len(asked(instance)) == 6


def test_where_no_instance_is_nothing_was_done(start: Start) -> None:
    answer = start(free_port()).post("/payments/authorize", json={})
    assert is_problem(answer, 503, "GATEWAY_UNAVAILABLE")
    assert "Nothing was done" in answer.json()["detail"]


def test_an_answer_of_the_api_passes_unchanged(start: Start) -> None:
    statuses = [400, 401, 404, 413, 429, 431, 500, 502, 503, 504]
    problem = {"code": "OUTCOME_UNKNOWN", "requestId": "r"}
    headers = {"Content-Type": "application/problem+json", "X-Request-Id": "r", "Retry-After": "7"}

    def answer(request: Request, _url: str) -> Answer:
        return Answer(200) if request.path == "/health/live" else Answer(int(request.path[1:]), problem, headers)

    with serving(answer) as server:
        gate = start(port(server))
        answers = [gate.post(f"/{status}", json={}) for status in statuses]
        assert len(asked(server)) == len(statuses)
    assert [(answer.status_code, answer.json()) for answer in answers] == [(status, problem) for status in statuses]
    assert all(answer.headers[name] == value for answer in answers for name, value in headers.items())


def test_failures_of_the_api_do_not_eject_an_instance(start: Start) -> None:
    with serving(lambda request, _url: Answer(200 if request.path == "/health/live" else 503, {})) as server:
        gate = start(port(server))
        assert [gate.post("/payments", json={}).json() for _ in range(20)] == [{}] * 20


def test_a_drained_instance_gets_nothing_new_and_ends_what_it_has(start: Start) -> None:
    going_on, asked_once = Event(), Event()

    def slow(client: socket.socket) -> None:
        asked_once.set()
        going_on.wait(60)
        client.sendall(LIVE)

    with failing(slow) as (old, heard), serving(lambda _request, _url: Answer(200, {})) as new:
        gate = start(old, port(new), envoy_drained_instances=[port(new)])
        with gate.connected(b"POST /payments HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}") as client:
            assert asked_once.wait(60)
            gate.envoy.configure("endpoints", envoy_drained_instances=[old])
            until(
                lambda: f"127.0.0.1:{port(new)}::health_flags::healthy" in gate.envoy.admin("/clusters"), "it is read"
            )
            assert [gate.post("/payments", json={}).status_code for _ in range(6)] == [200] * 6
            going_on.set()
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert heard == ["POST"]


def test_new_listeners_cost_no_request(start: Start) -> None:
    going_on, asked_once = Event(), Event()

    def slow(client: socket.socket) -> None:
        asked_once.set()
        going_on.wait(60)
        client.sendall(LIVE)

    with failing(slow) as (old, _heard):
        gate = start(old)
        with gate.connected(b"POST /payments HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}") as client:
            assert asked_once.wait(60)
            gate.envoy.configure(envoy_client_seconds=4)
            until(
                lambda: (
                    json.loads(gate.envoy.admin("/stats?filter=lds.update_success&format=json"))["stats"][0]["value"]
                    >= 2
                ),
                "new listeners",
            )
            going_on.set()
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")


KINDS = {
    "/assets/a.js": "text/javascript",
    "/assets/b.js": "application/javascript",
    "/assets/a.css": "text/css",
    "/assets/a.svg": "image/svg+xml",
    "/assets/a.woff2": "font/woff2",
    "/payments": "application/json",
    "/": "text/html",
}


def test_files_of_the_shop_are_compressed_and_no_answer_of_the_api(start: Start) -> None:
    def answer(request: Request, _url: str) -> Answer:
        return Answer(200, "x" * 10_000, {"Content-Type": KINDS.get(request.path, "text/plain")})

    with serving(answer) as server:
        gate = start(port(server))
        answers = {path: gate.get(path) for path in KINDS}
    assert {answer.json() for answer in answers.values()} == {"x" * 10_000}
    compressed = [path for path in KINDS if answers[path].headers.get("Content-Encoding") == "gzip"]
    assert compressed == ["/assets/a.js", "/assets/b.js", "/assets/a.css", "/assets/a.svg"]
