"""A month of twenty shops: at its end each account says what shops, bank and acquirer know, and the audit agrees."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

import pytest
from sqlalchemy import Engine, text

from payments.audit.service import audit
from payments.ledger.rules import Account
from tests.stories.month import truth
from tests.stories.month.acquirer import Acquirer
from tests.stories.month.clock import MovedClock
from tests.stories.month.files import Files, midnight, sold
from tests.stories.month.payouts import Payouts
from tests.stories.month.prices import FIRST, PRICES
from tests.stories.month.shops import Trade, shops

DAY: Final = timedelta(days=1)
WITHOUT_SALES: Final = 6
"""Days at the end, in which there are refunds alone: some shops then owe."""
AFTERWARDS: Final = 8
"""Days after the month, until nothing waits."""


@dataclass
class Month:
    """All that happens."""

    engine: Engine
    clock: MovedClock
    trade: Trade
    payouts: Payouts
    files: Files

    def day(self, day: date, sales: int, *, is_over: bool, number: int) -> None:
        """One day, and what operators do in its night."""
        if not is_over:
            self.trade.day(midnight(day), sales, sells=sales > 0, is_posted_late=number % 7 == 3, unheard=number % 2)
            self.files.spoil(day, most=4 + number % 3)
        self.clock.go(midnight(day + DAY) + timedelta(minutes=30))
        if number % 10 != 4:  # else it comes a day late
            self.files.take(day)
        if number % 10 == 5:
            self.files.take(day - DAY)
        self.trade.post()
        self.payouts.settle()
        self.payouts.hear_from_the_bank(0.0 if is_over else 0.15)
        self.payouts.approve()
        self.payouts.export()
        if not is_over:
            self.payouts.adjust(self.trade.shops, number % 3)
        self.files.end_exceptions()


@pytest.fixture
def month(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Month:
    """Nothing has happened."""
    clock = MovedClock(engine, monkeypatch, FIRST - timedelta(hours=3))
    acquirer, draw = Acquirer(clock), Random(20)
    trade = Trade(engine, clock, acquirer, shops(20), draw)
    files = Files(engine, clock, acquirer, trade, draw)
    return Month(engine, clock, trade, Payouts(engine, clock, draw), files)


def test_a_month(month: Month, long: bool) -> None:
    month.payouts.begin(month.trade.shops, PRICES)
    for number in range(31 + AFTERWARDS):
        sells = number < 31 - WITHOUT_SALES
        sales = (60 if long else 15) if sells else 0
        month.day(FIRST.date() + number * DAY, sales, is_over=number >= 31, number=number)
    with month.engine.connect() as connection:
        books, payable = truth.balances(connection), truth.payable(connection)
        assert truth.wrong_batches(connection) == []
        assert truth.wrong_items(connection) == []
        assert truth.wrong_statements(connection) == []
        states: Counter[str] = Counter(
            dict(connection.execute(text("SELECT state, count(*) FROM settlement_batch GROUP BY 1")).all())
        )
    assert set(states) == {"CONFIRMED", "RETURNED", "CARRIED"}, states
    check_money(month, books, payable)
    report = audit(month.engine, full=True, answers_kept=timedelta(days=90))
    assert report.differences == []
    assert (report.payments, report.in_flight) == (len(month.trade.sales), 0)


def check_money(month: Month, books: dict[Account, truth.Sums], payable: Counter[tuple[str, str]]) -> None:
    """Hold each account against what is known outside of the platform."""
    paid_out: truth.Sums = Counter()
    for (_, currency), amount in month.payouts.confirmed.items():
        paid_out[currency] += amount
    corrected: truth.Sums = Counter()
    for (_, currency), amount in month.payouts.adjusted.items():
        corrected[currency] += amount
    owed = truth.earned(month.trade.sales)
    owed.update(month.payouts.adjusted)
    owed.subtract(month.payouts.confirmed)
    assert {key: amount for key, amount in payable.items() if amount} == {
        key: each for key, each in owed.items() if each
    }
    assert any(amount < 0 for amount in payable.values()), "a shop owes"
    prices, receivable = truth.prices(month.trade.sales), sold(month.trade.sales)
    receivable.subtract(month.files.receivable)
    for currency in ("EUR", "KRW", "KWD"):
        found = {account: sums[currency] for account, sums in books.items()}
        assert found[Account.BANK] == month.files.bank[currency] - paid_out[currency]
        assert found[Account.FEE_REVENUE] == prices[currency] - corrected[currency]
        assert found[Account.ACQUIRER_RECEIVABLE] == receivable[currency]
        assert found[Account.ACQUIRER_FEE_EXPENSE] == month.files.expense[currency]
        assert found[Account.RECONCILIATION_SUSPENSE] == found[Account.PAYOUT_CLEARING] == 0
        assert found[Account.CUSTOMER_HOLD] == found[Account.HOLD_CLEARING] == 0
        assert sum(found[each] for each in truth.ASSETS) == sum(found[each] for each in truth.LIABILITIES)
    assert month.payouts.returned > 0
    assert month.files.acquirer.files.nets() == dict(month.files.bank), "every line was read"
