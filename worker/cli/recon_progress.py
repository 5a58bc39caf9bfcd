"""Says every few seconds how far an import is, to an operator who waits for it."""

from typing import Final, TextIO

from payments.platform.clock import Clock

EVERY: Final = 5.0
"""Seconds. What is done sooner is done without a word."""


class Progress:
    """The progress of one import: call it with what is done."""

    def __init__(self, clock: Clock, out: TextIO) -> None:
        """Nothing is done yet."""
        self._clock = clock
        self._out = out
        self._began = self._said = clock()
        self._is_matching = False

    def __call__(self, lines: int, of: int | None) -> None:
        """So many lines are read; or, with `of`, so many of all are matched."""
        now = self._clock()
        if of is not None and not self._is_matching:
            self._is_matching, self._began = True, now
        if now - self._said >= EVERY:
            self._said = now
            print(_text(lines, of, now - self._began), file=self._out, flush=True)


def _text(lines: int, of: int | None, seconds: float) -> str:
    if of is None:
        return f"{lines:,} lines are read, to see whether the file is whole"
    left = seconds * (of - lines) / lines
    return f"{lines:,} of {of:,} lines ({lines * 100 // of} %), about {left:.0f} s left"
