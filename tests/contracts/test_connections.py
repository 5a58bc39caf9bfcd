"""HTTP to an acquirer that does anything: what was not sent is certain, a deadline holds, and nothing is sent twice."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

import pytest

from payments.acquiring.connections import LARGEST_ANSWER, Connections
from payments.acquiring.connector import Seen
from stack.ports import free_port
from tests.contracts.scripted_server import (
    LONG,
    OK,
    SHORT,
    STEP,
    Asker,
    Script,
    Scripted,
    answer,
    hang_up,
    letters,
    say,
    serving,
    silent,
)
from tests.repo.sources import ROOT

PATCHED = ".".join(("gevent", "monkey"))
"""Patches a process of its own, as app/wsgi.py does; this one stays as it is."""
Ask = Callable[..., tuple[Asker, Scripted]]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """A server with a script, and connections to it."""
    with ExitStack() as stack:

        def begin(script: Script, size: int = 2) -> tuple[Asker, Scripted]:
            server = stack.enter_context(serving(script))
            asker = Asker(server.url, size)
            stack.callback(asker.connections.close)
            return asker, server

        yield begin


def test_a_connection_is_kept(ask: Ask) -> None:
    asker, server = ask(say(OK))
    assert [asker.status() for _ in range(3)] == [200] * 3
    assert (server.connections, len(server.requests)) == (1, 3)


def test_a_connection_that_was_closed_meanwhile_is_not_used(ask: Ask) -> None:
    asker, server = ask(say(OK, then=hang_up))
    for number in (1, 2, 3):
        server.hung_up.clear()
        assert asker.status() == 200
        assert server.hung_up.wait(LONG)
        assert (server.connections, len(server.requests)) == (number, number)


def test_a_connection_that_ends_with_the_request_is_lost_and_not_tried_again(ask: Ask) -> None:
    answers = [say(OK), hang_up]

    def next_answer(client: socket.socket) -> None:
        answers.pop(0)(client)

    asker, server = ask(next_answer)
    assert asker.status() == 200
    assert asker.seen() is Seen.LOST
    assert len(server.requests) == 2


def test_what_follows_an_answer_answers_nothing(ask: Ask) -> None:
    said = Event()
    asker, server = ask(say(OK, answer("201 Created"), then=lambda _: said.set(), pause=STEP))
    for number in (1, 2):
        said.clear()
        assert asker.status() == 200
        assert said.wait(LONG)
        assert server.connections == number


@pytest.mark.parametrize("header", ["Connection: close", "Location: /elsewhere"])
def test_each_answer_is_read_once(ask: Ask, header: str) -> None:
    asker, server = ask(say(answer("302 Found", b"{}", header)))
    assert [asker.status(), asker.status()] == [302, 302]
    assert len(server.requests) == 2


def test_a_refused_connection_is_none() -> None:
    assert Asker(f"http://127.0.0.1:{free_port()}", 1).seen() is Seen.NOT_CONNECTED


def test_without_time_nothing_is_sent(ask: Ask) -> None:
    asker, server = ask(say(OK))
    assert asker.seen(1e-9) is Seen.NO_TIME
    assert asker.status() == 200
    assert asker.seen(1e-9) is Seen.NO_TIME
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "script",
    [
        silent,
        say(*letters(OK), pause=STEP),
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", *letters(b'{"a": "' + b"b" * 31 + b'"}'), pause=STEP),
        say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\n \r\n"] * 40, pause=STEP),
        say(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 40, OK, pause=STEP),
        say(b"HTTP/1.1 200 OK\r\n\r\n{}", then=silent),
    ],
    ids=["silence", "head", "body", "chunks", "continue", "without its end"],
)
def test_a_deadline_holds_however_slowly_bytes_come(ask: Ask, script: Script) -> None:
    asker, server = ask(script)
    assert asker.seen(SHORT) is Seen.TIMED_OUT
    assert asker.seen(SHORT) is Seen.TIMED_OUT
    assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"\x00\xff\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfish\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n{}",
    ],
)
def test_what_is_no_whole_answer_is_lost(ask: Ask, told: bytes) -> None:
    asker, server = ask(say(told, then=hang_up))
    assert asker.seen() is Seen.LOST
    assert len(server.requests) == 1


def test_an_endless_answer_is_not_read(ask: Ask) -> None:
    asker, _ = ask(say(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (LARGEST_ANSWER + 1), then=silent))
    assert asker.seen() is Seen.UNREADABLE
    asker, _ = ask(say(answer("200 OK", b" " * LARGEST_ANSWER)))
    assert asker.status() == 200


def test_no_more_connections_than_it_has(ask: Ask) -> None:
    arrived, go_on = Event(), Event()

    def held(client: socket.socket) -> None:
        arrived.set()
        assert go_on.wait(LONG)
        client.sendall(OK)

    asker, server = ask(held, 1)
    first = Thread(target=asker.status)
    first.start()
    assert arrived.wait(LONG)
    assert asker.seen() is Seen.TOO_MANY_CALLS
    go_on.set()
    first.join(LONG)
    assert asker.status() == 200
    assert (server.connections, len(server.requests)) == (1, 2)


def test_no_proxy_of_the_environment_is_asked(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    asker, _ = ask(say(OK))
    assert asker.status() == 200


@pytest.mark.parametrize(
    "url", ["ftp://host", "host:80", "http://", "http://host/path", "http://host?x/", "http://key@host"]
)
def test_an_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        Connections(url, {}, 1)


@pytest.mark.parametrize("key", ["hush\r\nx: y", "hüsh", "hush\x00"])
def test_a_key_that_is_no_header_is_refused_unseen(key: str) -> None:
    with pytest.raises(ValueError, match="visible ASCII") as refused:
        Connections("http://host", {"Authorization": key}, 1)
    assert "sh" not in str(refused.value).replace("should", "")


def test_all_of_this_holds_for_greenlets(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    command = [sys.executable, "-m", PATCHED, "--module", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    files = [str(request.path), str(request.path.with_name("test_connections_over_tls.py"))]
    chosen = ["-k", f"not {request.node.name}", f"--basetemp={tmp_path / 'greenlets'}"]
    done = subprocess.run(
        [*command, *files, *chosen], cwd=ROOT, capture_output=True, text=True, timeout=6 * LONG, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
