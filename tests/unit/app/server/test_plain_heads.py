"""What is read as a plain head is what gunicorn reads: no head that gunicorn refuses, and nothing read differently."""

from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.unreader import IterUnreader
from hypothesis import example, given
from hypothesis import strategies as st

from app.server.framing import StrictRequest
from app.server.plain_heads import PlainHeads

HOST = b"Host: a\r\n"
POST = b"POST /payments/authorize HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
GET = b"GET /payments?merchantId=M1&limit=2 HTTP/1.1\r\n"
PLAIN = {
    "k6": POST + b"User-Agent: k6/1.0\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
    "Envoy": b"GET /p HTTP/1.1\r\nhost: pay.example\r\nx-forwarded-for: 10.1.2.3\r\nx-forwarded-proto: https\r\n\r\n",
    "requests": GET + HOST + b"Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
    "curl": GET + b"Host: [::1]:8080\r\nConnection: close\r\nX-Empty:\r\n\r\n",
    "a browser": b"GET /%C3%A4?a=%2F HTTP/1.1\r\nHost: localhost\r\nCookie: a=b; c=d\r\nDNT: 1\r\n\r\n",
    "pipelined": POST + b"Content-Length: 2\r\n\r\n{}" + GET + HOST + b"\r\n",
    "the beginning of a body": POST + b"Content-Length: 200\r\n\r\n{",
}
ENDS = {
    "TCP": (("127.0.0.1", 50000), ("127.0.0.1", 8080)),
    "TCP, not a proxy of ours": (("10.0.0.9", 50000), ("10.0.0.1", 8080)),
    "a Unix socket": (b"", "/run/api.sock"),
}
PIECES = (
    b"\r\n", b"\r", b"\n", b"\0", b"\t", b" ", b":", b",", b"#", b"?", b"//", b"%", b"_", b"*", b"\x7f", b"\xff",
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"http://a", b"get", b"CONNECT", b"0", b"\xc2\xb2", b"+1",
    b"\r\nContent-Length: 2", b"\r\nContent-Length: 2, 2", b"\r\ncontent-length: 1", b"\r\nTransfer-Encoding: chunked",
    b"\r\nTransfer-Encoding : chunked", b"\r\nExpect: 100-continue", b"\r\nExpect: a", b"\r\nHost: b", b"\r\nX-A: b",
    b"\r\nX_A: b", b"\r\n folded", b"\r\nX-Forwarded-Proto: http", b"\r\nX-Forwarded-Ssl: on", b"\r\nSCRIPT_NAME: /",
    b"\r\nConnection: Close", b"\r\nConnection: close, te", b"\r\nUpgrade: h2c", b"\r\n\r\n",
)  # fmt: skip
ONLY_OF_GUNICORN = {"gunicorn.socket", "wsgi.early_hints", "wsgi.errors", "wsgi.input"}
"""Of a WSGI environment: unused, or objects."""


def settings(**given: int) -> Config:
    """gunicorn's, with our limits."""
    cfg = Config()
    limits = {"limit_request_line": 4094, "limit_request_fields": 64, "limit_request_field_size": 4096}
    for name, value in {**limits, "forwarder_headers": "", **given}.items():
        cfg.set(name, value)
    return cfg


CFG = settings()


def left(unreader: IterUnreader) -> bytes:
    return b"".join(iter(unreader.read, b""))


def facts(request: Any, environ: dict[str, Any], unreader: IterUnreader) -> dict[str, Any]:
    """All that matters of a request, its body read to the end."""
    before = request.should_close()
    body = environ["wsgi.input"].read()
    kept = {key: value for key, value in environ.items() if key not in ONLY_OF_GUNICORN}
    path = request.path
    return {**kept, "": (before, body, request.should_close(), left(unreader), request.version, request.method, path)}


def plainly(raw: bytes, ends: str = "TCP", cfg: Config = CFG) -> dict[str, Any] | None:
    unreader = IterUnreader([])
    request = PlainHeads(cfg, *ENDS[ends]).read(raw, unreader)
    return None if request is None else facts(request, request.environ, unreader)


def by_gunicorn(raw: bytes, ends: str = "TCP") -> dict[str, Any]:
    """Raises what gunicorn raises."""
    unreader = IterUnreader([raw])
    client, server = ENDS[ends]
    request = StrictRequest(CFG, unreader, client)
    _, environ = wsgi.create(request, None, client, server, CFG)
    return facts(request, {**environ, "wsgi.multithread": True}, unreader)


@st.composite
def spliced(draw: st.DrawFn) -> bytes:
    """A plain head, of which a few bytes are replaced by what makes heads ambiguous."""
    raw = draw(st.sampled_from([*PLAIN.values()]))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.sampled_from((start, start, start + 1, start + 2)))
        raw = raw[:start] + draw(st.sampled_from(PIECES)) + raw[end:]
    return raw


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("client", PLAIN)
def test_heads_of_usual_clients_are_plain_and_read_as_by_gunicorn(client: str, ends: str) -> None:
    found = plainly(PLAIN[client], ends)
    assert found is not None
    assert found == by_gunicorn(PLAIN[client], ends)


@given(raw=spliced(), ends=st.sampled_from([*ENDS]))
@example(raw=GET + HOST + b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n\r\n", ends="a Unix socket")
@example(raw=b"GET //a HTTP/1.1\r\n" + HOST + b"\r\n", ends="TCP")
@example(raw=b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n", ends="TCP")
@example(raw=GET + HOST + b"Content-Length: \r\n\r\n", ends="TCP")
def test_whatever_is_read_plainly_is_read_as_by_gunicorn(raw: bytes, ends: str) -> None:
    found = plainly(raw, ends)
    assert found is None or found == by_gunicorn(raw, ends)


AMBIGUOUS = {
    "an empty host": GET + b"Host:\r\n\r\n",
    "no host": GET + b"Accept: a\r\n\r\n",
    "a name twice": GET + HOST + b"X-A: b\r\nx-a: c\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an expectation": POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    "no number": POST + b"Content-Length: +2\r\n\r\n{}",
    "a space before the colon": GET + HOST + b"X-A : b\r\n\r\n",
    "a tab": GET + HOST + b"X-A:\tb\r\n\r\n",
    "an underscore": GET + HOST + b"X_A: b\r\n\r\n",
    "a fold": GET + HOST + b"X-A: b\r\n c\r\n\r\n",
    "a bare line feed": GET + HOST + b"X-A: b\nX-B: c\r\n\r\n",
    "a bare return": GET + HOST + b"X-A: b\rX-B: c\r\n\r\n",
    "no ASCII": GET + HOST + b"X-A: \xe9\r\n\r\n",
    "an absolute target": b"GET http://a/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "an older version": b"GET / HTTP/1.0\r\n" + HOST + b"\r\n",
    "two schemes": GET + HOST + b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: on\r\n\r\n",
    "a part of a head": GET + HOST,
    "an empty line before it": b"\r\n" + GET + HOST + b"\r\n",
}


@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_a_head_that_is_not_plain_is_left_to_gunicorn(kind: str) -> None:
    assert plainly(AMBIGUOUS[kind]) is None


def test_limits_are_left_to_gunicorn() -> None:
    head = GET + HOST + b"X-A: b\r\n\r\n"
    assert plainly(head, cfg=settings(limit_request_fields=2)) is not None
    assert plainly(head, cfg=settings(limit_request_fields=1)) is None
    assert plainly(head, cfg=settings(limit_request_line=len(head))) is not None
    assert plainly(head, cfg=settings(limit_request_line=len(head) - 1)) is None
    assert plainly(head, cfg=settings(limit_request_field_size=len(head) - 1)) is None


def test_a_path_that_gunicorn_cuts_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPT_NAME", "/payments")
    assert plainly(GET + HOST + b"\r\n") is None
