"""Checks of reconciliation: acquirers' files with their lines and sums, and the ends of exceptions. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from payments.acquiring.rules import State
from payments.audit.sources import Net, differs, is_same, net, together, wrong_postings
from payments.ledger.rules import Account
from payments.reconciliation.rules import ExceptionClass, ExceptionState, FileState

ENDED: Final = frozenset({ExceptionState.RESOLVED, ExceptionState.WRITTEN_OFF})
_NOT_AS_OURS: Final = frozenset({ExceptionClass.TYPE, ExceptionClass.CURRENCY, ExceptionClass.AMOUNT})
_OWED: Final = _NOT_AS_OURS | {ExceptionClass.MISSING_AT_ACQUIRER}
"""Classes whose operation is still owed by the acquirer while they are open."""


class Total(NamedTuple):
    """The sums of a file in one currency, signed minor units."""

    gross: int = 0
    fee: int = 0
    net: int = 0
    matched_gross: int = 0
    matched_fee: int = 0
    suspense: int = 0


class LineSums(NamedTuple):
    """Sums over the lines of one currency; `matched_paid`: the fees that matched lines have, right or wrong."""

    lines: int = 0
    matched: int = 0
    gross: int = 0
    fee: int = 0
    matched_gross: int = 0
    matched_paid: int = 0
    strays: int = 0
    """Lines that do not agree with the operation that they are matched with."""

    def plus(self, other: "LineSums") -> "LineSums":
        """The sums of both."""
        return LineSums(*(one + another for one, another in zip(self, other, strict=True)))


class ExceptionSums(NamedTuple):
    """Sums over a file's exceptions of one currency. `unmatched`: those of lines without a match."""

    unmatched: int = 0
    suspense: int = 0
    of_fees: int = 0
    """The part of `suspense` of wrong fees, whose lines are matched."""


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """A file's row, and what it has to agree with, by currency. `lines` None: they were not read."""

    file_id: int
    state: str
    line_count: int
    matched: int
    totals: Mapping[str, Total]
    lines: Mapping[str, LineSums] | None
    exceptions: Mapping[str, ExceptionSums]
    posted: Net = field(default_factory=Counter)


def file_faults(file: AuditedFile) -> Iterator[str]:
    """What is wrong about a file. Of one that is not DONE nothing may be posted."""
    if file.state != FileState.DONE:
        yield from wrong_postings(file.posted, Counter())
        return
    yield from wrong_postings(file.posted, together(_of(*item) for item in file.totals.items()))
    for currency, total in sorted(file.totals.items()):
        yield from differs(f"net {currency}", total.net, total.gross - total.fee)
        explained = total.matched_gross - total.matched_fee + total.suspense
        yield from differs(f"net {currency}, matched and in suspense,", explained, total.net)
        suspense = file.exceptions.get(currency, ExceptionSums()).suspense
        yield from differs(f"suspense {currency}", total.suspense, suspense)
    if file.lines is not None:
        yield from _lines(file, file.lines)


def _of(currency: str, total: Total) -> Net:
    debits = {
        Account.BANK: total.net,
        Account.ACQUIRER_FEE_EXPENSE: total.matched_fee,
        Account.ACQUIRER_RECEIVABLE: -total.matched_gross,
        Account.RECONCILIATION_SUSPENSE: -total.suspense,
    }
    return net(currency, None, debits)


def _lines(file: AuditedFile, by_currency: Mapping[str, LineSums]) -> Iterator[str]:
    yield from differs("its number of lines", file.line_count, sum(sums.lines for sums in by_currency.values()))
    yield from differs("its number of matches", file.matched, sum(sums.matched for sums in by_currency.values()))
    for currency in sorted(file.totals.keys() | by_currency.keys() | file.exceptions.keys()):
        total = file.totals.get(currency, Total())
        lines = by_currency.get(currency, LineSums())
        exceptions = file.exceptions.get(currency, ExceptionSums())
        yield from differs(f"gross {currency}", total.gross, lines.gross)
        yield from differs(f"fee {currency}", total.fee, lines.fee)
        yield from differs(f"matched gross {currency}", total.matched_gross, lines.matched_gross)
        # a wrong fee's suspense is the contract's fee − the line's
        yield from differs(f"matched fee {currency}", total.matched_fee, lines.matched_paid + exceptions.of_fees)
        if lines.strays:
            yield f"{lines.strays} lines {currency} do not agree with the operations that they are matched with"
        unmatched = lines.lines - lines.matched
        yield from differs(f"the number of exceptions {currency} of unmatched lines", exceptions.unmatched, unmatched)


class AuditedOperation(NamedTuple):
    """The operation of an exception; `gross`: what the acquirer owes for it if it happened (minor units, signed)."""

    currency: str
    gross: int
    state: str

    @property
    def owed(self) -> tuple[int, ...]:
        """What it was owed when the exception ended: nothing for what did not happen."""
        if self.state == State.REVERSED:  # it had not happened at first
            return (self.gross, 0)
        return (self.gross,) if self.state == State.APPROVED else (0,)


class AuditedLine(NamedTuple):
    """The line of an exception."""

    currency: str
    net: int
    is_matched: bool


class ExceptionRow(NamedTuple):
    """An exception as it is stored; `suspense` signed, in minor units."""

    exception_id: int
    exception_class: str
    state: str
    currency: str
    suspense: int
    ended_at: datetime | None
    actor: str | None
    approver: str | None


@dataclass(frozen=True, slots=True)
class AuditedException:
    """An exception, its line, its operation, and what its postings changed."""

    row: ExceptionRow
    line: AuditedLine | None
    operation: AuditedOperation | None
    posted: Net


def exception_faults(exception: AuditedException) -> Iterator[str]:
    """What is wrong about an exception."""
    row = exception.row
    allowed = _ends(row, exception.operation)
    if not any(is_same(exception.posted, each) for each in allowed):
        yield from wrong_postings(exception.posted, allowed[0])
    is_ended = row.state in ENDED
    if (row.ended_at is not None) != is_ended:
        yield f"it is {row.state}, and has {'no' if is_ended else 'an'} end"
    if is_ended and row.actor is None:
        yield f"it is {row.state}, and nobody did it"
    if row.actor is not None and row.actor == row.approver:
        yield f"{row.actor} has approved what they did themselves"
    if exception.operation is None and row.exception_class in _OWED:
        yield "it names no operation that exists"
    yield from _line(row, exception.line)


def _line(row: ExceptionRow, line: AuditedLine | None) -> Iterator[str]:
    is_missing = row.exception_class == ExceptionClass.MISSING_AT_ACQUIRER
    if is_missing or line is None:
        yield from differs("suspense", row.suspense, 0)
        if not is_missing:
            yield "it names no line that exists"
        return
    is_fee = row.exception_class == ExceptionClass.FEE
    yield from differs("currency", row.currency, line.currency)
    yield from differs("whether its line is matched", line.is_matched, is_fee)
    if not is_fee:  # of a fee, the file's sums show it
        yield from differs("suspense", row.suspense, line.net)


def _ends(row: ExceptionRow, operation: AuditedOperation | None) -> list[Net]:
    """What its end may change: what was in suspense, and what its operation was owed, has to go somewhere."""
    if row.state not in ENDED:
        return [Counter()]
    is_written_off = row.state == ExceptionState.WRITTEN_OFF
    is_ours = row.exception_class in _OWED if is_written_off else row.exception_class == ExceptionClass.AMOUNT
    takes = Account.ACQUIRER_FEE_EXPENSE if is_written_off or is_ours else Account.ACQUIRER_RECEIVABLE
    suspense = net(row.currency, None, {Account.RECONCILIATION_SUSPENSE: row.suspense, takes: -row.suspense})
    if not is_ours or operation is None:
        return [suspense]
    return [
        together(
            (
                suspense,
                net(operation.currency, None, {Account.ACQUIRER_RECEIVABLE: -owed, Account.ACQUIRER_FEE_EXPENSE: owed}),
            )
        )
        for owed in operation.owed
    ]
