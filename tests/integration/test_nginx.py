"""nginx as role nginx configures it: slow clients, limits, logs without card numbers, no POST sent twice."""

import json
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread
from typing import Any

import pytest
import requests

from payments.platform.problems import PROBLEMS
from stack.ports import free_port
from tests.nginx_role import Nginx, variables
from tests.servers import until
from tests.serving import Answer, Server, serving

CARD = "4111111111111111"
FORMS = [CARD, "4111-1111-1111-1111", "4111 1111 1111 1111", "4111.1111.1111.1111", "4111%201111%201111%201111"]
REQUEST_ID = "of-the-api"


@pytest.fixture
def upstream() -> Iterator[Server]:
    """An instance that answers everything."""
    with serving(lambda _request, _url: Answer(200, {}, {"X-Request-Id": REQUEST_ID})) as server:
        yield server


def port(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


@pytest.fixture
def started() -> Iterator[Callable[..., Nginx]]:
    """(upstreams' ports, role variables) → nginx, up."""
    with ExitStack() as stack:
        yield lambda *ports, **changed: stack.enter_context(Nginx(ports, **changed))


@contextmanager
def connected(nginx: Nginx, text: str) -> Iterator[socket.socket]:
    """A client that has sent `text`."""
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=60) as client:
        client.sendall(text.encode())
        yield client


def is_answered(client: socket.socket) -> bool:
    return bool(select.select([client], [], [], 0)[0])


def head(method: str = "POST", path: str = "/payments/authorize", length: int = 100) -> str:
    return f"{method} {path} HTTP/1.1\r\nHost: payops\r\nContent-Length: {length}\r\n\r\n"


def is_problem(answer: requests.Response, code: str) -> bool:
    """A complete problem, like the api's."""
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, body["status"], body["title"]) == (PROBLEMS[code][0], *PROBLEMS[code])
    assert body["requestId"] == answer.headers["X-Request-Id"]
    return bool(body["code"] == code)


@pytest.mark.parametrize("sent", ["", "GET /health HTTP/1.1\r\nHost: pay", head() + '{"merchantId":'])
def test_a_client_that_stops_in_the_middle_is_cut_and_no_instance_hears_of_it(
    upstream: Server, started: Callable[..., Nginx], sent: str
) -> None:
    with connected(started(port(upstream), nginx_client_seconds=1), sent) as client, suppress(ConnectionResetError):
        assert client.recv(1024) == b""
    assert upstream.requests == []


def test_one_address_has_only_so_many_requests_at_once(upstream: Server, started: Callable[..., Nginx]) -> None:
    nginx = started(port(upstream), nginx_client_requests_at_once=5, nginx_client_seconds=60)
    held: list[socket.socket] = []
    with ExitStack() as stack:

        def is_full() -> bool:
            held[:] = [client for client in held if not is_answered(client)]
            held.extend(stack.enter_context(connected(nginx, head())) for _ in range(5 - len(held)))
            return requests.get(f"{nginx.url}/health", timeout=5).status_code == 429  # it may be the fifth itself

        until(is_full, "all five are under way")
        refused = requests.get(f"{nginx.url}/health", timeout=5)
        assert is_problem(refused, "RATE_LIMIT_EXCEEDED")
        assert refused.headers["Retry-After"] == "1"
    until(lambda: requests.get(f"{nginx.url}/health", timeout=5).status_code == 200, "the others have gone")


def pipelined(nginx: Nginx, count: int) -> str:
    """The answers to that many requests in one packet."""
    request = "GET /health HTTP/1.1\r\nHost: payops\r\n"
    with connected(nginx, (request + "\r\n") * (count - 1) + request + "Connection: close\r\n\r\n") as client:
        return b"".join(iter(lambda: client.recv(65536), b"")).decode()


@pytest.mark.parametrize(("unlimited", "refused"), [([], True), (["127.0.0.1/32"], False)])
def test_one_address_has_only_so_many_requests_a_second(
    upstream: Server, started: Callable[..., Nginx], unlimited: list[str], refused: bool
) -> None:
    nginx = started(port(upstream), nginx_client_requests_per_second=1, nginx_unlimited=unlimited)
    said = pipelined(nginx, 20)
    assert said.count("HTTP/1.1 200") >= 2
    assert ("HTTP/1.1 429" in said) == refused


@pytest.mark.parametrize("alive", [True, False])
def test_no_log_has_a_card_number(upstream: Server, started: Callable[..., Nginx], alive: bool) -> None:
    nginx = started(port(upstream) if alive else free_port(), nginx_client_requests_per_second=20)
    for form in FORMS:
        for path in (f"/payments/{form}", f"/payments?merchantId={form}", f"/assets/{form}", f"/{form}"):
            headers = {"User-Agent": f"shop {form}", "Referer": f"http://shop/{form}", "Cookie": form}
            requests.get(f"{nginx.url}{path}", headers=headers, timeout=5)
            requests.get(f"http://127.0.0.1:{nginx.shop_port}{path}", headers=headers, timeout=5)
    requests.get(f"{nginx.url}/health", headers={"X-Request-Id": CARD}, timeout=5)
    requests.post(f"{nginx.url}/payments/{CARD}", data=b"x" * 70_000, timeout=5)
    pipelined(nginx, 100)
    logged = "".join(file.read_text() for file in nginx.folder.glob("*.log"))
    digits = "".join(letter for letter in logged if letter not in " .-_%20")
    assert len(nginx.access_log.read_text().splitlines()) > 2 * 4 * len(FORMS)
    assert "41111111" not in digits.replace("0", "")


def test_what_is_not_a_card_number_is_logged(upstream: Server, started: Callable[..., Nginx]) -> None:
    nginx = started(port(upstream))
    agent = 'Mozilla/5.0 (X11; rv:109.0) Gecko/20100101 Firefox/115.0 "quoted"'
    requests.get(f"{nginx.url}/payments/123456789?merchantId=M1", headers={"User-Agent": agent}, timeout=5)
    (line,) = until(lambda: nginx.access_log.read_text().splitlines(), "it is logged")
    entry = json.loads(line)
    assert (entry["path"], entry["agent"], entry["requestId"]) == ("/payments/123456789", agent, REQUEST_ID)


def test_the_api_gets_the_request_id_that_it_may_take_over(upstream: Server, started: Callable[..., Nginx]) -> None:
    nginx = started(port(upstream))
    for given in ("20251127123456-000123", "not good!"):
        requests.get(f"{nginx.url}/health", headers={"X-Request-Id": given}, timeout=5)
    good, other = [request.headers["x-request-id"] for request in upstream.requests]
    assert good == "20251127123456-000123"
    assert other != "not good!"


@contextmanager
def closing() -> Iterator[tuple[int, list[str]]]:
    """An instance that reads a request and closes the connection without an answer; and the requests' methods."""
    heard: list[str] = []

    def hear(client: socket.socket) -> None:
        heard.append(client.recv(65536).decode().partition(" ")[0])

    with accepting(hear) as port:
        yield port, heard


@contextmanager
def accepting(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of an instance that handles connections with `serve`, in parallel, and then closes them."""
    threads: list[Thread] = []

    def serve_one(client: socket.socket) -> None:
        with client:
            serve(client)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threads.append(Thread(target=serve_one, args=(client,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = Thread(target=accept)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (acceptor, *threads):
                thread.join()


@pytest.mark.parametrize(("method", "times"), [("POST", 1), ("PATCH", 1), ("GET", 2)])
def test_a_request_that_moves_money_is_never_sent_twice(started: Callable[..., Nginx], method: str, times: int) -> None:
    with closing() as (first, heard), closing() as (second, heard_too):
        nginx = started(first, second)
        answer = requests.request(method, f"{nginx.url}/payments/authorize", json={}, timeout=20)
    assert heard + heard_too == [method] * times
    assert is_problem(answer, "OUTCOME_UNKNOWN")
    assert answer.headers["Retry-After"] == "1"


def once(client: socket.socket) -> None:
    """Answer a first request, and close the connection at the second, as a reload may."""
    if client.recv(65536):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        client.recv(65536)


def test_a_kept_connection_that_an_instance_closes_costs_no_request() -> None:
    """A request that moves money is not sent twice, so it is never sent on a kept connection."""
    methods = ["GET", "POST", "GET", "PATCH", "GET", "DELETE", "GET", "HEAD"]
    with accepting(once) as port, Nginx([port]) as nginx:
        answers = [requests.request(method, f"{nginx.url}/payments/1", timeout=20) for method in methods]
    assert [answer.status_code for answer in answers] == [200] * len(methods)


def test_an_instance_that_is_not_there_is_passed_over(upstream: Server, started: Callable[..., Nginx]) -> None:
    nginx = started(free_port(), port(upstream))
    assert [requests.post(f"{nginx.url}/payments/authorize", json={}, timeout=20).status_code for _ in range(4)] == [
        200
    ] * 4


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (head("GET", "/payments/" + "a" * 9000, 0), "VALIDATION_FAILED"),
        (f"GET /payments HTTP/1.1\r\nHost: payops\r\nX-Long: {'a' * 9000}\r\n\r\n", "VALIDATION_FAILED"),
        ("GET /payments HTTP/1.1\r\n\r\n", "VALIDATION_FAILED"),  # no Host
        ("nonsense\r\n\r\n", "VALIDATION_FAILED"),
        ("POST /payments HTTP/1.1\r\nHost: payops\r\nContent-Length: many\r\n\r\n", "VALIDATION_FAILED"),
        (head(length=70_000), "PAYLOAD_TOO_LARGE"),
        (head("TRACE", "/payments", 0), "METHOD_NOT_ALLOWED"),
    ],
    ids=["long line", "long header", "no host", "nonsense", "bad length", "long body", "trace"],
)
def test_what_nginx_refuses_itself_is_a_problem(
    upstream: Server, started: Callable[..., Nginx], sent: str, code: str
) -> None:
    with connected(started(port(upstream)), sent) as client:
        said = client.recv(65536).decode()
    top, _, body = said.partition("\r\n\r\n")
    assert top.startswith(f"HTTP/1.1 {PROBLEMS[code][0]} "), said
    assert "content-type: application/problem+json" in top.lower()
    problem: dict[str, Any] = json.loads(body)
    assert (problem["code"], problem["title"]) == (code, PROBLEMS[code][1])
    assert upstream.requests == []


def test_its_problems_are_the_apis() -> None:
    for problem in variables()["_nginx_problems"]:
        assert PROBLEMS[problem["code"]] == (problem["status"], problem["title"])
