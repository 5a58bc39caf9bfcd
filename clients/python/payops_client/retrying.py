"""Repeats a call while a repetition may help: a bounded number of tries, in a bounded time, as late as the API asks."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from payops_client.errors import PayopsError, TryAgain

JITTER: Final = wait_random_exponential(multiplier=0.25, max=5)
"""Seconds beside those of Retry-After: 0 to 0.25, 0.5, 1, …, so that clients do not come back together."""
SHORTEST_TRY: Final = 0.05
"""Seconds that the last try gets when nothing is left."""

_Value = TypeVar("_Value")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retries:
    """At most `tries` tries in about `seconds`. A pause that would end later than that is not begun."""

    tries: int
    seconds: float
    pause: Callable[[float], None] = time.sleep

    def run(self, once: Callable[[float], _Value]) -> _Value:
        """The value of `once`, which gets the seconds that are left. Raises its last error."""
        ends = time.monotonic() + self.seconds
        retrying = Retrying(
            retry=retry_if_exception_type(TryAgain),
            stop=stop_after_attempt(self.tries) | stop_before_delay(self.seconds),
            wait=_wait,
            sleep=self.pause,
            before_sleep=_note,
            reraise=True,
        )
        return retrying(lambda: once(max(ends - time.monotonic(), SHORTEST_TRY)))


def _error(state: RetryCallState) -> PayopsError:
    error = None if state.outcome is None else state.outcome.exception()
    if not isinstance(error, PayopsError):
        raise TypeError("only errors of this package are repeated")
    return error


def _wait(state: RetryCallState) -> float:
    return (_error(state).retry_after or 0.0) + JITTER(state)


def _note(state: RetryCallState) -> None:
    error = _error(state)
    fields = {"code": error.code, "request_id": error.request_id, "tries": state.attempt_number}
    _log.info("payops_try_again", extra=fields)
