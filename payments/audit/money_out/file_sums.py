"""An acquirer's file as the audit reads it: its row, its sums, and the sums of its lines and exceptions. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from payments.audit.money_out.sources import Net


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
    without_money: int = 0
    """Lines that are matched with an operation that ended without money: what came is in nobody's books."""
    first_without_money: int = 0
    """The number of the first of them; 0: there is none."""

    def plus(self, other: "LineSums") -> "LineSums":
        """The sums of both; `other` has later lines."""
        sums = LineSums(*(one + another for one, another in zip(self, other, strict=True)))
        return sums._replace(first_without_money=self.first_without_money or other.first_without_money)


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
