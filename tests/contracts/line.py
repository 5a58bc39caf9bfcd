"""A TCP proxy to a server that a test can cut or slow down; it can also cut itself at a given text."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from threading import Event, Lock, Thread
from typing import Final

_CHUNK: Final = 65536


class Cut(Enum):
    """What happens to the message at which the line is cut."""

    BEFORE = "it never arrives"
    AFTER = "it arrives, but no answer comes back"


class Line:
    """Listens on a free port of its own and carries bytes both ways; `cuts` counts the planned cuts that happened.

    `delay`: seconds added to every answer of the server.
    """

    def __init__(self, server_port: int) -> None:
        """Listen; connect to `server_port` on this machine."""
        self.cuts = 0
        self.delay = 0.0
        self._closed = Event()
        self._server_port = server_port
        self._plan: tuple[bytes, Cut, bool] | None = None
        self._dead = False
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def cut_at(self, text: bytes, cut: Cut, *, for_good: bool = False) -> None:
        """Cut once when a client sends `text`; `for_good`: no new connection is let through afterwards."""
        self._plan = (text, cut, for_good)

    def cut(self) -> None:
        """Cut every connection and let none through until `fix`."""
        self._dead = True
        with self._lock:
            for end in list(self._open):
                _close(end)

    def fix(self) -> None:
        """Let new connections through again."""
        self._dead = False

    def close(self) -> None:
        """Stop listening; cut everything."""
        self._closed.set()
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = self._reach()
                if server is None:
                    client.close()
                    continue
                with self._lock:
                    self._open |= {client, server}
                silent = Event()
                Thread(target=self._to_server, args=(client, server, silent), daemon=True).start()
                Thread(target=self._to_client, args=(client, server, silent), daemon=True).start()

    def _reach(self) -> socket.socket | None:
        """A connection to the server; None while the line is cut or the server is down."""
        if self._dead:
            return None
        try:
            return socket.create_connection(("127.0.0.1", self._server_port))
        except ConnectionRefusedError:
            return None

    def _to_server(self, client: socket.socket, server: socket.socket, silent: Event) -> None:
        with suppress(OSError):  # one end was closed; both are closed below
            while data := client.recv(_CHUNK):
                if self._plan is not None and self._plan[0] in data:
                    _, cut, self._dead = self._plan
                    self._plan = None
                    if cut is Cut.BEFORE:
                        self.cuts += 1
                        break
                    silent.set()
                server.sendall(data)
        _close(client)
        _close(server)

    def _to_client(self, client: socket.socket, server: socket.socket, silent: Event) -> None:
        with suppress(OSError):  # one end was closed; both are closed below
            while data := server.recv(_CHUNK):
                if silent.is_set():  # the server has executed the statement
                    self.cuts += 1
                    break
                self._closed.wait(self.delay)
                client.sendall(data)
        _close(client)
        _close(server)


def _close(end: socket.socket) -> None:
    with suppress(OSError):  # it was closed already
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def line_to(server_port: int) -> Iterator[Line]:
    """A line that is closed afterwards."""
    line = Line(server_port)
    try:
        yield line
    finally:
        line.close()
