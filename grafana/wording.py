"""Numbers and windows in the words that summaries and descriptions use."""

from typing import Final

NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
UNITS: Final = {"m": "minute", "h": "hour", "d": "day"}


def number(count: int) -> str:
    """A number, up to ten as a word."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def window(text: str) -> str:
    """A window of PromQL, such as 3d: three days."""
    count = int(text[:-1])
    return f"{number(count)} {UNITS[text[-1]]}{'s' if count != 1 else ''}"
