"""Redis clients: short timeouts, no retries, a pause after an error. Knows no key."""

import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final, TypeVar

from redis import ConnectionPool, Redis, SSLConnection
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.exceptions import RedisError
from redis.retry import Retry

from payments.platform.clock import Clock
from payments.platform.tls import Trust

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
TIMEOUT: Final = 0.05
"""Seconds for a connect, a TLS handshake, and a reply: a frozen Redis must not slow requests."""
LATE: Final = 5 * TIMEOUT
"""Seconds. More than a connect, a handshake, a greeting and a reply take that each time out."""
LEFT_OUT: Final = 1.0
"""Seconds without an attempt after an error."""


class Outage:
    """Remembers whether Redis fails: then one caller a second tries it, and the others skip it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failing = False
        self._out_until = 0.0
        self._reason = ""

    def ask(self, call: Callable[[], _T]) -> _T | None:
        """The result of `call`, or None when Redis fails or is skipped.

        Calls once more when a timeout came late: then this process was short of CPU, not Redis. A count may then be
        made twice, which errs on the safe side.
        """
        if not self._may_try():
            return None
        for last in (False, True):
            began = self._clock()
            try:
                found = call()
            except (RedisError, OSError) as error:
                if last or self._clock() - began < LATE:
                    self._note(error)
                    break
            else:
                self._failing, self._reason = False, ""
                return found
        self._failing = True
        self._out_until = self._clock() + LEFT_OUT
        return None

    def _note(self, error: Exception) -> None:
        if str(error) != self._reason:
            self._reason = str(error)
            _log.warning("redis_left_out", extra={"error": self._reason})

    def _may_try(self) -> bool:
        if not self._failing:
            return True
        now = self._clock()
        if now < self._out_until:
            return False
        self._out_until = now + LEFT_OUT
        return True


def connect(url: str, ca: str | None = None) -> Redis:
    """A lazy client of `url` with short timeouts that never tries twice.

    `ca`, with rediss:// alone: the CA file that each connection verifies the server against.
    """
    if ca is None:
        return Redis.from_url(url, **_client_options())
    options = {**_parts(url), **_client_options(), "connection_class": _VerifiedConnection, "trust": Trust(ca)}
    return Redis(connection_pool=ConnectionPool(**options))


def _parts(url: str) -> dict[str, Any]:
    return dict(parse_url(url))  # type: ignore[no-untyped-call]  # half of its signature has types


class _VerifiedConnection(SSLConnection):
    """TLS that trusts the CAs of one file; redis-py's own would trust the system's too, and read all of them anew."""

    def __init__(self, *, trust: Trust, **options: Any) -> None:
        super().__init__(**options)
        self._trust = trust

    def _wrap_socket_with_ssl(self, sock: socket.socket) -> ssl.SSLSocket:
        return self._trust.context().wrap_socket(sock, server_hostname=self.host)


def _client_options() -> dict[str, Any]:
    return {
        "socket_timeout": TIMEOUT,
        "socket_connect_timeout": TIMEOUT,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }
