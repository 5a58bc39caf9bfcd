"""HTTP to one acquirer: one try of one request, with a deadline that holds, and the certainty of what was not sent.

The connections are urllib3's. Its pool is not used: it does not tell whether a request that failed had begun to leave.
"""

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from payments.acquiring.connector import Seen
from payments.acquiring.deadline import Deadline

LARGEST_ANSWER: Final = 64 * 1024
"""Bytes of a body; that of an operation has about 300."""
CONNECT_SECONDS: Final = 2.0
"""For each address of the host, and for TLS. The kernel repeats a lost SYN after 1 s."""
_FAILURES: Final = (OSError, HTTPException, HTTPError)


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

    def __init__(self, host: str, port: int | None, deadline: Deadline) -> None:
        """`deadline`: of the call that connects. Raises NoReply when it is over."""
        left = deadline.remaining()
        if left <= 0:
            raise NoReply(Seen.NO_TIME)
        super().__init__(host, port, timeout=min(CONNECT_SECONDS, left))
        self._deadline = deadline
        self.line: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        self.line = connected.dup()
        self._deadline.watch(self.line)
        return connected

    def end(self) -> None:
        """Close it for good."""
        self.close()
        if self.line is not None:
            self.line.close()


class _TlsConnection(_Connection, HTTPSConnection):
    """The same over TLS. The certificate must be that of the host, by an authority that this machine trusts."""


class Connections:
    """Connections to one server, kept open between requests. Threads and greenlets share it."""

    def __init__(self, url: str, headers: Mapping[str, str], size: int) -> None:
        """`url`: http(s)://host[:port]; `headers`: of every request; `size`: connections at the same time.

        Raises ValueError, which does not repeat a header.
        """
        parts = urlsplit(url)
        plain = url.rstrip("/") == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
            raise ValueError("the acquirer's URL must be http://host:port or https://host:port")
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise ValueError("the headers for the acquirer must be visible ASCII")
        self._kind = _TlsConnection if parts.scheme == "https" else _Connection
        self._host, self._port = parts.hostname, parts.port
        self._headers = {**headers, "Accept": "application/json", "Accept-Encoding": "identity"}
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
                if connection.is_connected and connection.line is not None:
                    deadline.watch(connection.line)
                    return connection
                connection.end()
        connection = self._kind(self._host, self._port, deadline)
        with contextlib.suppress(*_FAILURES):
            connection.connect()
            return connection
        connection.end()
        raise NoReply(Seen.NOT_CONNECTED)


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
    connection.timeout = None  # the deadline ends it
    reply = None
    with contextlib.suppress(*_FAILURES):  # the error ends here, for its frames hold the headers
        connection.request(method, path, body, headers, preload_content=False)
        response = connection.getresponse()
        read = b""
        while len(read) <= LARGEST_ANSWER and (part := response.read(LARGEST_ANSWER, decode_content=False)):
            read += part  # the part that is empty has found the end, or that it is missing
        reply = Reply(response.status, read)
    if not deadline.met():  # an answer that the deadline cut off may look whole
        raise NoReply(Seen.TIMED_OUT)
    if reply is None:
        raise NoReply(Seen.LOST)
    return reply
