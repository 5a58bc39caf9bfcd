"""What a line of a settlement file is, what we expect of it, and how the two differ. Pure; integers only, tolerance 0.

The sign of an amount is the one in the file's column. Only what we expect gets its sign from a kind: our own.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from payments.acquiring.connector import Kind
from payments.acquiring.rules import WITHOUT_MONEY, Learned, State, Told


class ExceptionClass(StrEnum):
    """What is wrong about a line, or about an operation without one. A pair has the first that applies."""

    TYPE = "TYPE"
    CURRENCY = "CURRENCY"
    AMOUNT = "AMOUNT"
    FEE = "FEE"
    DUPLICATE = "DUPLICATE"
    """The operation has another line, in this file or in an earlier one."""
    MISSING_AT_ACQUIRER = "MISSING_AT_ACQUIRER"
    UNKNOWN_TO_US = "UNKNOWN_TO_US"
    """We have no such operation, or one that has moved no money."""


class ExceptionState(StrEnum):
    """What became of an exception. Nothing but an operator ends an OPEN one."""

    OPEN = "OPEN"
    WAITING = "WAITING"
    """The acquirer may still name the operation: it is too early to ask."""
    RESOLVED = "RESOLVED"
    WRITTEN_OFF = "WRITTEN_OFF"


class FileState(StrEnum):
    """How far a settlement file has come. Nothing of it counts before it is DONE."""

    UPLOADED = "UPLOADED"
    READING = "READING"
    DONE = "DONE"
    REFUSED = "REFUSED"


class Rule(StrEnum):
    """By what a line was matched."""

    OUR_REFERENCE = "OUR_REFERENCE"
    ACQUIRER_REFERENCE = "ACQUIRER_REFERENCE"


class Line(NamedTuple):
    """A movement as the file has it. Amounts in minor units, signed as in the file; net = gross − fee.

    `number` is the movement's in the file, from 1. It comes last, so that equal movements sort beside each other.
    """

    reference: str
    acquirer_reference: str
    kind: Kind
    currency: str
    gross: int
    fee: int
    number: int


class Expected(NamedTuple):
    """One of our operations. `amount` > 0 in minor units; `at`: when it was decided, or sent while it is undecided.

    `used`: a line of an earlier file was matched with it, or differs from it in an exception, or it was written off, or
    it is REVERSED and a line of it is UNKNOWN_TO_US.
    `missing_id`: the exception, not ended, which says that no file names it.
    """

    operation_id: int
    reference: str
    acquirer_reference: str | None
    kind: Kind
    currency: str
    amount: int
    state: State
    at: datetime
    used: bool = False
    payment_id: int | None = None
    missing_id: int | None = None

    @property
    def gross(self) -> int:
        """What the file should have: the acquirer owes us a capture, and we owe it a refund."""
        return -self.amount if self.kind is Kind.REFUND else self.amount


class Match(NamedTuple):
    """A line and an operation that agree in kind, currency and amount. Neither is matched again."""

    line: Line
    operation: Expected
    rule: Rule


class Settled(NamedTuple):
    """Of an operation that has moved money, and that no line and no exception is about: what a line has to have."""

    operation_id: int
    kind: Kind
    currency: str
    gross: int


class Agreed(NamedTuple):
    """Lines, each with our reference of one settled operation and in everything as it has to be: plain matches.

    `operation_ids`: in the order of their lines.
    """

    lines: Sequence[Line]
    operation_ids: Sequence[int]


class ReconException(NamedTuple):
    """An entry for an operator, no error of the program. Of an absent line or operation the place is None."""

    exception_class: ExceptionClass
    state: ExceptionState
    line: Line | None
    operation: Expected | None


Found = Agreed | Match | ReconException | Told
"""What a run finds."""
Fee = Callable[[Kind, int, str], int]
"""(kind, amount > 0, currency) → the fee by the contract with the acquirer, in minor units."""

WAIT: Final = timedelta(days=3)
"""After the operation was decided. Until then it may be in the file of another day."""
UNDECIDED: Final = frozenset({State.SENT, State.UNKNOWN, State.FENCING, State.MANUAL})
"""What may have happened: a line in the file says that it has."""
_NOTHING_MOVED: Final = WITHOUT_MONEY | {State.CREATED}
SETTLED: Final = frozenset({State.APPROVED, State.REVERSED})
_MOVES_MONEY: Final = frozenset({Kind.CAPTURE, Kind.REFUND})


def may_have_moved(operation: Expected) -> bool:
    """Whether a line may be about it."""
    return operation.state not in _NOTHING_MOVED


def is_owed(operation: Expected) -> bool:
    """Whether a file has to name it, and none has yet."""
    return operation.state in SETTLED and operation.kind in _MOVES_MONEY and not operation.used


def is_unfounded(operation: Expected) -> bool:
    """Whether something of an earlier file counts as its own, and no money moved, as was decided since."""
    return operation.state in WITHOUT_MONEY and operation.used


def difference(line: Line, operation: Expected) -> ExceptionClass | None:
    """In what a line about this operation differs from it, first of all; None: in nothing but perhaps the fee."""
    if line.kind is not operation.kind:
        return ExceptionClass.TYPE
    if line.currency != operation.currency:
        return ExceptionClass.CURRENCY
    return None if line.gross == operation.gross else ExceptionClass.AMOUNT


def decision(line: Line, operation: Expected) -> Told | None:
    """What the line of a match tells of an operation that is undecided; None for the others."""
    if operation.state not in UNDECIDED:
        return None
    return Told(operation.reference, Learned.APPROVED, acquirer_reference=line.acquirer_reference)


def absent(operation: Expected, now: datetime) -> ReconException:
    """The entry of an operation that is owed and that no file has named."""
    state = ExceptionState.WAITING if now < operation.at + WAIT else ExceptionState.OPEN
    return ReconException(ExceptionClass.MISSING_AT_ACQUIRER, state, None, operation)
