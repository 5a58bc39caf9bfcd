"""Throttles long jobs of housekeeping: after each step, sleep four times its duration. Not when a step is due."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from payments.platform.clock import Clock, monotonic

RESTS: Final = 4.0
"""A rest lasts so many times as long as the step before it: a fifth of the time, at most, is work (ADR 14)."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """Steps with rests between them. `pause` takes seconds and says whether to stop (as `threading.Event.wait`)."""

    pause: Callable[[float], bool]
    clock: Clock = monotonic
    longest: float = math.inf
    """Seconds after which `steps` begins no further one, so that what comes after has its turn."""

    @property
    def is_over(self) -> bool:
        """Whether the process is to end."""
        return self.pause(0.0)

    def steps(self) -> Iterator[None]:
        """Yields for step after step, and rests after each, until the process is to end or `longest` is over."""
        rest, began = 0.0, self.clock()
        while not self.pause(rest):
            started = self.clock()
            yield
            if self.clock() - began >= self.longest:
                return
            rest = (self.clock() - started) * RESTS


def _without(_seconds: float) -> bool:
    return False


AT_ONCE: Final = Throttle(_without)
"""No rests: for a command that somebody waits for."""
