"""Operators of a month, who pay the shops: fees, batches, approvals, files, what the bank says, corrections."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final

import pytest
from sqlalchemy import Connection, Engine, text, update

from payments.merchants.rules import Mode
from payments.merchants.service import create_merchant
from payments.platform.connectors import ConnectorName
from payments.platform.desk_errors import SecondOperatorNeeded
from payments.platform.tables.merchants import merchant
from payments.platform.values.money import amounts_by_currency
from payments.settlement import adjustments, payouts, schedule_store
from payments.settlement.closing import SettleReport, settle_due
from payments.settlement.fees import FeeSchedule
from payments.settlement.pain_001 import Account
from payments.settlement.payout_file import Format
from tests.moments import always
from tests.stories.month.clock import MovedClock
from tests.stories.month.shops import Shop

DELAY: Final = timedelta(minutes=15)
MINIMUM: Final = amounts_by_currency("*=1000 KRW=20000")
LIMITS: Final = amounts_by_currency("*=40000 KRW=900000")
DEBTOR: Final = Account("Pay Ops", "DE02120300000000202051")
_IN_STATE: Final = text("SELECT batch_id, currency, net FROM settlement_batch WHERE state = :state ORDER BY batch_id")


@dataclass
class Payouts:
    """Pays shops. `kim` and `lee` are its operators."""

    engine: Engine
    clock: MovedClock
    draw: Random
    adjusted: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By merchant and currency, what operators have given (or taken, below 0)."""
    confirmed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What the bank has paid."""
    returned: int = 0
    """Payouts that came back."""

    def begin(self, shops: Sequence[Shop], prices: Sequence[FeeSchedule]) -> None:
        """Register the shops, and what they pay."""
        with self.engine.begin() as connection:
            for shop in shops:
                name = f"Shop {shop.merchant_id}"
                create_merchant(connection, shop.merchant_id, name, Mode.LIVE, "kim", ConnectorName.SIMULATOR)
                of_shop = update(merchant).where(merchant.c.merchant_id == shop.merchant_id)
                connection.execute(of_shop.values(time_zone=shop.zone, iban=DEBTOR.iban))
            for price in prices:
                schedule_store.add(connection, price, "kim", self.clock.now)

    def settle(self) -> SettleReport:
        """Close what is due."""
        return settle_due(self.engine, always(self.clock.tick()), MINIMUM, DELAY, lambda _seconds: False)

    def approve(self) -> None:
        """Kim approves each closed batch, and Lee those that are above the limit, too."""
        for batch_id, currency, net in self._in_state("CLOSED"):
            with self.engine.begin() as connection:
                self._approve(connection, batch_id, "kim")
            if net > LIMITS.of(currency):
                with pytest.raises(SecondOperatorNeeded), self.engine.begin() as connection:
                    self._approve(connection, batch_id, "kim")
                with self.engine.begin() as connection:
                    self._approve(connection, batch_id, "lee")

    def export(self) -> int:
        """Write a file for each currency, and hold it against its batches; returns how many payouts they have."""
        approved = self._in_state("APPROVED")
        for currency in sorted({currency for _, currency, _ in approved}):
            format_ = Format.PAIN_001 if currency == "EUR" and self.draw.random() < 0.1 else Format.CSV
            with self.engine.begin() as connection:
                file = payouts.export(
                    connection, currency, Mode.LIVE, format_, "kim", "daily", DEBTOR, self.clock.tick()
                )
            nets = [net for _, of, net in approved if of == currency]
            assert (file.payouts, file.total) == (len(nets), sum(nets))
        assert self._in_state("APPROVED") == []
        return len(approved)

    def hear_from_the_bank(self, returns: float) -> None:
        """It has paid what was exported, but for a share `returns`."""
        for batch_id, currency, net in self._in_state("EXPORTED"):
            is_back = self.draw.random() < returns
            with self.engine.begin() as connection:
                answer = payouts.give_back if is_back else payouts.confirm
                changed = answer(connection, batch_id, "lee", "statement of the bank", self.clock.tick())
            self.returned += is_back
            if not is_back:
                self.confirmed[changed.batch.merchant_id, currency] += net

    def adjust(self, shops: Sequence[Shop], number: int) -> None:
        """Corrections, some of them above the limit of one operator, some of which nobody agrees to."""
        for _ in range(number):
            shop = self.draw.choice(shops)
            currency = self.draw.choice(shop.currencies)
            limit = LIMITS.of(currency)
            amount = self.draw.choice([1, -1]) * self.draw.randint(1, limit // 10) * self.draw.choice([1, 1, 11])
            with self.engine.begin() as connection:
                made = adjustments.propose(
                    connection, shop.merchant_id, currency, amount, "a letter", "kim", LIMITS, self.clock.tick()
                ).adjustment
            if made.posted_at is None:
                assert abs(amount) > limit
                if self.draw.random() < 0.3:
                    continue
                with self.engine.begin() as connection:
                    adjustments.agree(connection, made.adjustment_id, "lee", "seen", self.clock.tick())
            self.adjusted[shop.merchant_id, currency] += amount

    def _approve(self, connection: Connection, batch_id: int, actor: str) -> None:
        payouts.approve(connection, batch_id, actor, "seen", LIMITS, self.clock.tick())

    def _in_state(self, state: str) -> list[tuple[int, str, int]]:
        with self.engine.connect() as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(_IN_STATE, {"state": state})]
