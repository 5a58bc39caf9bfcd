"""What a run adds up to: sums by currency, counts by class, and what each exception leaves in suspense. Pure.

Amounts in minor units. Money that came is bank's; suspense is the part of it that no match explains.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from payments.acquiring.rules import Told
from payments.reconciliation.rules import (
    Agreed,
    ExceptionClass,
    ExceptionState,
    Expected,
    Fee,
    Found,
    Line,
    Match,
    ReconException,
)

_MOVES_OPERATION: Final = frozenset(
    {ExceptionClass.TYPE, ExceptionClass.CURRENCY, ExceptionClass.AMOUNT, ExceptionClass.MISSING_AT_ACQUIRER}
)
"""Their end may move what the operation is about, too."""


@dataclass(slots=True)
class Total:
    """Sums of lines in one currency, with their signs.

    `matched_gross`, `matched_fee`: of lines that are matched; the fee is the one by the contract. `suspense`: the rest.
    """

    gross: int = 0
    fee: int = 0
    matched_gross: int = 0
    matched_fee: int = 0

    @property
    def net(self) -> int:
        """What came."""
        return self.gross - self.fee

    @property
    def suspense(self) -> int:
        """What came and is not explained."""
        return self.net - (self.matched_gross - self.matched_fee)


class Tally:
    """Adds up what a run finds, in any order."""

    def __init__(self, fee: Fee) -> None:
        """`fee`: by the contract with the acquirer."""
        self._fee = fee
        self.lines = 0
        self.matched = 0
        self.told = 0
        """Undecided operations that the file decides."""
        self.waiting = 0
        """Of the missing ones."""
        self.classes: Counter[ExceptionClass] = Counter()
        self.totals: dict[str, Total] = {}

    @property
    def of_lines(self) -> int:
        """Exceptions about a line."""
        return self.classes.total() - self.classes[ExceptionClass.MISSING_AT_ACQUIRER]

    def add(self, found: Found) -> None:
        """Count a match, an exception, or what the file tells of an operation."""
        if isinstance(found, Agreed):
            self._add_agreed(found.lines)
        elif isinstance(found, Match):
            total = self._count(found.line)
            self.matched += 1
            total.matched_gross += found.line.gross
            total.matched_fee += _fee_of(found.operation, self._fee)
        elif isinstance(found, Told):
            self.told += 1
        else:
            self.classes[found.exception_class] += 1
            self.waiting += found.state is ExceptionState.WAITING
            if found.line is not None and found.exception_class is not ExceptionClass.FEE:
                self._count(found.line)

    def _add_agreed(self, lines: Sequence[Line]) -> None:
        """What they have is what they should have."""
        self.matched += len(lines)
        for line in lines:
            total = self._count(line)
            total.matched_gross += line.gross
            total.matched_fee += line.fee

    def _count(self, line: Line) -> Total:
        self.lines += 1
        total = self.totals.get(line.currency)
        if total is None:
            total = self.totals[line.currency] = Total()
        total.gross += line.gross
        total.fee += line.fee
        return total


def suspense_of(found: ReconException, fee: Fee) -> int:
    """The money of an exception's line that nothing explains; 0 without a line. Of FEE, whose line is matched: what the
    acquirer has kept too little; negative when it was too much.
    """
    if found.line is None:
        return 0
    if found.exception_class is ExceptionClass.FEE and found.operation is not None:
        return _fee_of(found.operation, fee) - found.line.fee
    return found.line.gross - found.line.fee


def weight_of(found: ReconException, fee: Fee) -> int:
    """How large it is, in minor units: the money of its line or of its operation, whichever is more.

    No limit is compared with it, for the two may have other currencies and signs: `ending.needs_two`.
    """
    moved = abs(suspense_of(found, fee))
    if found.operation is None or found.exception_class not in _MOVES_OPERATION:
        return moved
    return max(moved, found.operation.amount)


def _fee_of(operation: Expected, fee: Fee) -> int:
    return fee(operation.kind, operation.amount, operation.currency)
