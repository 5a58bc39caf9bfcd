"""When is poison a flood? The last messages are looked at; an operator may let some poison pass uncounted."""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

WINDOW: Final = 100
"""The newest messages that are looked at."""
LEAST_SEEN: Final = 50
"""Before that many were seen, nothing is a flood."""
UNTIL_QUIET: Final = -1
"""Instead of a number of poison messages to accept: any, until the flood is over."""


class PoisonFlood(Exception):
    """More than half of the last messages were poison; the text says so in words."""


class Window:
    """The last messages: which were poison."""

    def __init__(self, marks: Sequence[bool] = ()) -> None:
        self._marks = deque(marks, WINDOW)
        self.poison = sum(self._marks)

    def copy(self) -> "Window":
        """Another one that goes its own way."""
        return Window(self._marks)

    def see(self, poison: bool) -> None:
        """One message more; the oldest is forgotten."""
        if len(self._marks) == WINDOW:
            self.poison -= self._marks[0]
        self._marks.append(poison)
        self.poison += poison

    @property
    def seen(self) -> int:
        """How many messages it knows, 100 at most."""
        return len(self._marks)

    @property
    def flooded(self) -> bool:
        """At least 50 seen, and more than half of them poison."""
        return self.seen >= LEAST_SEEN and 2 * self.poison > self.seen

    @property
    def is_quiet(self) -> bool:
        """Full, and not flooded."""
        return self.seen == WINDOW and not self.flooded


class WindowCheck(NamedTuple):
    """The window after some messages, and the poison that may still pass uncounted (UNTIL_CALM: any)."""

    window: Window
    accepted_left: int


def check(before: Window, marks: Sequence[str | None], accepted_left: int) -> WindowCheck:
    """Look at messages in their order: None for a good one, in words why one is poison. Raises PoisonFlood."""
    window = before.copy()
    for mark in marks:
        if mark is not None and accepted_left > 0:
            accepted_left -= 1
            continue
        window.see(mark is not None)
        if accepted_left == UNTIL_QUIET:
            accepted_left = 0 if window.is_quiet else UNTIL_QUIET
        elif window.flooded:
            reason = next((text for text in reversed(marks) if text is not None), "seen before")
            raise PoisonFlood(
                f"{window.poison} of the last {window.seen} messages could not be posted, among them {reason}"
            )
    return WindowCheck(window, accepted_left)
