"""Throttles long jobs: after each step, sleeps a multiple of its duration. Does not schedule."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from payments.platform.clock import Clock, monotonic

RESTS: Final = 4.0
"""A rest lasts this many times as long as the step before it, so at most a fifth of the time is work (ADR 14)."""


class Stopped(Exception):
    """The process is to end, and there was more to do."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """Steps with rests between them. `pause(seconds)` returns whether to stop, as `threading.Event.wait` does."""

    pause: Callable[[float], bool]
    clock: Clock = monotonic
    longest: float = math.inf
    """Seconds after which `steps` begins no further step."""
    rests: float = RESTS
    """How many times as long as its step a rest lasts, and at most how many seconds."""
    longest_rest: float = math.inf
    shortest: float = 0.0
    """Seconds of work after which `Rests` rest; shorter pieces are put together."""

    @property
    def is_over(self) -> bool:
        """Whether the process is to end."""
        return self.pause(0.0)

    def steps(self) -> Iterator[None]:
        """Yield once for each step and rest after it, until the process is to end or `longest` has passed."""
        rest, began = 0.0, self.clock()
        while not self.pause(rest):
            started = self.clock()
            yield
            if self.clock() - began >= self.longest:
                return
            rest = self.rest_after(self.clock() - started)

    def rest_after(self, seconds: float) -> float:
        """How long to rest after so much work."""
        return min(seconds * self.rests, self.longest_rest)


Rest = Callable[[], None]
"""What is called between two pieces of work: `Rests` as a rule. May raise Stopped."""


class Rests:
    """The rests of one job, whose pieces are in several places: call it behind each piece."""

    def __init__(self, throttle: Throttle) -> None:
        """Begin to work."""
        self._throttle = throttle
        self._since = throttle.clock()

    def __call__(self) -> None:
        """Rest after what was done since the last rest, if it was enough. Raises Stopped when the process is to end."""
        throttle = self._throttle
        worked = throttle.clock() - self._since
        if worked < throttle.shortest:
            return
        if throttle.pause(throttle.rest_after(worked)):
            raise Stopped
        self._since = throttle.clock()


def _without(_seconds: float) -> bool:
    return False


AT_ONCE: Final = Throttle(_without)
"""No rests: for a command that an operator waits for."""
