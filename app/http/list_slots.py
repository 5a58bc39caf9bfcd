"""Limits concurrent lists and sums, so that payments get the web worker and the database.

While others wait, a slot rests after each list. A read of one payment, or a probe, needs no slot.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import gevent
from gevent.lock import Semaphore

from payments.platform.clock import Clock

SLOTS: Final = 2
REST: Final = 4.0
"""A slot rests this many times the elapsed time of its read, so longer when worker or database are busy."""
SHORTEST_REST: Final = 0.15
LONGEST_REST: Final = 0.5
"""Seconds. The shortest rest stops quick lists from using as much of the worker as long ones."""


class ListSlots:
    """The slots of one web worker."""

    def __init__(self, clock: Clock, later: Callable[..., object] = gevent.spawn_later) -> None:
        """`later(seconds, function)` calls the function after that time."""
        self._clock = clock
        self._later = later
        self._free = Semaphore(SLOTS)
        self._waiting = 0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold a slot around a list. Waits without limit; the caller sets a gevent.Timeout."""
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
