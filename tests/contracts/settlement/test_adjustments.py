"""Adjustments: posted at once or after a second operator's word, or withdrawn, and in the next batch."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from payments.ledger.rules import SourceType
from payments.platform.desk_errors import SecondOperatorNeeded, SettlementConflict
from payments.platform.errors import IdempotencyKeyReused, NotFound
from payments.platform.operators import actions
from payments.platform.tables.ledger import ledger_entry
from payments.platform.values.money import AmountsByCurrency
from payments.settlement import adjustment_store, adjustments
from payments.settlement.adjustment_store import StoredAdjustment
from payments.settlement.adjustments import Proposed
from payments.settlement.rules import State
from tests.contracts.settlement.selling import DAY, NEXT, NOON, batches, check, payable, price, register, sell, settle

LATER = NOON + timedelta(hours=1)
LIMITS = AmountsByCurrency(500, {"KRW": 5_000})


def propose(engine: Engine, amount: int, merchant_id: str = "M1", actor: str = "cli:a") -> StoredAdjustment:
    with engine.begin() as connection:
        return adjustments.propose(
            connection, merchant_id, "KRW", amount, "we were late", actor, LIMITS, LATER
        ).adjustment


def keyed(engine: Engine, amount: int, merchant_id: str = "M1", actor: str = "cli:a", key: str = "k1") -> Proposed:
    with engine.begin() as connection:
        said = (merchant_id, "KRW", amount, "we were late", actor, LIMITS)
        return adjustments.propose(connection, *said, LATER, key=key)


def agree(engine: Engine, adjustment_id: int, actor: str = "cli:b") -> StoredAdjustment:
    with engine.begin() as connection:
        return adjustments.agree(connection, adjustment_id, actor, "seen", LATER)


def withdraw(engine: Engine, adjustment_id: int, actor: str = "cli:a") -> StoredAdjustment:
    with engine.begin() as connection:
        return adjustments.withdraw(connection, adjustment_id, actor, "nobody wants it", LATER)


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


@pytest.mark.parametrize("amount", [500, 5_001])
def test_with_a_key_it_is_made_once(engine: Engine, amount: int) -> None:
    first = keyed(engine, amount)
    again = keyed(engine, amount)
    assert (first.is_repeated, again) == (False, Proposed(first.adjustment, is_repeated=True))
    assert len(posted(engine)) == int(amount == 500)
    with engine.connect() as connection:
        assert [each.target for each in actions(connection, None, 9)].count("adjustment 1") == 1
    assert not keyed(engine, amount, key="k2").is_repeated, "another key is another adjustment"


def test_two_at_once_make_one(engine: Engine) -> None:
    with ThreadPoolExecutor(2) as operators:
        both = list(operators.map(lambda _: keyed(engine, 500), range(2)))
    assert sorted(one.is_repeated for one in both) == [False, True]
    assert both[0].adjustment == both[1].adjustment
    assert len(posted(engine)) == 1


def test_a_repetition_shows_what_has_become_of_it(engine: Engine) -> None:
    agreed = agree(engine, keyed(engine, 5_001).adjustment.adjustment_id)
    assert keyed(engine, 5_001) == Proposed(agreed, is_repeated=True)


def test_a_key_is_of_one_adjustment_of_its_merchant(engine: Engine) -> None:
    register(engine, "M2", "UTC")
    keyed(engine, 500)
    for other in ({"amount": 501}, {"amount": 500, "actor": "cli:b"}):
        with pytest.raises(IdempotencyKeyReused):
            keyed(engine, **other)
    assert not keyed(engine, 501, "M2").is_repeated
    assert payable(engine) == {("M1", "KRW"): 500, ("M2", "KRW"): 501}


@pytest.mark.parametrize("actor", ["cli:a", "cli:b"])
def test_what_waits_is_withdrawn_and_never_posted(engine: Engine, actor: str) -> None:
    made = propose(engine, 5_001)
    withdrawn = withdraw(engine, made.adjustment_id, actor)
    assert withdrawn == replace(made, withdrawn_by=actor, withdrawn_at=LATER)
    for again in (withdraw, agree):
        with pytest.raises(SettlementConflict, match=f"Adjustment {made.adjustment_id} is withdrawn already"):
            again(engine, made.adjustment_id, "cli:b")
    settle(engine)
    assert (posted(engine), batches(engine)) == ([], [])
    with engine.connect() as connection:
        assert adjustment_store.page(connection, None, 9) == [withdrawn]
        noted, _ = actions(connection, None, 2)
    assert (noted.actor, noted.action, noted.target) == (actor, "adjustment.withdraw", "adjustment 1")
    assert noted.detail == "5001 KRW for merchant M1: nobody wants it"


@pytest.mark.parametrize("amount", [5_000, -5_001])
def test_what_is_posted_is_not_withdrawn(engine: Engine, amount: int) -> None:
    made = propose(engine, amount)
    if made.posted_at is None:
        agree(engine, made.adjustment_id)
    with pytest.raises(SettlementConflict, match=f"Adjustment {made.adjustment_id} is posted already"):
        withdraw(engine, made.adjustment_id)
    assert payable(engine)["M1", "KRW"] == amount


def test_the_release_before_cannot_post_what_is_withdrawn(engine: Engine) -> None:
    made = propose(engine, 5_001)
    withdraw(engine, made.adjustment_id)
    its = text("UPDATE settlement_adjustment SET agreed_by = 'cli:b', posted_at = '2030-05-17 13:00:00'")
    with pytest.raises(DBAPIError, match="ck_adjustment_withdrawn"), engine.begin() as connection:
        connection.execute(its)


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
    for answer in (agree, withdraw):
        with pytest.raises(NotFound):
            answer(engine, 9)
    sell(engine, 100, "M2")
    assert propose(engine, 1, "M2").posted_at == LATER, "where keys are not required, a payment makes a merchant known"
