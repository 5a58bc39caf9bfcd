"""A suspended merchant: its batches are closed and approved, and in no payout file until it is active again."""

from itertools import product

import pytest
from sqlalchemy import Engine

from payments.merchants import service
from payments.merchants.rules import MerchantState, Mode
from payments.platform.desk_errors import NothingToPayOut
from payments.settlement import payouts, view
from payments.settlement.payout_file import Format
from payments.settlement.rules import State
from payments.settlement.store import Wanted
from tests.contracts.settlement.paying import IBAN, approve, confirm, export, payout_states, settled, stored
from tests.contracts.settlement.selling import DAY, NEXT, batches, price, register, sell, settle

CASES = [each for each in product(Format, Mode) if each != (Format.PAIN_001, Mode.TEST)]


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A database with prices."""
    for currency in ("EUR", "KRW"):
        price(engine, currency=currency)
    return engine


def change(engine: Engine, merchant_id: str, state: MerchantState | None = None, iban: str | None = None) -> None:
    with engine.begin() as connection:
        service.change_merchant(connection, merchant_id, "its letter", "cli:a", state=state, iban=iban)


def suspended(engine: Engine, merchant_id: str, mode: Mode = Mode.LIVE) -> None:
    register(engine, merchant_id, "UTC", mode)
    change(engine, merchant_id, MerchantState.SUSPENDED)


def approved(engine: Engine, merchant_id: str, currency: str = "EUR") -> int:
    batch_id = settled(engine, merchant_id=merchant_id, currency=currency)
    approve(engine, batch_id)
    return batch_id


def paid(engine: Engine) -> list[int]:
    return [batch_id for batch_id, _, _ in payout_states(engine)]


def held(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        found, _ = view.batches(connection, Wanted(), None, 99)
        assert [view.batch(connection, view.get(connection, each.batch_id)) for each in found] == found
    return [each.batch_id for each in found if each.held][::-1]


@pytest.mark.parametrize(("format_", "mode"), CASES)
def test_no_file_has_its_batches_until_it_is_active_again(engine: Engine, format_: Format, mode: Mode) -> None:
    suspended(engine, "M1", mode)  # nor does its missing IBAN stop the others
    register(engine, "M2", "UTC", mode)
    change(engine, "M2", iban=IBAN)
    waiting, other = approved(engine, "M1"), approved(engine, "M2")
    assert export(engine, format_, mode=mode).payouts == 1
    assert (paid(engine), stored(engine, waiting).batch.state) == ([other], State.APPROVED)
    with pytest.raises(NothingToPayOut, match=r"until these suspended merchants are active again: M1\.$"):
        export(engine, format_, mode=mode)
    change(engine, "M1", MerchantState.ACTIVE, IBAN)
    assert export(engine, format_, mode=mode).payouts == 1
    assert paid(engine) == [other, waiting]


def test_one_that_is_not_registered_is_not_suspended(engine: Engine) -> None:
    suspended(engine, "M1", Mode.TEST)
    approved(engine, "M1")
    other = approved(engine, "M2")
    export(engine)
    assert paid(engine) == [other]


def test_held_ones_take_no_place_in_a_file(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(payouts.FILE_LIMITS, Format.CSV, 1)
    suspended(engine, "M1", Mode.TEST)
    approved(engine, "M1")
    other = approved(engine, "M2")
    export(engine)
    assert paid(engine) == [other]


def test_up_to_five_that_hold_up_a_file_are_named(engine: Engine) -> None:
    for number in range(7):
        suspended(engine, f"M{number}")
        approved(engine, f"M{number}")
    approved(engine, "M1", "KRW")
    with pytest.raises(NothingToPayOut, match=r"LIVE merchants in EUR wait .*: M0, M1, M2, M3, M4 and 2 others\.$"):
        export(engine, mode=Mode.LIVE)


def test_nothing_waits_where_none_is_approved(engine: Engine) -> None:
    suspended(engine, "M1")
    settled(engine)
    approved(engine, "M1", "KRW")
    for mode in Mode:
        with pytest.raises(NothingToPayOut, match=f"No batch of a {mode} merchant in EUR is approved"):
            export(engine, mode=mode)


def test_a_batch_says_that_it_is_held(engine: Engine) -> None:
    register(engine, "M1", "UTC", Mode.TEST)
    exported = approved(engine, "M1")
    export(engine)
    for day in (NEXT, NEXT + DAY):
        sell(engine, 10_000, currency="EUR", at=day)
        settle(engine, day + DAY)
    ready, closed = (each.batch.batch_id for each in batches(engine)[1:])
    approve(engine, ready)
    approved(engine, "M2")
    assert held(engine) == []
    change(engine, "M1", MerchantState.SUSPENDED)
    assert held(engine) == [ready, closed]
    assert confirm(engine, exported).batch.state is State.CONFIRMED, "the bank has it"
    change(engine, "M1", MerchantState.ACTIVE)
    assert held(engine) == []
