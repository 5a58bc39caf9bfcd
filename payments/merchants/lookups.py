"""How many keys that nobody has one client address may have looked up. Beyond that its unknown keys are not read.

Per process and in memory: it protects the database, so it must need none. Keys that were found do not count.
"""

from typing import Final, NamedTuple

from payments.platform.clock import Clock
from payments.platform.errors import TooManyWrongKeys

LOOKUP_LIMIT: Final = 60
"""Lookups that found nothing, for one address in WINDOW. More than wrong keys are answered 401 for."""
WINDOW: Final = 60.0
"""Seconds."""
ADDRESS_LIMIT: Final = 10_000
"""Addresses that are remembered; beyond that the one whose window began first is forgotten."""


class _Window(NamedTuple):
    ends_at: float
    used: int


class Lookups:
    """The lookups of each address that found nothing, or are on their way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def take(self, address: str) -> None:
        """Take one of the address' lookups. Raises TooManyWrongKeys when it has none left."""
        now = self._clock()
        window = self._windows.get(address)
        if window is None or window.ends_at <= now:
            self._windows.pop(address, None)  # so that the oldest window stays first
            window = _Window(now + WINDOW, 0)
        if window.used >= LOOKUP_LIMIT:
            raise TooManyWrongKeys
        self._windows[address] = window._replace(used=window.used + 1)
        if len(self._windows) > ADDRESS_LIMIT:
            del self._windows[next(iter(self._windows))]

    def are_left(self, address: str) -> bool:
        """Whether `take` would raise nothing."""
        window = self._windows.get(address)
        return window is None or window.ends_at <= self._clock() or window.used < LOOKUP_LIMIT

    def give_back(self, address: str) -> None:
        """The lookup found a key, or told nothing."""
        window = self._windows.get(address)
        if window is not None:
            self._windows[address] = window._replace(used=max(window.used - 1, 0))
