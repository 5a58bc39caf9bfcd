"""Throttles long jobs: after each step, sleeps a multiple of its duration. Does not schedule."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from payments.platform.clock import Clock, monotonic

RESTS: Final = 4.0
"""A rest lasts this many times as long as the step before it, so at most a fifth of the time is work (ADR 14)."""

Item = TypeVar("Item")


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
            rest = min((self.clock() - started) * self.rests, self.longest_rest)

    def among(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, and a rest after what was done with each. Raises Stopped when the process is to end meanwhile."""
        steps = self.steps()
        for item in items:
            if next(steps, self) is self:
                raise Stopped
            yield item


def _without(_seconds: float) -> bool:
    return False


AT_ONCE: Final = Throttle(_without)
"""No rests: for a command that an operator waits for."""
