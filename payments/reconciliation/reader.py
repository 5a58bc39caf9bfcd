"""Reads the text of a settlement file by a profile, and holds it against its own trailer. Pure."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from payments.platform.values import card_numbers
from payments.platform.values.money import DECIMALS, MAX_AMOUNT
from payments.reconciliation.faults import Faults, Reason
from payments.reconciliation.plain_lines import LONGEST, REFERENCE, PlainLines
from payments.reconciliation.profile import Profile
from payments.reconciliation.rules import Line
from payments.reconciliation.trailer import Trailer, integer

_REFERENCE: Final = re.compile(REFERENCE)
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
EARLIEST: Final = date(2000, 1, 1)
"""The first day that a file may be about: no card payment of ours is older, and dates have room before it."""
_BOMS: Final = ("\udcef\udcbb\udcbf", "\ufeff", "\udcff\udcfe", "\udcfe\udcff")
"""Of UTF-8, also decoded, and of UTF-16."""


class Reader:
    """One reading of a file."""

    def __init__(self, profile: Profile, latest: date = date.max) -> None:
        """Nothing read yet. `latest`: the last day that the file may be about."""
        self.day: date | None = None
        """What the file is about; None until its end line was read, and where the profile has no day."""
        self._latest = latest
        self._profile = profile
        self._faults = Faults()
        self._trailer = Trailer()
        self._plain = PlainLines(profile)
        self._next = 1
        place = profile.header.index
        self._record = place(profile.record)
        self._number = place(profile.number)
        self._reference = place(profile.reference)
        self._acquirer_reference = place(profile.acquirer_reference)
        self._kind = place(profile.kind)
        self._currency = place(profile.currency)
        self._day = None if profile.day is None else place(profile.day)
        self._amounts = (place(profile.gross), place(profile.fee), place(profile.net))

    @property
    def sums(self) -> dict[str, tuple[int, int]]:
        """Gross and fee of the movements by currency, in minor units."""
        return self._trailer.sums

    def read(self, blocks: Iterable[str]) -> Iterator[Line]:
        """The movements. `blocks` are of whole lines with their ends; bytes that are not ASCII are surrogates.

        Raises FileRefused at the end, with every fault of the file: until then nothing of it may count.
        """
        number, last = 0, ""
        for last in blocks:
            plain = self._plain_lines(last) if number else None
            if plain is not None:
                yield from plain
                number += len(plain)
                continue
            for line in _LINE.findall(last):
                number += 1
                found = self._line(number, line)
                if isinstance(found, Line):
                    yield found
                elif found is not None:
                    self._faults.add(number, found)
        if number == 0:
            self._faults.add(1, Reason.HEADER)
        for reason in self._trailer.missing(is_whole=last.endswith("\n"), are_sums_known=not self._faults.count):
            self._faults.add(number + 1, reason)
        self._faults.refuse()

    def _plain_lines(self, block: str) -> list[Line] | None:
        """The movements of a block behind the first line; None when it has to be looked at line by line."""
        if self._trailer.has_begun or self._trailer.has_ended:
            return None
        plain = self._plain.read(block, self._next)
        if plain is not None:
            self._next += len(plain)
            self._trailer.count += len(plain)
            self._trailer.add_all(plain)
        return plain

    def _line(self, number: int, line: str) -> Line | Reason | None:
        text = line.removesuffix("\n").removesuffix("\r")
        if reason := _fault_of_text(text, is_first=number == 1):
            return reason
        cells = text.split(",")  # without quotes this is CSV, and no cell can swallow the next line
        if number == 1:
            return None if tuple(cells) == self._profile.header else Reason.HEADER
        if len(cells) != len(self._profile.header):
            return Reason.CELLS
        if self._trailer.has_ended:
            return Reason.AFTER_END
        record = cells[self._record]
        if record == self._profile.movement:
            return self._movement(cells)
        if record == self._profile.total:
            amounts = [cells[place] for place in self._amounts]
            return self._trailer.total(cells[self._number], cells[self._currency], amounts)
        return self._end(cells) if record == self._profile.end else Reason.RECORD

    def _end(self, cells: list[str]) -> Reason | None:
        reason = self._trailer.end(cells[self._number])
        if self._day is None:
            return reason
        self.day = _date(cells[self._day], self._latest)
        return Reason.DAY if self.day is None and reason is None else reason

    def _movement(self, cells: list[str]) -> Line | Reason:
        self._trailer.count += 1
        number, due = integer(cells[self._number]), self._next
        self._next = due + 1 if number is None else number + 1  # a gap is told once
        if number != due:
            return Reason.NUMBER
        if self._trailer.has_begun:
            return Reason.ORDER
        names = (cells[self._reference], cells[self._acquirer_reference])
        kind = self._profile.kinds.get(cells[self._kind])
        currency = cells[self._currency]
        if reason := _fault_of_names(*names):
            return reason
        if kind is None:
            return Reason.KIND
        if currency not in DECIMALS:
            return Reason.CURRENCY
        gross, fee, net = (integer(cells[place]) for place in self._amounts)
        if gross is None or fee is None or net is None:
            return Reason.NOT_AN_INTEGER
        if reason := _fault_of_amounts(gross, fee, net):
            return reason
        movement = Line(*names, kind, currency, gross, fee, number)
        self._trailer.add_all([movement])
        return movement


def _fault_of_text(text: str, *, is_first: bool) -> Reason | None:
    if len(text) > LONGEST:
        return Reason.TOO_LONG
    if not text.isascii():
        return Reason.BOM if is_first and text.startswith(_BOMS) else Reason.NOT_ASCII
    if not text.isprintable():
        return Reason.CONTROL_CHARACTER
    return Reason.QUOTES if '"' in text else None


def _date(cell: str, latest: date) -> date | None:
    try:
        found = date.fromisoformat(cell)
    except ValueError:
        return None
    return found if found.isoformat() == cell and EARLIEST <= found <= latest else None


def _fault_of_names(reference: str, acquirer_reference: str) -> Reason | None:
    if not (_REFERENCE.fullmatch(reference) and _REFERENCE.fullmatch(acquirer_reference)):
        return Reason.REFERENCE
    if card_numbers.contains(reference) or card_numbers.contains(acquirer_reference):
        return Reason.CARD_NUMBER
    return None


def _fault_of_amounts(gross: int, fee: int, net: int) -> Reason | None:
    if abs(gross) > MAX_AMOUNT or abs(fee) > MAX_AMOUNT:
        return Reason.AMOUNT_TOO_LARGE
    return None if net == gross - fee else Reason.NET
