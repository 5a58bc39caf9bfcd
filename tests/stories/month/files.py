"""The acquirer's files of a month: what is wrong with them, their reconciliation, and operators who end exceptions."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import Engine, Row, text

from payments.acquiring.connector import Kind, Operation
from payments.platform.clock import monotonic
from payments.platform.values.money import amounts_by_currency
from payments.reconciliation import decisions, desk, waiting
from payments.reconciliation.importing import Asked, import_file
from payments.reconciliation.profile import SIMULATOR
from tests.moments import always
from tests.psp.tampered import Moved
from tests.stories.month.acquirer import Acquirer
from tests.stories.month.clock import MovedClock
from tests.stories.month.shops import CURRENCIES, Sale, Trade
from tests.stories.month.truth import Sums

LIMITS: Final = amounts_by_currency("*=20000 KRW=400000")
WRONG: Final = ("AMOUNT", "AMOUNT", "CURRENCY", "TYPE", "FEE", "DUPLICATE", "MISSING", "LATE", "RENAMED", "UNKNOWN")
PAIRED: Final = ("AMOUNT", "CURRENCY", "TYPE")
_OPEN: Final = text(
    "SELECT e.exception_id, e.exception_class, e.currency, l.gross, l.fee, o.kind, o.amount,"
    " o.currency AS owed_currency"
    " FROM recon_exception e LEFT JOIN recon_line l ON l.file_id = e.file_id AND l.number = e.number"
    " LEFT JOIN acquirer_operation o ON o.operation_id = COALESCE(e.operation_id, e.missing_operation_id)"
    " WHERE e.state = 'OPEN' ORDER BY e.exception_id"
)
_STATE: Final = text("SELECT state FROM recon_exception WHERE exception_id = :id")


def gross(asked: Operation) -> int:
    """What a file should have of an operation."""
    return -asked.amount if asked.kind is Kind.REFUND else asked.amount


@dataclass
class Files:
    """Reconciles a file each day, and counts what it must lead to, by what was done to it."""

    engine: Engine
    clock: MovedClock
    acquirer: Acquirer
    trade: Trade
    draw: Random
    bank: Sums = field(default_factory=Counter)
    receivable: Sums = field(default_factory=Counter)
    """What files and operators have taken out of it."""
    expense: Sums = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)
    """Reference → what is wrong about its line."""
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many exceptions of each class were ended in which way."""
    _known: int = 0
    _seen: set[str] = field(default_factory=set)
    _names: dict[str, str] = field(default_factory=dict)

    def spoil(self, day: date, most: int) -> None:
        """Make some lines of a day wrong."""
        waiting_for = {sale.waits for sale in self.trade.sales}
        names = [call.operation.reference for call in self.trade.calls[self._known :]]
        self._known = len(self.trade.calls)
        names = [name for name in names if name not in waiting_for]
        kinds = self.draw.sample(WRONG, min(most, len(WRONG)))
        for kind, name in zip(kinds, self.draw.sample(names, min(len(names), most)), strict=False):
            self.wrong[name] = kind
            self._spoil(kind, name, day)

    def take(self, day: date) -> None:
        """Import the file of a day: it says what was planted, and no more."""
        asked = Asked(f"{day}.csv", "simulator", "kim")
        data = self.acquirer.files.file(day)
        tally = import_file(self.engine, lambda: [data], asked, always(self.clock.tick())).tally
        lines = self.acquirer.files.lines(day)
        exceptions = sum(self._count(line) for line in lines)
        assert (tally.lines, tally.of_lines) == (len(lines), exceptions)
        decisions.decide_matched(self.engine, monotonic, lambda _seconds: None)
        for sale in self.trade.sales:
            if sale.waits in self._seen:
                sale.waits = ""

    def end_exceptions(self) -> None:
        """Operators end all that are open, a second one what the first could only propose."""
        with self.engine.begin() as connection:
            waiting.open_overdue(connection, self.clock.tick())
        with self.engine.connect() as connection:
            rows = connection.execute(_OPEN).all()
        for row in rows:
            end = self.draw.choice([desk.resolve, desk.write_off])
            for actor in ("kim", "lee"):
                if self._state(row) != "OPEN":
                    break
                with self.engine.begin() as connection:
                    end(connection, row.exception_id, "asked the acquirer", actor, LIMITS, self.clock.tick())
            assert self._state(row) == ("RESOLVED" if end is desk.resolve else "WRITTEN_OFF")
            self.ended[row.exception_class, end.__name__] += 1
            self._count_end(row, is_resolved=end is desk.resolve)

    def _spoil(self, kind: str, name: str, day: date) -> None:
        files = self.acquirer.files
        other = day + timedelta(days=2)
        if kind == "AMOUNT":
            files.amount(name, self.draw.choice([1, -1, 50_000]))
        elif kind == "CURRENCY":
            (line,) = [line for line in files.lines(day) if line.reference == name]
            files.currency(name, self.draw.choice([each for each in CURRENCIES if each != line.currency]))
        elif kind == "TYPE":
            files.kind(name)
        elif kind == "FEE":
            files.fee(name, self.draw.choice([1, -1]))
        elif kind == "DUPLICATE":
            files.twice(name, self.draw.choice([day, other]))
        elif kind == "MISSING":
            files.drop(name)
        elif kind == "LATE":
            files.put_off(name, other)
        elif kind == "RENAMED":
            self._names[f"mangled-{name}"] = name
            files.rename(name, f"mangled-{name}")
        else:
            files.invent(f"99-{name}", day, self.draw.choice([1, -1]) * self.draw.randint(1, 10**6), "KRW")

    def _count(self, line: Moved) -> int:
        """Count a line as the books must; returns how many exceptions it is."""
        self.bank[line.currency] += line.net
        name = self._names.get(line.reference, line.reference)
        wrong = self.wrong.get(name)
        if name.startswith("99-") or wrong in PAIRED or name in self._seen:
            return 1
        self._seen.add(name)
        (asked,) = [call.operation for call in self.trade.calls if call.operation.reference == name]
        self.receivable[line.currency] += gross(asked)
        self.expense[line.currency] += SIMULATOR.expected_fee(asked.kind, asked.amount, asked.currency)
        return wrong == "FEE"

    def _count_end(self, row: Row[Any], *, is_resolved: bool) -> None:
        net = 0 if row.gross is None else row.gross - row.fee
        owed = 0 if row.kind is None else (-row.amount if row.kind == "refund" else row.amount)
        if row.exception_class == "FEE":
            net = SIMULATOR.expected_fee(Kind(row.kind), row.amount, row.owed_currency) - row.fee
        takes_all = row.exception_class == "AMOUNT" and is_resolved
        if is_resolved and not takes_all:
            self.receivable[row.currency] += net
        else:
            self.expense[row.currency] -= net
            if row.exception_class in (*PAIRED, "MISSING_AT_ACQUIRER"):
                self.receivable[row.owed_currency] += owed
                self.expense[row.owed_currency] += owed

    def _state(self, row: Row[Any]) -> str:
        with self.engine.connect() as connection:
            return str(connection.execute(_STATE, {"id": row.exception_id}).scalar_one())


def midnight(day: date) -> datetime:
    """When a day begins, in UTC."""
    return datetime.combine(day, time(), UTC)


def sold(sales: list[Sale]) -> Sums:
    """What acquirers owe for payments: captured and not refunded."""
    found: Sums = Counter()
    for sale in sales:
        found[sale.currency] += sale.captured - sale.refunded
    return found
