"""Sends requests by many API keys to a gateway, each key more often than its limit, and counts what passes.

The gateway has no instance: what passes its limits is answered 503, what does not 429. Nothing else is answered.
"""

import re
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

AT_ONCE: Final = 50
"""Requests that are sent before their answers are read."""
EVERY: Final = 0.5
"""Seconds after which a key is used again."""
PASSED, LIMITED = 503, 429
SECONDS: Final = 30.0
_STATUS: Final = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@dataclass(slots=True)
class Uses:
    """The answers to one key's requests, and when (seconds) the first and the last was sent."""

    first: float = 0.0
    last: float = 0.0
    passed: int = 0
    limited: int = 0

    def deviation(self, burst: int, rate: float) -> float:
        """Percent by which it passed more or less often than a bucket of `burst`, filled by `rate` a second, allows.

        RuntimeError when it was never limited: then it was used too seldom to say anything.
        """
        if not self.limited:
            raise RuntimeError("nothing was measured: a key was not used more often than its limit")
        return 100 * abs(self.passed / (burst + rate * (self.last - self.first)) - 1)


def use(port: int, authority: Path, keys: Sequence[str], seconds: float) -> list[Uses]:
    """Use every key for so long, every half second or, on a slow machine, as soon as all others were used."""
    found = [Uses() for _ in keys]
    begun = due = time.monotonic()
    with _connected(port, authority) as client:
        while due - begun < seconds:
            time.sleep(max(due - time.monotonic(), 0))
            for first in range(0, len(keys), AT_ONCE):
                _ask(client, keys[first : first + AT_ONCE], found[first : first + AT_ONCE])
            due = max(due + EVERY, time.monotonic())
    return found


def _ask(client: ssl.SSLSocket, keys: Sequence[str], uses: Sequence[Uses]) -> None:
    now = time.monotonic()
    requests = [f"GET /nothing HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {key}\r\n\r\n" for key in keys]
    client.sendall("".join(requests).encode())
    for one, status in zip(uses, _statuses(client, len(keys)), strict=True):
        one.first, one.last = one.first or now, now
        one.passed += status == PASSED
        one.limited += status == LIMITED


def _statuses(client: ssl.SSLSocket, count: int) -> list[int]:
    """Of as many answers. RuntimeError for one that is neither, or when there are no more."""
    said = b""
    while len(found := _STATUS.findall(said)) < count or not said.endswith(b"}"):
        part = client.recv(65536)
        if not part:
            raise RuntimeError(f"nothing was measured: the gateway closed the connection after {said[-500:]!r}")
        said += part
    statuses = [int(status) for status in found]
    if other := set(statuses) - {PASSED, LIMITED}:
        raise RuntimeError(f"nothing was measured: the gateway answered {other}")
    return statuses


@contextmanager
def _connected(port: int, authority: Path) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=str(authority))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as client,
    ):
        yield client
