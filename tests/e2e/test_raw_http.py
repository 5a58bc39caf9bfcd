"""Malformed HTTP: every answer is a 4xx, within the promised time."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.e2e.gunicorn import ApiServer

_POST = b"POST /payments/authorize HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
_GET = b"GET /health/live HTTP/1.1\r\n"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder = tmp_path_factory.mktemp("raw")
    with ApiServer(f"sqlite:///{folder}/none.db", "redis://127.0.0.1:1/0") as server:
        yield server


def status(api: ApiServer, raw: bytes) -> int:
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        connection.sendall(raw)
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (_GET + b"Host: \xff\xfe\r\n\r\n", 200),
        (_GET + b"Host: [::1\r\n\r\n", 200),
        (_GET + b"Host:\r\nX-Request-Id: \xff\r\nAuthorization: \xff\r\n\r\n", 200),
        (b"GET /%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /payments?merchantId=%00&cursor=%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (_GET + b"X: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (_POST + b"Content-Length: -1\r\n\r\n", 400),
        (_POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (_POST + b"Content-Length: 99999999\r\n\r\n{}", 413),
        (_POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
        (_POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n", 400),
        (_POST + b"Transfer-Encoding: chunked\r\n\r\n4001\r\n" + b" " * 0x4001 + b"\r\n0\r\n\r\n", 413),
    ],
)
def test_odd_requests_have_plain_answers(api: ApiServer, raw: bytes, expected: int) -> None:
    assert status(api, raw) == expected


def test_head_and_body_of_an_answer_come_together(api: ApiServer) -> None:
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        for _ in range(50):  # two writes would sometimes come together by chance
            connection.sendall(_GET + b"Host: a\r\n\r\n")
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            assert len(body) == length > 0


@pytest.mark.alone
def test_a_body_that_does_not_arrive_is_not_waited_for(api: ApiServer) -> None:
    began = time.monotonic()
    assert status(api, _POST + b"Content-Length: 10\r\n\r\n{}") == 400
    assert time.monotonic() - began < 5
