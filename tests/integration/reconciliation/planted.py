"""Two days at the acquirer, made by commands of the platform, with so many differences of each class in their files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Final

from sqlalchemy import Engine

from payments.acquiring.connector import Kind
from payments.acquiring.rules import Learned
from payments.payment.answers import Call
from payments.payment.commands import Command
from tests.contracts.commands import authorize, capture, refund
from tests.stories.month.acquirer import AT_ONCE, Acquirer, pay
from tests.stories.month.clock import MovedClock

FIRST: Final = date(2030, 5, 17)
SECOND: Final = date(2030, 5, 18)
NOON: Final = datetime(2030, 5, 17, 12, tzinfo=UTC)
CURRENCIES: Final = ("USD", "EUR", "KRW", "KWD")
STEPS: Final = 10
"""Captures and refunds of one payment: eight and two."""
HEARD: Final = (Learned.APPROVED, Learned.DECLINED, Learned.UNKNOWN)


@dataclass
class Planted:
    """What the files must lead to. By class: references of operations, or of lines that are about none of ours."""

    engine: Engine
    clock: MovedClock
    acquirer: Acquirer
    draw: Random
    calls: list[Call] = field(default_factory=list)
    """Captures and refunds of the first day that we know to be approved."""
    second: list[Call] = field(default_factory=list)
    """Those of the second day."""
    found: dict[str, set[str]] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    """References of operations that the file decides."""

    def trade(self, size: int, each: int) -> None:
        """Make `size` operations on the first day, and a tenth of that on the second.

        Of `each` we hear nothing, and of `each` that they were declined, which is not so.
        """
        calls = list(self._operations(size, [learned for learned in HEARD[1:] for _ in range(each)]))
        declined, unheard = calls[:each], calls[each : 2 * each]
        self._expect("UNKNOWN_TO_US", declined)
        self.decided = {call.operation.reference for call in unheard}
        self.calls = calls[2 * each :]
        self.clock.go(NOON + timedelta(days=1))
        self.second = list(self._operations(size // 10, []))

    def plant(self, each: int) -> None:
        """Make `each` lines wrong in each way, each about an operation of its own."""
        files = self.acquirer.files
        left = self.draw.sample(self.calls, len(self.calls))

        def change(of_class: str, change: Callable[[str], None]) -> None:
            chosen = [left.pop() for _ in range(each)]
            for call in chosen:
                change(call.operation.reference)
            self._expect(of_class, chosen)

        for more in (1, -1):
            change("AMOUNT", partial(files.amount, more=more))
            change("FEE", partial(files.fee, more=more))
        change("AMOUNT", files.sign)
        change("CURRENCY", lambda name: files.currency(name, "JPY"))
        change("TYPE", files.kind)
        change("DUPLICATE", lambda name: files.twice(name, FIRST))
        change("DUPLICATE", lambda name: files.twice(name, SECOND))
        change("MISSING_AT_ACQUIRER", files.drop)
        change("LATE", lambda name: files.put_off(name, SECOND))
        for number in range(each):
            name = f"00-{10**9 + number}-capture-1"
            files.invent(name, FIRST, self.draw.choice([1, -1]) * self.draw.randint(1, 10**6), "USD")
            self.found["UNKNOWN_TO_US"].add(name)
        for number in range(each):
            files.rename(left.pop().operation.reference, f"mangled-{number}")

    def _expect(self, of_class: str, calls: list[Call]) -> None:
        self.found.setdefault(of_class, set()).update(call.operation.reference for call in calls)

    def _operations(self, size: int, heard: list[Learned]) -> Iterator[Call]:
        """Captures, then refunds; of the first ones is heard what `heard` says."""
        payments = [self._authorized(number) for number in range(max(size // STEPS, 1))]
        held = pay(self.engine, self.acquirer, payments)
        for kind, repeated in ((Kind.CAPTURE, STEPS - 2), (Kind.REFUND, 2)):
            commands = [self._step(kind, call) for _ in range(repeated) for call in held]
            for start in range(0, len(commands), AT_ONCE):
                self.clock.tick()
                now, heard = heard[:AT_ONCE], heard[AT_ONCE:]
                yield from pay(self.engine, self.acquirer, commands[start : start + AT_ONCE], now)

    def _authorized(self, number: int) -> Command:
        currency = self.draw.choice(CURRENCIES)
        merchant = f"M{number % 20 + 1:02}"
        return authorize(self._key(), 10**9, merchant, currency, timedelta(days=60), "simulator")

    def _step(self, kind: Kind, of: Call) -> Command:
        amount = self.draw.randint(1, 10 ** self.draw.randint(1, 7))
        if kind is Kind.CAPTURE:
            return capture(of.payment_id, self._key(), 1000 + amount, of.merchant_id)
        return refund(of.payment_id, self._key(), min(amount, 1000), of.merchant_id)

    def _key(self) -> str:
        return f"k{self.draw.getrandbits(64):x}"
