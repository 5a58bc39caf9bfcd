"""The trailer of a settlement file, totals by currency and an end line, held against its movements. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from payments.reconciliation.faults import Reason
from payments.reconciliation.rules import Line


def integer(cell: str) -> int | None:
    """The integer that a cell has in plain digits, with a minus if it is negative; None for anything else."""
    try:
        value = int(cell)
    except ValueError:
        return None
    return value if str(value) == cell else None


class Trailer:
    """What the movements add up to, and what the trailer says of it."""

    def __init__(self) -> None:
        """Nothing read."""
        self.count = 0
        """Movements, also those with a fault."""
        self.has_ended = False
        self._sums: dict[str, list[int]] = {}
        self._totals: dict[str, list[int | None]] = {}
        self._number: int | None = None

    @property
    def has_begun(self) -> bool:
        """Whether a total was read: no movement may follow."""
        return bool(self._totals)

    @property
    def sums(self) -> dict[str, tuple[int, int]]:
        """Gross and fee of the movements by currency."""
        return {currency: (gross, fee) for currency, (_, gross, fee) in self._sums.items()}

    def add_all(self, movements: Iterable[Line]) -> None:
        """Movements that could be read."""
        for _, _, _, currency, gross, fee, _ in movements:
            sums = self._sums.get(currency)
            if sums is None:
                sums = self._sums[currency] = [0, 0, 0]
            sums[0] += 1
            sums[1] += gross
            sums[2] += fee

    def total(self, number: str, currency: str, amounts: Sequence[str]) -> Reason | None:
        """The total of a currency: number of movements; gross, fee, net."""
        if currency in self._totals:
            return Reason.ORDER
        self._totals[currency] = [integer(cell) for cell in (number, *amounts)]
        return Reason.NOT_AN_INTEGER if None in self._totals[currency] else None

    def end(self, number: str) -> Reason | None:
        """The end line: the number of movements."""
        self.has_ended = True
        self._number = integer(number)
        return None if self._number == self.count else Reason.COUNT

    def missing(self, *, is_whole: bool, are_sums_known: bool) -> Iterator[Reason]:
        """What is wrong when the file has ended. `are_sums_known`: each movement could be read."""
        if not (self.has_ended and is_whole):
            yield Reason.NO_END
        if not are_sums_known:
            return
        for currency, (count, gross, fee) in self._sums.items():
            if currency not in self._totals:
                yield Reason.NO_TOTAL
            elif self._totals[currency] != [count, gross, fee, gross - fee]:
                yield Reason.TOTAL
        for _ in self._totals.keys() - self._sums.keys():
            yield Reason.TOTAL
