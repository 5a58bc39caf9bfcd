"""The shop's merchant: read once, forgotten with the epoch and after a minute, refused when it must not be paid."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from payments.merchants.rules import MerchantState, Mode
from payments.merchants.shop_merchant import ShopMerchant
from payments.merchants.store import Merchant
from payments.merchants.verification import KEPT
from payments.platform.errors import (
    MerchantSuspended,
    PaymentsError,
    ServiceUnavailable,
    ShopMerchantUnusable,
    ShopOff,
)

STORE = Merchant("STORE", "A shop", Mode.TEST, "00", MerchantState.ACTIVE, datetime(2026, 11, 29, tzinfo=UTC))
SUSPENDED = replace(STORE, state=MerchantState.SUSPENDED)


@dataclass
class Database:
    """One merchant as a table, with the epoch and a clock; `down` refuses to answer."""

    stored: Merchant | None = STORE
    epoch: int = 1
    seconds: float = 0.0
    reads: int = 0
    down: bool = False

    def read(self, merchant_id: str) -> Merchant | None:
        assert merchant_id == "STORE"
        self.reads += 1
        if self.down:
            raise ServiceUnavailable("The database does not answer.")
        return self.stored

    def shop(self) -> ShopMerchant:
        return ShopMerchant("STORE", self.read, lambda: self.epoch, lambda: self.seconds)


def test_without_a_merchant_the_shop_is_off_and_nothing_is_read() -> None:
    database = Database()
    with pytest.raises(ShopOff):
        ShopMerchant(None, database.read, lambda: 1, lambda: 0.0).find()
    assert database.reads == 0


@pytest.mark.parametrize(
    ("stored", "refusal"),
    [
        (None, ShopMerchantUnusable),
        (replace(STORE, mode=Mode.LIVE), ShopMerchantUnusable),
        (replace(SUSPENDED, mode=Mode.LIVE), ShopMerchantUnusable),
        (SUSPENDED, MerchantSuspended),
    ],
)
def test_a_merchant_that_must_not_be_paid(stored: Merchant | None, refusal: type[PaymentsError]) -> None:
    database = Database(stored)
    shop = database.shop()
    for _ in range(3):
        with pytest.raises(refusal):
            shop.find()
    assert database.reads == 1, "strangers cause no reads"
    database.stored, database.epoch = STORE, 2
    assert shop.find() == STORE


def test_it_is_read_once_in_a_minute_and_again_when_the_epoch_moves() -> None:
    database = Database()
    shop = database.shop()
    assert [shop.find() for _ in range(3)] == [STORE] * 3
    database.seconds = KEPT
    shop.find()
    assert database.reads == 2
    database.stored = SUSPENDED
    shop.find()  # not yet known here
    database.epoch = 2
    with pytest.raises(MerchantSuspended):
        shop.find()


def test_a_read_that_a_suspension_overtakes_is_not_kept() -> None:
    """The row is read, then the merchant is suspended and the new epoch is seen, then the read ends."""
    database = Database()

    def read(merchant_id: str) -> Merchant | None:
        found = database.read(merchant_id)
        database.stored, database.epoch = SUSPENDED, 2
        return found

    shop = ShopMerchant("STORE", read, lambda: database.epoch, lambda: database.seconds)
    shop.find()
    with pytest.raises(MerchantSuspended):
        shop.find()


def test_without_the_database_it_goes_on_for_a_minute() -> None:
    database = Database()
    shop = database.shop()
    database.down = True
    with pytest.raises(ServiceUnavailable):
        shop.find()
    database.down = False
    shop.find()
    database.down = True
    database.seconds = KEPT - 0.001
    assert shop.find() == STORE
    database.seconds = KEPT
    with pytest.raises(ServiceUnavailable):
        shop.find()
