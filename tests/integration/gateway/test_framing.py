"""Ambiguous HTTP ends at the gateway: of none of it, and of nothing that follows it, does an instance hear.

What Envoy reads more leniently than the api does reaches an instance as Envoy read it, written anew.
"""

import pytest

from tests.e2e.test_framing import BODY, CHUNKED, HEAD, LATE, PAY, UNREAD
from tests.integration.gateway.clients import Gate, asked, said_to
from tests.serving import Server

GET = b"GET /ready HTTP/1.1\r\n"
CLEAR = {
    "no admin token",
    "no such path",
    "no such method",
    "a coding of the content",
    "a long line",
    "a long header",
    "an expectation",
    "too large",
    "a folded header",
    "bare line feeds",
}
"""Of the api's refusals: what has one meaning, so that the api answers it; and what is rewritten."""
LAST = PAY.replace(b"Host: a\r\n", b"Host: a\r\nConnection: close\r\n")
SMUGGLED = {kind: raw for kind, (raw, _) in UNREAD.items() if kind not in CLEAR} | {
    "CL.TE": HEAD + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "TE.CL": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n" + b"G" * 92 + b"\r\n0\r\n\r\n",
    "two codings": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "the same coding twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "a coding like chunked": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding with a tab": HEAD + b"Transfer-Encoding:\tchunk\tchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a coding behind a line feed": HEAD + b"X: a\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "an underscore": HEAD + b"Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "a length with a sign": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": HEAD + b"Content-Length: -2\r\n\r\n{}",
    "a length in hex": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "a length with a letter": HEAD + b"Content-Length: 2a\r\n\r\n{}",
    "an empty length": HEAD + b"Content-Length: \r\n\r\n{}",
    "a length that is too long": HEAD + b"Content-Length: 99999999999999999999999999\r\n\r\n{}",
    "two different lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a chunk with a sign": CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n",
    "a chunk in 0x": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a negative chunk": CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n",
    "a chunk that is too long": CHUNKED + b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "a chunk that ends at a line feed": CHUNKED + b"2\n{}\r\n0\r\n\r\n",
    "a NUL in a header": GET + b"Host: a\r\nX: a\0b\r\n\r\n",
    "a control character in a name": GET + b"Host: a\r\nX\x01: a\r\n\r\n",
    "an empty name": GET + b"Host: a\r\n: a\r\n\r\n",
    "HTTP/1.0": b"GET /health HTTP/1.0\r\n\r\n",
    "HTTP/0.9": b"GET /health\r\n",
    "HTTP/3.0": b"GET /health HTTP/3.0\r\nHost: a\r\n\r\n",
    "a space in the path": b"GET /health live HTTP/1.1\r\nHost: a\r\n\r\n",
    "a NUL in the path": b"GET /health%00\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a web socket": GET + b"Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "two hosts": GET + b"Host: a\r\nHost: b\r\n\r\n",
}
REWRITTEN = {
    "a folded header": (GET + b"Host: a\r\nX: a\r\n b\r\n\r\n", "a b", b""),
    "bare line feeds": (b"GET /ready HTTP/1.1\nHost: a\n\n", None, b""),
    "a carriage return in a header": (GET + b"Host: a\r\nX: a\rb\r\n\r\n", "ab", b""),
    "an upgrade to HTTP/2": (GET + b"Host: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", None, b""),
    "a chunk with a space": (CHUNKED + b"2 1\r\n{}\r\n0\r\n\r\n", None, b"{}"),
    "a coding behind a carriage return": (
        GET + b"Host: a\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n",
        "aTransfer-Encoding: chunked",
        b"",
    ),
}


@pytest.mark.parametrize("kind", SMUGGLED)
def test_nothing_passes(gate: Gate, instance: Server, kind: str) -> None:
    said = gate.said(SMUGGLED[kind] + LAST)
    assert [request.path for request in asked(instance)] == []
    assert said.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5", b"HTTP/1.0 4")) or said == b"", said
    assert b"\r\nHTTP/1." not in said, "it answered what follows, too"


@pytest.mark.parametrize("kind", REWRITTEN)
def test_an_instance_hears_what_the_gateway_read(gate: Gate, instance: Server, kind: str) -> None:
    sent, header, body = REWRITTEN[kind]
    gate.said(sent + LAST)
    first, second = asked(instance)
    assert (first.headers.get("x"), first.body) == (header, body)
    assert {"transfer-encoding", "upgrade"}.isdisjoint(first.headers)
    assert second.body == BODY


@pytest.mark.parametrize("sent", [UNREAD["too large"][0], b"CONNECT a:22 HTTP/1.1\r\nHost: a:22\r\n\r\n"])
def test_what_does_not_end_is_given_up(instance: Server, impatient: Gate, sent: bytes) -> None:
    assert impatient.said(sent + PAY).startswith(b"HTTP/1.1 408 ")
    assert asked(instance) == []


@pytest.mark.parametrize("kind", LATE)
def test_a_body_that_does_not_end_is_no_request(gate: Gate, instance: Server, kind: str) -> None:
    with gate.connected() as client:
        client.sendall(LATE[kind])
    gate.get("/after")
    assert [request.path for request in asked(instance)] == ["/after"]


def test_requests_that_are_all_right_go_one_after_the_other(gate: Gate, instance: Server) -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    with gate.connected() as client:
        said = said_to(
            client, PAY + chunked + GET.replace(b"live", b"ready") + b"Host: a\r\nConnection: close\r\n\r\n" + PAY
        )
    assert said.count(b"HTTP/1.1 200 ") == 3
    assert [request.body for request in asked(instance)] == [BODY, BODY, b""]
    assert [request.headers["content-length"] for request in asked(instance)[:2]] == [str(len(BODY))] * 2


def test_another_authority_is_passed_on_as_the_host(gate: Gate, instance: Server) -> None:
    gate.said(b"GET http://elsewhere/a HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
    assert [(request.path, request.headers["host"]) for request in asked(instance)] == [("/a", "elsewhere")]
