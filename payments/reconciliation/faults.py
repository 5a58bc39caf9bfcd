"""Why a settlement file is not taken: its faults, each with the number of its line. Pure."""

from enum import StrEnum
from typing import Final, NamedTuple


class Reason(StrEnum):
    """What is wrong with a line, or with the file at this line."""

    BOM = "BOM"
    """A byte order mark before the header."""
    NOT_ASCII = "NOT_ASCII"
    """Bytes of another encoding."""
    CONTROL_CHARACTER = "CONTROL_CHARACTER"
    """NUL, a lone carriage return, and the like."""
    QUOTES = "QUOTES"
    """No cell needs them, and a line end within them would be none."""
    TOO_LONG = "TOO_LONG"
    HEADER = "HEADER"
    CELLS = "CELLS"
    """Too few or too many."""
    RECORD = "RECORD"
    """Not a movement, a total or the end."""
    NUMBER = "NUMBER"
    """Not the one after the movement before."""
    REFERENCE = "REFERENCE"
    """Ours or the acquirer's is malformed."""
    CARD_NUMBER = "CARD_NUMBER"
    """In a reference: it must not be stored."""
    KIND = "KIND"
    CURRENCY = "CURRENCY"
    NOT_AN_INTEGER = "NOT_AN_INTEGER"
    """Not plain digits with an optional minus: 1.0, +1, 01, 1_000."""
    AMOUNT_TOO_LARGE = "AMOUNT_TOO_LARGE"
    NET = "NET"
    """Net is not gross − fee."""
    ORDER = "ORDER"
    """A movement behind a total, or a second total of a currency."""
    TOTAL = "TOTAL"
    """A total is not what its movements add up to, or has none."""
    NO_TOTAL = "NO_TOTAL"
    """Movements of a currency have no total."""
    COUNT = "COUNT"
    """The end line counts another number of movements."""
    DAY = "DAY"
    """The end line does not say of which day the file is, or says one that cannot be right."""
    NO_END = "NO_END"
    """The file was cut off: no end line, or one without its line end."""
    AFTER_END = "AFTER_END"
    TOO_LARGE = "TOO_LARGE"
    """The file has too many bytes; the rest was not read."""
    TOO_MANY_DIFFER = "TOO_MANY_DIFFER"
    """Of the whole file, line 0: so many lines do not agree with us that it is about somebody else's operations."""
    SAME_LINES = "SAME_LINES"
    """Of the whole file, line 0: another file of the day is DONE that has the same lines."""


class Fault(NamedTuple):
    """A fault. `line`: in the file, from 1, which is the header."""

    line: int
    reason: Reason


class FileRefused(Exception):
    """Nothing of the file counts. `faults` are the first SHOWN of `count`."""

    def __init__(self, faults: tuple[Fault, ...], count: int) -> None:
        """`faults`: at least one."""
        super().__init__(f"{count} faults, the first in line {faults[0].line}: {faults[0].reason}")
        self.faults = faults
        self.count = count


SHOWN: Final = 100
"""Faults that are kept: a file of another format has one in each line."""


class Faults:
    """Collects the faults of one file."""

    def __init__(self) -> None:
        """None yet."""
        self._shown: list[Fault] = []
        self.count = 0

    def add(self, line: int, reason: Reason) -> None:
        """Another one."""
        self.count += 1
        if len(self._shown) < SHOWN:
            self._shown.append(Fault(line, reason))

    def refuse(self) -> None:
        """Raise FileRefused if there are any."""
        if self.count:
            raise FileRefused(tuple(self._shown), self.count)
