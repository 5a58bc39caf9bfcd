"""The shops of a month and what they sell: payments in parts, refunds long after, amounts that nobody captures."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final

from sqlalchemy import Engine

from payments.acquiring.rules import Learned
from payments.payment.answers import Call
from payments.payment.commands import Command
from tests.contracts.commands import authorize, capture, refund, void
from tests.contracts.posting import publish_and_post
from tests.stories.month.acquirer import Acquirer, pay
from tests.stories.month.clock import MovedClock

CURRENCIES: Final = ("EUR", "KRW", "KWD")
ZONES: Final = ("UTC", "Asia/Seoul", "America/New_York", "Europe/Berlin", "Pacific/Auckland")
"""New York's clocks change on 10 March 2030, Berlin's on 31 March."""
DEAREST: Final = {"EUR": 50_000, "KRW": 900_000, "KWD": 90_000}
"""The largest price, in minor units."""
HOURS: Final = (2, 11, 20)
"""When shops sell, in UTC."""
LIFETIME: Final = timedelta(days=60)


@dataclass(frozen=True)
class Shop:
    """A merchant. `returns`: the share of its sales that come back."""

    merchant_id: str
    zone: str
    currencies: Sequence[str]
    returns: float


@dataclass
class Sale:
    """One payment as the shop has it; amounts in minor units."""

    payment_id: int
    shop: Shop
    currency: str
    amount: int
    at: datetime
    captured: int = 0
    refunded: int = 0
    released: int = 0
    waits: str = ""
    """The reference of a capture of which nobody has heard yet."""

    @property
    def open(self) -> int:
        """What can be captured."""
        return self.amount - self.captured - self.released


def shops(number: int) -> list[Shop]:
    """Shops with one to three currencies; each fifth gets back more than it sells in its last weeks."""
    return [
        Shop(f"M{each:02}", ZONES[each % 5], CURRENCIES[: 1 + each % 3], 0.9 if each % 5 == 0 else 0.15)
        for each in range(1, number + 1)
    ]


@dataclass
class Trade:
    """Sells for all shops. `sales`: every payment, oldest first."""

    engine: Engine
    clock: MovedClock
    acquirer: Acquirer
    shops: Sequence[Shop]
    draw: Random
    sales: list[Sale] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    """Captures and refunds, in their order."""
    _keys: Iterable[int] = field(default_factory=lambda: count(1))

    def day(self, midnight: datetime, new: int, *, sells: bool, is_posted_late: bool, unheard: int) -> None:
        """The day from `midnight` (UTC) on: `new` payments when it `sells`, and what follows of older ones.

        The ledger posts each time, or all of the day after midnight; of `unheard` captures nobody hears.
        """
        for hour in HOURS:
            self.clock.go(midnight + timedelta(hours=hour, minutes=self.draw.randint(1, 59)))
            if sells:
                self._authorize(new // len(HOURS))
                self._capture(unheard if hour == HOURS[-1] else 0)
            self._refund()
            self._release()
            if not is_posted_late:
                self.post()

    def post(self) -> None:
        """Relay and ledger do what is left."""
        self.clock.tick()
        while publish_and_post(self.engine):
            pass

    def _authorize(self, new: int) -> None:
        drawn = []
        for _ in range(new):
            shop = self.draw.choice(self.shops)
            currency = self.draw.choice(shop.currencies)
            drawn.append((shop, currency, self.draw.randint(1, DEAREST[currency])))
        calls = self._pay(
            [
                authorize(self._key(), amount, shop.merchant_id, currency, LIFETIME, "simulator")
                for shop, currency, amount in drawn
            ]
        )
        for call, (shop, currency, amount) in zip(calls, drawn, strict=True):
            self.sales.append(Sale(call.payment_id, shop, currency, amount, self.clock.now))

    def _capture(self, unheard: int) -> None:
        """All, or a part; what is left mostly later."""
        chosen = [sale for sale in self.sales if sale.open and not sale.waits and self.draw.random() < 0.8]
        parts = [sale.open if self.draw.random() < 0.5 else self.draw.randint(1, sale.open) for sale in chosen]
        calls = self._step(capture, chosen, parts, [Learned.UNKNOWN] * unheard)
        for sale, part in zip(chosen, parts, strict=True):
            sale.captured += part
        for sale, call in zip(chosen[:unheard], calls, strict=False):
            sale.waits = call.operation.reference

    def _refund(self) -> None:
        """Rarely at once, and mostly when the shop was paid long ago."""
        chosen, parts = [], []
        for sale in self.sales:
            left = sale.captured - sale.refunded
            age = self.clock.now - sale.at
            is_back = self.draw.random() < sale.shop.returns * (0.01 if age < timedelta(days=4) else 0.03)
            if left and is_back and not sale.waits:
                chosen.append(sale)
                parts.append(left if self.draw.random() < 0.5 else self.draw.randint(1, left))
        self._step(refund, chosen, parts)
        for sale, part in zip(chosen, parts, strict=True):
            sale.refunded += part

    def _release(self) -> None:
        old = [sale for sale in self.sales if self.clock.now - sale.at > timedelta(days=2)]
        chosen = [sale for sale in old if sale.open and not sale.waits]
        self._pay([void(sale.payment_id, self._key(), sale.shop.merchant_id) for sale in chosen])
        for sale in chosen:
            sale.released = sale.open

    def _step(
        self, step: Callable[..., Command], chosen: list[Sale], parts: list[int], heard: Sequence[Learned] = ()
    ) -> list[Call]:
        commands = [
            step(sale.payment_id, self._key(), part, sale.shop.merchant_id)
            for sale, part in zip(chosen, parts, strict=True)
        ]
        calls = self._pay(commands, heard)
        self.calls += calls
        return calls

    def _pay(self, commands: list[Command], heard: Sequence[Learned] = ()) -> list[Call]:
        self.clock.tick()
        return pay(self.engine, self.acquirer, commands, heard) if commands else []

    def _key(self) -> str:
        return f"k{next(iter(self._keys))}"
