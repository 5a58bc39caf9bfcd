"""Detects a flood of poison among the last messages. An operator may accept some poison, which then does not count."""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

WINDOW: Final = 100
"""Messages in the window, the newest ones."""
MINIMUM_COUNT: Final = 50
"""Messages in the window below which nothing is a flood."""
UNTIL_QUIET: Final = -1
"""Instead of a number of poison messages to accept: any number, until the flood is over."""


class PoisonFlood(Exception):
    """More than half of the last messages were poison; the text says so in words."""


class Window:
    """The last messages, each poison or not."""

    def __init__(self, marks: Sequence[bool] = ()) -> None:
        self._marks = deque(marks, WINDOW)
        self.poison = sum(self._marks)

    def copy(self) -> "Window":
        """An independent copy."""
        return Window(self._marks)

    def add(self, poison: bool) -> None:
        """Add a message; a full window drops the oldest."""
        if len(self._marks) == WINDOW:
            self.poison -= self._marks[0]
        self._marks.append(poison)
        self.poison += poison

    @property
    def count(self) -> int:
        """Messages in the window, at most WINDOW."""
        return len(self._marks)

    @property
    def flooded(self) -> bool:
        """Whether there are enough messages, and more than half of them are poison."""
        return self.count >= MINIMUM_COUNT and 2 * self.poison > self.count

    @property
    def is_quiet(self) -> bool:
        """Whether the window is full and not flooded."""
        return self.count == WINDOW and not self.flooded


class WindowCheck(NamedTuple):
    """The window after some messages, and the number of poison messages that still do not count (UNTIL_QUIET: any)."""

    window: Window
    accepted_left: int


def check(before: Window, marks: Sequence[str | None], accepted_left: int) -> WindowCheck:
    """Add messages in order: None for a good one, else why it is poison. Raises PoisonFlood."""
    window = before.copy()
    for mark in marks:
        if mark is not None and accepted_left > 0:
            accepted_left -= 1
            continue
        window.add(mark is not None)
        if accepted_left == UNTIL_QUIET:
            accepted_left = 0 if window.is_quiet else UNTIL_QUIET
        elif window.flooded:
            reason = next((text for text in reversed(marks) if text is not None), "seen before")
            raise PoisonFlood(
                f"{window.poison} of the last {window.count} messages could not be posted, among them {reason}"
            )
    return WindowCheck(window, accepted_left)
