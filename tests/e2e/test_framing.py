"""A request's beginning and end are unambiguous: an ambiguous request is refused, and ends the connection."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.gunicorn import ApiServer
from tests.e2e.wire import Wire, answers

MERCHANT = "M1"
BODY = json.dumps({"merchantId": MERCHANT, "amount": 1, "currency": "KRW", "idempotencyKey": "k"}).encode()
HEAD = b"POST /payments/authorize HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
PAY = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET /health/live HTTP/1.1\r\n"
MOVE = b"POST /circuit-breaker/kafka-publisher/transition HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def api(sqlite_template: Path) -> Iterator[ApiServer]:
    with ApiServer(f"sqlite:///{sqlite_template.parent}/framing.db", "redis://127.0.0.1:1/0") as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def _database(sqlite_template: Path) -> None:
    (sqlite_template.parent / "framing.db").write_bytes(sqlite_template.read_bytes())


def paid(api: ApiServer) -> int:
    return len(api.get(f"/payments?merchantId={MERCHANT}").json()["items"])


UNREAD = {
    "too large": (HEAD + b"Content-Length: 99999\r\n\r\n", 413),
    "too large, in chunks": (CHUNKED + b"4001\r\n" + b" " * 0x4001 + b"\r\n", 413),
    "a broken chunk": (CHUNKED + b"ZZ\r\n", 400),
    "a chunk without its end": (CHUNKED + b"2\r\n{}XX", 400),
    "no admin token": (MOVE + b"Content-Length: 300\r\n\r\n", 401),
    "no such path": (b"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n", 404),
    "no such method": (b"PUT /payments/authorize HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n", 405),
    "a coding of the content": (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 300\r\n\r\n", 415),
    "a stacked coding": (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    "an unknown coding": (HEAD + b"Transfer-Encoding: br, chunked\r\n\r\n", 501),
    "a coding that ends nowhere": (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    "identity": (HEAD + b"Transfer-Encoding: identity\r\nContent-Length: 300\r\n\r\n", 501),
    "two lengths": (HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
    "a list of lengths": (HEAD + b"Content-Length: 2, 2\r\n\r\n{}", 400),
    "a length and chunks": (HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "an expectation": (HEAD + b"Expect: a-miracle\r\nContent-Length: 300\r\n\r\n", 417),
    "a long line": (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "a long header": (GET + b"Host: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
    "many headers": (GET + b"Host: a\r\n" + b"X: a\r\n" * 100 + b"\r\n", 431),
    "a folded header": (GET + b"Host: a\r\nX: a\r\n b\r\n\r\n", 400),
    "a header without a colon": (GET + b"Host: a\r\nAuthorization secret\r\n\r\n", 400),
    "no host": (GET + b"\r\n", 400),
    "bare line feeds": (b"GET /health/live HTTP/1.1\nHost: a\n\n", 400),
    "another protocol": (b"GET /health/live SIP/2.0\r\nHost: a\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "no protocol": (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
}


@pytest.mark.parametrize("kind", UNREAD)
def test_what_follows_a_refusal_is_no_request(api: ApiServer, kind: str) -> None:
    raw, status = UNREAD[kind]
    found = answers(api.port, raw + PAY)
    assert [answer.status for answer in found] == [status]
    assert found[0].problem["code"] != "OUTCOME_UNKNOWN"
    assert found[0].headers["connection"] == "close"
    assert (found[0].headers["cache-control"], found[0].headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert paid(api) == 0
    assert "secret" not in api.log.read_text()


LATE = {
    "in a chunk": CHUNKED + b"400\r\n{",
    "between chunks": CHUNKED + b"1\r\n{\r\n",
    "in a chunk's size": CHUNKED + b"40",
    "before the last line": CHUNKED + b"2\r\n{}\r\n0\r\n",
    "by length": HEAD + b"Content-Length: 1000\r\n\r\n{",
    "from the beginning": HEAD + b"Content-Length: 1000\r\n\r\n",
}


@pytest.fixture(scope="module")
def kept_waiting(api: ApiServer) -> Iterator[dict[str, Wire]]:
    """A connection of each kind, all of them waited for at the same time."""
    wires = {kind: Wire(api.port) for kind in LATE}
    for kind, wire in wires.items():
        wire.send(LATE[kind])
    yield wires
    for wire in wires.values():
        wire.socket.close()


@pytest.mark.parametrize("kind", LATE)
def test_the_rest_of_a_late_body_is_no_request(api: ApiServer, kept_waiting: dict[str, Wire], kind: str) -> None:
    wire = kept_waiting[kind]
    answer = wire.answer()
    assert answer is not None
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert answer.problem["code"] == "MALFORMED_JSON"
    wire.send(PAY * 5)
    assert wire.answer() is None
    assert paid(api) == 0


@pytest.mark.parametrize("kind", LATE)
def test_a_truncated_body_is_not_taken(api: ApiServer, kind: str) -> None:
    with Wire(api.port) as wire:
        wire.send(LATE[kind])
        wire.socket.shutdown(socket.SHUT_WR)
        found = list(iter(wire.answer, None))
    assert [(answer.status, answer.headers["connection"]) for answer in found] == [(400, "close")]
    assert paid(api) == 0


SINGLE = ("Idempotency-Key", "X-Request-Id", "traceparent", "Authorization", "Content-Type", "Host", "X-Forwarded-For",
          "Forwarded", "X-Real-IP", "X-Forwarded-Proto", "Content-Encoding")  # fmt: skip


@pytest.mark.parametrize("name", SINGLE)
def test_a_header_with_one_value_comes_once(api: ApiServer, name: str) -> None:
    value = {"Content-Type": "application/json", "Host": "a"}.get(name, "x")
    line = f"{name}: {value}\r\n".encode()
    head = b"POST /payments/authorize HTTP/1.1\r\n" + b"".join(
        given for given in (b"Host: a\r\n", b"Content-Type: application/json\r\n") if given != line
    )
    found = answers(api.port, head + line + line.lower() + PAY[len(HEAD) :] + PAY)
    assert [(answer.status, answer.problem["code"]) for answer in found] == [(400, "VALIDATION_FAILED")]
    assert found[0].problem["errors"][0]["field"].lower() == name.lower()
    assert paid(api) == 0


def test_a_refusal_of_gunicorn_has_the_request_id_and_the_path(api: ApiServer) -> None:
    (answer,) = answers(api.port, GET + b"Host: a\r\ntraceparent: a\r\ntraceparent: b\r\nX-Request-Id: mine\r\n\r\n")
    assert (answer.problem["requestId"], answer.problem["instance"]) == ("mine", "/health/live")


def test_the_application_is_where_it_is(api: ApiServer) -> None:
    (answer,) = answers(api.port, GET + b"Host: a\r\nConnection: close\r\nSCRIPT_NAME: /x\r\n\r\n")
    assert answer.status == 200


def test_requests_that_are_all_right_go_one_after_the_other(api: ApiServer) -> None:
    get = GET + b"Host: a\r\n"
    broken = HEAD + b"Content-Length: 2\r\n\r\n{}" + CHUNKED + b"2\r\n{}\r\n0\r\n\r\n"
    found = answers(api.port, get + b"\r\n" + broken + get + b"Connection: close\r\n\r\n" + PAY)
    assert [answer.status for answer in found] == [200, 400, 400, 200]
    assert paid(api) == 0
