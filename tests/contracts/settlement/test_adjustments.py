"""Adjustments: posted at once or after a second operator's word, and in the next batch."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from payments.ledger.rules import SourceType
from payments.platform.desk_errors import SecondOperatorNeeded, SettlementConflict
from payments.platform.errors import NotFound
from payments.platform.operators import actions
from payments.platform.tables.ledger import ledger_entry
from payments.platform.values.money import AmountsByCurrency
from payments.settlement import adjustment_store, adjustments
from payments.settlement.adjustment_store import StoredAdjustment
from payments.settlement.rules import State
from tests.contracts.settlement.selling import DAY, NEXT, NOON, batches, check, payable, price, register, sell, settle

LATER = NOON + timedelta(hours=1)
LIMITS = AmountsByCurrency(500, {"KRW": 5_000})


def propose(engine: Engine, amount: int, merchant_id: str = "M1", actor: str = "cli:a") -> StoredAdjustment:
    with engine.begin() as connection:
        return adjustments.propose(connection, merchant_id, "KRW", amount, "we were late", actor, LIMITS, LATER)


def agree(engine: Engine, adjustment_id: int, actor: str = "cli:b") -> StoredAdjustment:
    with engine.begin() as connection:
        return adjustments.agree(connection, adjustment_id, actor, "seen", LATER)


def posted(engine: Engine) -> list[tuple[object, ...]]:
    names = ("source_id", "posting_no", "debit_account", "credit_account", "amount", "merchant_id", "occurred_at")
    query = select(*(ledger_entry.c[name] for name in names)).order_by(ledger_entry.c.entry_id)
    with engine.connect() as connection:
        found = connection.execute(query.where(ledger_entry.c.source_type == SourceType.ADJUSTMENT.value))
        return [tuple(row) for row in found]


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A database in which M1 is a merchant."""
    register(engine, "M1", "UTC")
    price(engine)
    return engine


@pytest.mark.parametrize("amount", [5_000, -5_000, 1])
def test_up_to_the_limit_it_is_posted_at_once(engine: Engine, amount: int) -> None:
    made = propose(engine, amount)
    assert (made.agreed_by, made.posted_at) == (None, LATER)
    sides = ("fee_revenue", "merchant_payable") if amount > 0 else ("merchant_payable", "fee_revenue")
    assert posted(engine) == [(made.adjustment_id, 0, *sides, abs(amount), "M1", LATER)]
    assert payable(engine)["M1", "KRW"] == amount


@pytest.mark.parametrize("amount", [5_001, -5_001])
def test_above_the_limit_another_operator_has_to_agree(engine: Engine, amount: int) -> None:
    made = propose(engine, amount)
    assert made.posted_at is None
    assert posted(engine) == []
    for same in ("cli:a", "cli:A", "key:a"):
        with pytest.raises(SecondOperatorNeeded):
            agree(engine, made.adjustment_id, same)
    agreed = agree(engine, made.adjustment_id)
    assert (agreed.proposed_by, agreed.agreed_by, agreed.posted_at) == ("cli:a", "cli:b", LATER)
    assert payable(engine)["M1", "KRW"] == amount
    with pytest.raises(SettlementConflict):
        agree(engine, made.adjustment_id, "cli:c")
    assert len(posted(engine)) == 1
    with engine.connect() as connection:
        assert adjustment_store.page(connection, None, 9) == [agreed]
        assert [each.action for each in actions(connection, None, 2)] == ["adjustment.agree", "adjustment.propose"]


def test_it_is_an_item_of_the_next_batch_without_a_fee(engine: Engine) -> None:
    sell(engine, 10_000)
    propose(engine, -820)
    settle(engine)
    (done,) = batches(engine)
    assert (done.batch.adjustments, done.batch.fees, done.batch.net) == (-820, 180, 9_000)
    check(engine)


def test_what_a_merchant_owes_is_carried(engine: Engine) -> None:
    propose(engine, -820)
    settle(engine)
    (done,) = batches(engine)
    assert (done.batch.state, done.batch.carried_out) == (State.CARRIED, -820)
    sell(engine, 10_000, at=NEXT)
    settle(engine, NEXT + DAY)
    assert batches(engine)[-1].batch.net == 9_000
    check(engine)


def test_an_unknown_merchant_and_nothing_are_refused(engine: Engine) -> None:
    with pytest.raises(NotFound):
        propose(engine, 1, "M2")
    with pytest.raises(ValueError, match="changes nothing"):
        propose(engine, 0)
    with pytest.raises(NotFound):
        agree(engine, 9)
    sell(engine, 100, "M2")
    assert propose(engine, 1, "M2").posted_at == LATER, "where keys are not required, a payment makes a merchant known"
