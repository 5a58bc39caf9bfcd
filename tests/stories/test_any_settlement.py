"""Any order of sales, deliveries, cut-offs and payouts settles each posting once, and owes what was earned."""

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import Engine, text, update

from payments.ledger.rules import Account
from payments.platform.tables.merchants import merchant
from payments.platform.values.money import amounts_by_currency
from payments.settlement import adjustments
from payments.settlement.closing import settle_due
from payments.settlement.fees import OnRefund
from tests.contracts.commands import authorize, capture, refund, run_one
from tests.moments import always
from tests.stories.books import Books
from tests.stories.month import truth
from tests.stories.month.clock import MovedClock
from tests.stories.month.payouts import Payouts
from tests.stories.month.prices import FIRST, schedule
from tests.stories.month.shops import Sale, Shop

ZONES: Final = ("UTC", "Asia/Seoul", "America/New_York", "Pacific/Auckland")
MINIMUM: Final = amounts_by_currency("*=50")
LIMITS: Final = amounts_by_currency("*=1000000")
PRICES: Final = (
    schedule("*", "KRW", 1_000, 3, OnRefund.RETURN, FIRST),
    schedule("M2", "KRW", 333, 0, OnRefund.KEEP, FIRST),
)
SHOPS: Final = tuple(Shop(name, "UTC", ("KRW",), 0.0) for name in ("M1", "M2"))
_ON_THEIR_WAY: Final = text(
    "SELECT merchant_id, sum(net) FROM settlement_batch WHERE state IN ('CLOSED', 'APPROVED', 'EXPORTED') GROUP BY 1"
)
NEVER: Final = timedelta(days=10_000)
PART: Final = st.integers(1, 100)


class AnySettlement(RuleBasedStateMachine):
    """Two shops on one database, which keeps what former examples left."""

    def __init__(self, engine: Engine, clock: MovedClock, payouts_of: Payouts, sales: list[Sale]) -> None:
        super().__init__()
        self.engine, self.clock, self.payouts, self.sales = engine, clock, payouts_of, sales
        self.books = Books(engine)

    @initialize()
    def something_is_sold(self) -> None:
        self.sell(0, 300)

    @rule(index=st.integers(0, 1), amount=st.integers(100, 400))
    def sell(self, index: int, amount: int) -> None:
        shop = SHOPS[index]
        self.clock.tick()
        command = authorize(self._key(), amount, shop.merchant_id, lifetime=NEVER)
        assert run_one(self.engine, command).status == 200
        with self.engine.connect() as connection:
            number = connection.execute(text("SELECT max(payment_id) FROM payment")).scalar_one()
        self.sales.append(Sale(int(number), shop, "KRW", amount, self.clock.now))

    @rule(back=st.integers(0, 3), part=PART, is_refund=st.booleans())
    def step(self, back: int, part: int, is_refund: bool) -> None:
        sale = self.sales[-1 - back % len(self.sales)]
        possible = sale.captured - sale.refunded if is_refund else sale.open
        if part > possible:
            return
        self.clock.tick()
        command = (refund if is_refund else capture)(sale.payment_id, self._key(), part, sale.shop.merchant_id)
        assert run_one(self.engine, command).status == 200
        if is_refund:
            sale.refunded += part
        else:
            sale.captured += part

    @rule(data=st.data())
    def the_ledger_posts_some_in_any_order(self, data: st.DataObject) -> None:
        waiting = self._unposted()
        if waiting:
            self.clock.tick()
            self.books.deliver(data.draw(st.lists(st.sampled_from(waiting), min_size=1, max_size=4)))

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        self.clock.go(self.clock.now + timedelta(hours=hours))

    @rule(index=st.integers(0, 1), zone=st.sampled_from(ZONES))
    def a_shop_moves(self, index: int, zone: str) -> None:
        with self.engine.begin() as connection:
            of_shop = update(merchant).where(merchant.c.merchant_id == SHOPS[index].merchant_id)
            connection.execute(of_shop.values(time_zone=zone))

    @rule(at_once=st.booleans())
    def settle(self, at_once: bool) -> None:
        now = self.clock.tick()
        cutoff = now if at_once else None
        settle_due(self.engine, always(now), MINIMUM, timedelta(0), lambda _seconds: False, cutoff=cutoff)

    @rule(returns=st.sampled_from([0.0, 0.5]))
    def operators_pay(self, returns: float) -> None:
        self.payouts.approve()
        self.payouts.export()
        self.payouts.hear_from_the_bank(returns)

    @rule(index=st.integers(0, 1), amount=st.integers(-200, 200).filter(bool))
    def an_operator_corrects(self, index: int, amount: int) -> None:
        name = SHOPS[index].merchant_id
        with self.engine.begin() as connection:
            adjustments.propose(connection, name, "KRW", amount, "a letter", "kim", LIMITS, self.clock.tick())
        self.payouts.adjusted[name, "KRW"] += amount

    def teardown(self) -> None:
        self.clock.tick()
        self.books.deliver()
        self.clock.go(self.clock.now + timedelta(days=2))
        self.settle(at_once=False)
        owed = truth.earned(self.sales, PRICES)
        owed.update(self.payouts.adjusted)
        owed.subtract(self.payouts.confirmed)
        with self.engine.connect() as connection:
            assert truth.wrong_batches(connection) == []
            assert truth.wrong_items(connection) == []
            on_their_way: Counter[tuple[str, str]] = Counter(
                {(row[0], "KRW"): int(row[1]) for row in connection.execute(_ON_THEIR_WAY)}
            )
            payable = truth.payable(connection)
            clearing = truth.balances(connection)[Account.PAYOUT_CLEARING]["KRW"]
        assert clearing == on_their_way.total()
        payable.update(on_their_way)
        assert {key: each for key, each in payable.items() if each} == {key: each for key, each in owed.items() if each}
        assert self.books.audit().differences == []

    def _unposted(self) -> list[Any]:
        with self.engine.connect() as connection:
            posted = set(connection.execute(text("SELECT event_id FROM inbox_event")).scalars())
        return [event for event in self.books.events() if event.event_id not in posted]

    def _key(self) -> str:
        with self.engine.connect() as connection:
            count = connection.execute(text("SELECT count(*) FROM outbox_event")).scalar_one()
        return f"any-{count}-{self.clock.now.timestamp()}"


@pytest.mark.timeout(1800)
def test_any_settlement_pays_what_was_earned(engine: Engine, monkeypatch: pytest.MonkeyPatch, long: bool) -> None:
    clock = MovedClock(engine, monkeypatch, FIRST - timedelta(hours=3))
    desk = Payouts(engine, clock, Random(3))
    desk.begin(SHOPS, PRICES)
    clock.go(FIRST)
    sales: list[Sale] = []

    class OfThisDatabase(AnySettlement):
        def __init__(self) -> None:
            super().__init__(engine, clock, desk, sales)

    run_state_machine_as_test(
        OfThisDatabase,
        settings=settings(
            max_examples=60 if long else 12,
            stateful_step_count=30 if long else 20,
            phases=list(Phase) if long else [Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
