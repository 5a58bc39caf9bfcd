"""HTTP to one acquirer: one try of one request, with a deadline that holds, and the certainty of what was not sent.

By http.client: urllib3's pool does not tell whether a request that failed had begun to leave, and its import binds a
socket.
"""

import contextlib
import logging
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from typing import Final
from urllib.parse import urlsplit

from payments.acquiring.connector import Seen
from payments.acquiring.deadline import Deadline
from payments.platform.tls import Trust

LARGEST_ANSWER: Final = 64 * 1024
"""Bytes of a body; that of an operation has about 300."""
CONNECT_SECONDS: Final = 2.0
"""For each address of the host, and for TLS. The kernel repeats a lost SYN after 1 s."""
_FAILURES: Final = (OSError, HTTPException)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes


class NoReply(Exception):
    """There is no whole answer; `seen` says why. It holds nothing of the request."""

    def __init__(self, seen: Seen) -> None:
        """`seen`: what a call reports that has no answer."""
        super().__init__(seen.value)
        self.seen = seen


class _Connection(HTTPConnection):
    """A connection whose socket exists twice: shut down by the second, it ends at once, in a TLS handshake too."""

    auto_open = 0  # what is closed is never opened again unseen
    line: socket.socket | None = None
    deadline: Deadline | None = None
    """Of the call that connects."""

    def connect(self) -> None:
        """Connect, watched by the deadline from then on."""
        super().connect()
        self.line = self.sock.dup()
        if self.deadline is not None:
            self.deadline.watch(self.line)

    def is_quiet(self) -> bool:
        """Whether the other side has neither closed it nor sent what nobody asked for."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return not poll.poll(0)

    def end(self) -> None:
        """Close it for good."""
        self.close()
        if self.line is not None:
            self.line.close()


class _TlsConnection(HTTPSConnection, _Connection):
    """The same over TLS, which begins after `_Connection.connect`."""


class Connections:
    """Connections to one server, kept open between requests. Threads and greenlets share it."""

    def __init__(self, url: str, headers: Mapping[str, str], size: int, ca: str | None = None) -> None:
        """`url`: http(s)://host[:port]; `headers`: of every request; `size`: connections at the same time.

        `ca`: the CA file that counts for https; None: the system's. Raises ValueError, which does not repeat a header.
        """
        parts = urlsplit(url)
        plain = url.rstrip("/") == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
            raise ValueError("the acquirer's URL must be http://host:port or https://host:port")
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise ValueError("the headers for the acquirer must be visible ASCII")
        self._trust = Trust(ca) if parts.scheme == "https" else None
        self._host, self._port = parts.hostname, parts.port
        self._headers = {**headers, "Accept": "application/json"}
        self._places = threading.BoundedSemaphore(size)
        self._idle: deque[_Connection] = deque()

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, within: float) -> Reply:
        """Send a request once; its answer is whole `within` seconds. Raises NoReply."""
        with self._place(), Deadline(within) as deadline:
            connection = self._connected(deadline)
            whole = False
            try:
                reply = _exchange(connection, deadline, method, path, {**self._headers, **headers}, body)
                whole = connection.sock is not None and len(reply.body) <= LARGEST_ANSWER
            finally:  # also when the greenlet is killed: what comes later must not answer another request
                if whole:
                    self._idle.append(connection)
                else:
                    connection.end()
        if len(reply.body) > LARGEST_ANSWER:
            raise NoReply(Seen.UNREADABLE)
        return reply

    def close(self) -> None:
        """Close the connections that no request uses."""
        while self._idle:
            self._idle.pop().end()

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise NoReply(Seen.TOO_MANY_CALLS)
        try:
            yield
        finally:
            self._places.release()

    def _connected(self, deadline: Deadline) -> _Connection:
        """An idle connection that the other side has not closed, else a new one. Nothing is sent yet."""
        with contextlib.suppress(IndexError):  # none is idle
            while True:
                connection = self._idle.pop()
                if connection.line is not None and connection.is_quiet():
                    deadline.watch(connection.line)
                    return connection
                connection.end()
        connection = self._new(deadline)
        with contextlib.suppress(*_FAILURES), self._naming_distrust():
            connection.connect()
            connection.sock.settimeout(None)  # from here on the deadline ends it
            return connection
        connection.end()
        raise NoReply(Seen.NOT_CONNECTED)

    @contextlib.contextmanager
    def _naming_distrust(self) -> Iterator[None]:
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            _log.warning("acquirer_not_trusted", extra={"host": self._host, "error": str(error)})
            raise

    def _new(self, deadline: Deadline) -> _Connection:
        left = deadline.remaining()
        if left <= 0:
            raise NoReply(Seen.NO_TIME)
        seconds = min(CONNECT_SECONDS, left)
        if self._trust is None:
            connection = _Connection(self._host, self._port, timeout=seconds)
        else:
            connection = _TlsConnection(self._host, self._port, timeout=seconds, context=self._trust.context())
        connection.deadline = deadline
        return connection


def _exchange(
    connection: _Connection,
    deadline: Deadline,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | None,
) -> Reply:
    """Send and read. Of a body that is too long comes back more than the limit."""
    if deadline.remaining() <= 0:
        connection.end()
        raise NoReply(Seen.NO_TIME)
    reply = None
    with contextlib.suppress(*_FAILURES):  # the error ends here, for its frames hold the headers
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        read = response.read(LARGEST_ANSWER + 1)
        if response.length and len(read) <= LARGEST_ANSWER:  # http.client says nothing of a body that is cut off
            raise IncompleteRead(read, response.length)
        reply = Reply(response.status, read)
    if not deadline.met():  # an answer that the deadline cut off may look whole
        raise NoReply(Seen.TIMED_OUT)
    if reply is None:
        raise NoReply(Seen.LOST)
    return reply
