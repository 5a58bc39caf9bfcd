"""Sends requests by many API keys to a gateway, each key more often than its limit, and counts what passes.

The gateway has pages and no api: what passes its limits is redirected from `/` by itself (302), what does not gets 429.
"""

import re
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CLIENTS: Final = 50
"""Connections, each with one request at a time: Envoy ends one that is sent more while it answers itself."""
EVERY: Final = 0.5
"""Seconds after which a key is used again."""
PASSED, LIMITED = 302, 429
SECONDS: Final = 30.0
_LENGTH: Final = re.compile(rb"content-length: (\d+)")


@dataclass(slots=True)
class Uses:
    """The answers to one key's requests, and when (seconds) the first and the last was sent."""

    first: float = 0.0
    last: float = 0.0
    passed: int = 0
    limited: int = 0

    def deviation(self, burst: int, rate: float) -> float:
        """Percent by which it passed more or less often than a bucket of `burst`, filled by `rate` a second, allows.

        RuntimeError when it was used less often than it may be, which says nothing.
        """
        allowed = burst + rate * (self.last - self.first)
        if self.passed + self.limited <= allowed:
            raise RuntimeError("nothing was measured: a key was not used more often than its limit")
        return 100 * abs(self.passed / allowed - 1)


def use(port: int, authority: Path, keys: Sequence[str], seconds: float) -> list[Uses]:
    """Use every key for so long, every half second or, on a slow machine, as soon as all others were used."""
    found = [Uses() for _ in keys]
    begun = due = time.monotonic()
    with ExitStack() as stack:
        clients = [stack.enter_context(_connected(port, authority)) for _ in range(CLIENTS)]
        while due - begun < seconds:
            time.sleep(max(due - time.monotonic(), 0))
            for first in range(0, len(keys), CLIENTS):
                _ask(clients, keys[first : first + CLIENTS], found[first : first + CLIENTS])
            due = max(due + EVERY, time.monotonic())
    return found


def _ask(clients: Sequence[ssl.SSLSocket], keys: Sequence[str], uses: Sequence[Uses]) -> None:
    """Use each key once, each on a connection of its own."""
    now = time.monotonic()
    for client, key in zip(clients, keys, strict=False):
        client.sendall(f"GET / HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
    for client, one in zip(clients, uses, strict=False):
        status = _status(client)
        one.first, one.last = one.first or now, now
        one.passed += status == PASSED
        one.limited += status == LIMITED


def _status(client: ssl.SSLSocket) -> int:
    """Of one answer, after all of it. RuntimeError when it is another, or the connection ended."""
    said = b""
    while not _is_whole(said):
        part = client.recv(65536)
        if not part:
            raise RuntimeError(f"nothing was measured: the gateway closed the connection after {said!r}")
        said += part
    status = int(said.split(maxsplit=2)[1])
    if status not in (PASSED, LIMITED):
        raise RuntimeError(f"nothing was measured: the gateway answered {status}")
    return status


def _is_whole(said: bytes) -> bool:
    """Whether an answer has all of its body."""
    head, ends, body = said.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(ends) and len(body) >= (int(length[1]) if length else 0)


@contextmanager
def _connected(port: int, authority: Path) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=str(authority))
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(plain, server_hostname="localhost") as client:
            yield client
