"""A server on a raw socket, which reads each request whole and lets a script answer; and connections that ask it."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import BinaryIO, Final

import pytest

from payments.acquiring.connections import Connections, NoReply
from payments.acquiring.connector import Seen

LONG: Final = 20.0
"""Seconds in which everything here is answered; the slowest test takes 1."""
SHORT: Final = 0.3
STEP: Final = 0.05
Script = Callable[[socket.socket], None]
"""Called after each request; the connection is kept until `hang_up`, or a script that raises OSError."""


@dataclass
class Scripted:
    """What it was asked. `hung_up`: it has closed a connection."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    hung_up: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        """Over HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """Over TLS."""
        return f"https://127.0.0.1:{self.port}"


def answer(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    """The bytes of an answer with its length."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


OK: Final = answer("200 OK")


def hang_up(_client: socket.socket) -> None:
    """Close the connection."""
    raise ConnectionAbortedError


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """Serve connections, each in a thread, until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        scripted = Scripted(listener.getsockname()[1])
        clients: list[socket.socket] = []
        threads: list[Thread] = []

        def accept() -> None:
            with suppress(OSError):  # the listener is shut down at the end
                while True:
                    clients.append(listener.accept()[0])
                    scripted.connections += 1
                    threads.append(Thread(target=_serve, args=(clients[-1], script, scripted, tls)))
                    threads[-1].start()

        accepting = Thread(target=accept)
        accepting.start()
        try:
            yield scripted
        finally:
            for each in (listener, *clients):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        for thread in (accepting, *threads):
            thread.join(LONG)
            assert not thread.is_alive()


def _serve(client: socket.socket, script: Script, scripted: Scripted, tls: ssl.SSLContext | None) -> None:
    with client, suppress(OSError):
        spoken = client.dup() if tls is None else tls.wrap_socket(client.dup(), server_side=True)
        with spoken, spoken.makefile("rb") as stream:
            while request := _read(stream):
                scripted.requests.append(request)
                script(spoken)
    scripted.hung_up.set()


def _read(stream: BinaryIO) -> bytes:
    """One request; empty at the end."""
    head, length = b"", 0
    while (line := stream.readline()) not in (b"", b"\r\n"):
        head += line
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return head + line + stream.read(length) if line else b""


class Asker:
    """Connections to one server."""

    def __init__(self, url: str, size: int, ca: str | None = None) -> None:
        self.connections = Connections(url, {"Authorization": "Bearer hush"}, size, ca)

    def status(self, within: float = LONG) -> int:
        return self.connections.ask("POST", "/", {}, b"{}", within).status

    def seen(self, within: float = LONG) -> Seen:
        with pytest.raises(NoReply) as failure:
            self.connections.ask("POST", "/", {}, b"{}", within)
        return failure.value.seen


def say(*parts: bytes, then: Script = lambda _: None, pause: float = 0.0) -> Script:
    def script(client: socket.socket) -> None:
        for part in parts:
            client.sendall(part)
            if pause:
                Event().wait(pause)
        then(client)

    return script


def silent(client: socket.socket) -> None:
    client.recv(1)  # until the other side, or the end of the test, closes it


def letters(text: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in text]
