"""Redis clients: short timeouts, no retries, a pause after an error. Knows no key."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from payments.platform.clock import Clock

_T = TypeVar("_T")
TIMEOUT: Final = 0.05
"""Seconds for a connect, and for a reply: a frozen Redis must not slow requests."""
LATE: Final = 4 * TIMEOUT
"""Seconds. More than a connect, a greeting and a reply take that each time out."""
LEFT_OUT: Final = 1.0
"""Seconds without an attempt after an error."""


class Outage:
    """Remembers whether Redis fails: then one caller a second tries it, and the others skip it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failing = False
        self._out_until = 0.0

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
            except (RedisError, OSError):
                if last or self._clock() - began < LATE:
                    break
            else:
                self._failing = False
                return found
        self._failing = True
        self._out_until = self._clock() + LEFT_OUT
        return None

    def _may_try(self) -> bool:
        if not self._failing:
            return True
        now = self._clock()
        if now < self._out_until:
            return False
        self._out_until = now + LEFT_OUT
        return True


def connect(url: str) -> Redis:
    """A lazy client of `url` with short timeouts that never tries twice."""
    return Redis.from_url(url, **_client_options())


def _client_options() -> dict[str, Any]:
    return {
        "socket_timeout": TIMEOUT,
        "socket_connect_timeout": TIMEOUT,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }
