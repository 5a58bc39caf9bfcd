"""Keeps lists and sums from taking the web worker, and the database, away from payments: few run at once.

Where more of them wait, a slot rests after each for a while. A read of one payment, or a probe, needs no slot.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import gevent
from gevent.lock import Semaphore

from payments.platform.clock import Clock

SLOTS: Final = 2
REST: Final = 4.0
"""Times as long as the read took; by the clock, so that it is longer where the worker or the database is busy."""
SHORTEST_REST: Final = 0.15
LONGEST_REST: Final = 0.5
"""Seconds. The shortest keeps quick lists from taking as much of the worker as long ones."""


class ListSlots:
    """For the lists of one web worker."""

    def __init__(self, clock: Clock, later: Callable[..., object] = gevent.spawn_later) -> None:
        """`later(seconds, function)` calls the function after so many seconds."""
        self._clock = clock
        self._later = later
        self._free = Semaphore(SLOTS)
        self._waiting = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Around a list. Waits for a slot for as long as it takes; the caller has a gevent.Timeout."""
        self._waiting += 1
        try:
            self._free.acquire()
        finally:
            self._waiting -= 1
        begun = self._clock()
        try:
            yield
        finally:
            if self._waiting:
                self._later(min(max(REST * (self._clock() - begun), SHORTEST_REST), LONGEST_REST), self._free.release)
            else:
                self._free.release()
