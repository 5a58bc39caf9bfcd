"""A day of our operations and the acquirer's file about it, with planted differences."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from payments.acquiring.connector import Kind
from payments.acquiring.rules import State, Told
from payments.reconciliation.file import SettlementFile
from payments.reconciliation.profile import SIMULATOR
from payments.reconciliation.reconcile import Ours, reconcile
from payments.reconciliation.rules import (
    SETTLED,
    Agreed,
    Expected,
    Found,
    Line,
    Match,
    ReconException,
    Rule,
    Settled,
)

NOW: Final = datetime(2030, 5, 20, 12, tzinfo=UTC)
DAY: Final = "2030-05-17"
LONG_AGO: Final = NOW - timedelta(days=4)
LATELY: Final = NOW - timedelta(days=1)
CURRENCIES: Final = ("USD", "EUR", "KRW", "KWD")
fee = SIMULATOR.expected_fee


def operation(number: int, kind: Kind = Kind.CAPTURE, amount: int = 1000, currency: str = "USD") -> Expected:
    """An approved operation."""
    names = (f"00-{number}-{kind}-1", f"op_{number:x}")
    return Expected(number, *names, kind, currency, amount, State.APPROVED, LONG_AGO)


def line(of: Expected) -> Line:
    """The line that it should have; its number is that of the operation."""
    charged = fee(of.kind, of.amount, of.currency)
    return Line(of.reference, of.acquirer_reference or "op_", of.kind, of.currency, of.gross, charged, of.operation_id)


def day(size: int, seed: int = 0) -> list[Expected]:
    """Operations of every kind and currency, and of all magnitudes."""
    draw = Random(seed)
    return [
        operation(
            number,
            draw.choice([Kind.CAPTURE, Kind.CAPTURE, Kind.REFUND]),
            draw.randint(1, 10 ** draw.randint(1, 12)),
            draw.choice(CURRENCIES),
        )
        for number in range(1, size + 1)
    ]


def row(*cells: object) -> str:
    """A line of the file."""
    return ",".join(map(str, cells)) + "\r\n"


def text(lines: Iterable[Line], day: str = DAY) -> str:
    """The simulator's file of a day with these movements, numbered anew."""
    written = [row(*SIMULATOR.header)]
    totals: dict[str, list[int]] = {}
    count = 0
    for count, each in enumerate(lines, 1):
        net = each.gross - each.fee
        named = (each.reference, each.acquirer_reference, each.kind.value, "a-1", "2030-05-17T12:00:00.000000Z")
        written.append(row("movement", count, *named, each.currency, each.gross, each.fee, net))
        total = totals.setdefault(each.currency, [0, 0, 0, 0])
        for place, value in enumerate((1, each.gross, each.fee, net)):
            total[place] += value
    for currency, (number, *amounts) in sorted(totals.items()):
        written.append(row("total", number, *[""] * 5, currency, *amounts))
    return "".join([*written, row("end", count, *[""] * 4, day, *[""] * 4)])


def soon() -> str:
    """A day of which a file is taken at the real time, and by whose file nothing that a test does now is missing."""
    return (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def file_of(content: str | bytes, chunk: int = 65_536) -> Callable[[], Iterable[Line]]:
    """Its movements, read from chunks of bytes each time."""
    data = content.encode() if isinstance(content, str) else content
    return lambda: SettlementFile(
        (data[start : start + chunk] for start in range(0, len(data), chunk)), SIMULATOR
    ).lines()


def ours(operations: Sequence[Expected], *, is_plain_known: bool = True) -> Ours:
    """Our side. `is_plain_known`: what is plain is matched without a look at all rules."""
    settled = {
        each.reference: Settled(each.operation_id, each.kind, each.currency, each.gross)
        for each in operations
        if is_plain_known and each.state in SETTLED and not each.used and each.missing_id is None
    }
    by_reference = {each.reference: each for each in operations}
    by_theirs = {each.acquirer_reference: each for each in operations if each.acquirer_reference}
    return Ours(
        lambda names: {name: settled[name] for name in names if name in settled},
        lambda names: {name: by_reference[name] for name in names if name in by_reference},
        lambda names: {name: by_theirs[name] for name in names if name in by_theirs},
        lambda: operations,
    )


@dataclass
class Result:
    """What a run has found."""

    matches: list[Match] = field(default_factory=list)
    exceptions: list[ReconException] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def in_order(self) -> list[str]:
        """All of it, whatever was found first."""
        return sorted(map(repr, [*self.matches, *self.exceptions, *self.told]))

    @property
    def classes(self) -> list[str]:
        """Class and state of each exception, sorted."""
        return sorted(f"{each.exception_class} {each.state}" for each in self.exceptions)


def result(found: Iterable[Found], operations: Iterable[Expected]) -> Result:
    """Sorted by type."""
    made = Result()
    by_id = {each.operation_id: each for each in operations}
    for each in found:
        if isinstance(each, Agreed):
            ids = zip(each.lines, each.operation_ids, strict=True)
            made.matches += [Match(line, by_id[operation_id], Rule.OUR_REFERENCE) for line, operation_id in ids]
        elif isinstance(each, Match):
            made.matches.append(each)
        elif isinstance(each, ReconException):
            made.exceptions.append(each)
        else:
            made.told.append(each)
    return made


def run(lines: Sequence[Line], operations: Sequence[Expected], now: datetime = NOW) -> Result:
    """One run, without a file, by the rules alone; what is plain does not change what it finds."""
    by_rules, with_plain = (
        result(reconcile(lambda: lines, ours(operations, is_plain_known=known), fee, now), operations)
        for known in (False, True)
    )
    assert with_plain.in_order() == by_rules.in_order()
    return by_rules
