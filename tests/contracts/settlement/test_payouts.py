"""Payouts: approved by one or two operators, exported once, confirmed or returned; each step's postings."""

import hashlib

import pytest
from sqlalchemy import Engine

from payments.platform.desk_errors import (
    NothingToPayOut,
    SecondOperatorNeeded,
    SettlementConflict,
)
from payments.platform.errors import NotFound
from payments.platform.operators import actions
from payments.settlement import item_view, payout_file, statement, store
from payments.settlement.payout_file import Payout
from payments.settlement.rules import State
from tests.contracts.settlement.paying import (
    LATER,
    approve,
    confirm,
    content,
    export,
    give_back,
    payout_states,
    posted,
    settled,
    stored,
)
from tests.contracts.settlement.selling import DAY, NEXT, batches, check, payable, price, settle


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A database with prices."""
    for currency in ("EUR", "KRW"):
        price(engine, currency=currency)
    return engine


def test_a_payout_from_approval_to_the_bank(engine: Engine) -> None:
    batch_id = settled(engine)
    assert approve(engine, batch_id).batch.state is State.APPROVED
    file = export(engine)
    assert (file.name, file.payouts, file.total) == (f"TEST-{LATER:%Y-%m-%d}-EUR-{batch_id}", 1, 9_820)
    data = content(engine, file)
    assert payout_file.read(data) == (file.name, [Payout(batch_id, "M1", "EUR", 9_820)])
    assert hashlib.sha256(data).hexdigest() == file.sha256
    assert payout_states(engine) == [(batch_id, 9_820, "EXPORTED")]
    assert posted(engine) == []
    done = confirm(engine, batch_id)
    assert done == stored(engine, batch_id)
    assert (done.batch.state, done.updated_at) == (State.CONFIRMED, LATER)
    assert posted(engine) == [(1, 0, "payout_clearing", "bank", 9_820, "EUR", "M1")]
    assert payout_states(engine) == [(batch_id, 9_820, "CONFIRMED")]
    check(engine)


def test_what_is_returned_is_the_merchants_again_in_its_next_batch(engine: Engine) -> None:
    batch_id = settled(engine)
    approve(engine, batch_id)
    export(engine)
    assert give_back(engine, batch_id).batch.state is State.RETURNED
    assert posted(engine) == [(1, 1, "payout_clearing", "merchant_payable", 9_820, "EUR", "M1")]
    assert payout_states(engine) == [(batch_id, 9_820, "RETURNED")]
    assert payable(engine)["M1", "EUR"] == 9_820
    settle(engine, NEXT + DAY)
    again = batches(engine, "M1")[-1].batch
    assert (again.adjustments, again.fees, again.net, again.state) == (9_820, 0, 9_820, State.CLOSED)
    approve(engine, again.batch_id)
    export(engine)
    confirm(engine, again.batch_id)
    assert payable(engine)["M1", "EUR"] == 0
    assert [row[1:4] for row in posted(engine)][1:] == [(0, "payout_clearing", "bank")]
    check(engine)


def test_more_than_the_limit_takes_two_operators(engine: Engine) -> None:
    batch_id = settled(engine, 20_000_000)
    first = approve(engine, batch_id)
    assert (first.batch.state, first.batch.approved_by) == (State.CLOSED, ("cli:a",))
    with pytest.raises(SecondOperatorNeeded):
        approve(engine, batch_id)
    with pytest.raises(NothingToPayOut):
        export(engine)
    assert stored(engine, batch_id).batch == first.batch
    second = approve(engine, batch_id, "cli:b")
    assert (second.batch.state, second.batch.approved_by) == (State.APPROVED, ("cli:a", "cli:b"))
    assert stored(engine, batch_id).batch == second.batch


def test_the_limit_is_of_the_batchs_currency(engine: Engine) -> None:
    assert approve(engine, settled(engine, 10_000_000)).batch.state is State.APPROVED
    assert approve(engine, settled(engine, 10_000_000, currency="KRW")).batch.state is State.CLOSED


def reach(engine: Engine, state: State) -> int:
    """A batch in this state; returns its id."""
    if state is State.OPEN:
        with engine.begin() as connection:
            return store.add(connection, "M1", "EUR", None, NEXT, NEXT).batch.batch_id
    batch_id = settled(engine, minimum=10**9 if state is State.CARRIED else 0)
    if state not in (State.CLOSED, State.CARRIED):
        approve(engine, batch_id)
        if state is not State.APPROVED:
            export(engine)
    for ended, step in ((State.CONFIRMED, confirm), (State.RETURNED, give_back)):
        if state is ended:
            step(engine, batch_id)
    return batch_id


@pytest.mark.parametrize("state", State)
def test_a_wrong_state_is_refused_and_changes_nothing(engine: Engine, state: State) -> None:
    batch_id = reach(engine, state)
    before = stored(engine, batch_id), posted(engine)
    assert before[0].batch.state is state
    for step, allowed in ((approve, State.CLOSED), (confirm, State.EXPORTED), (give_back, State.EXPORTED)):
        if state is not allowed:
            with pytest.raises(SettlementConflict, match=f"Batch {batch_id} is {state}"):
                step(engine, batch_id)
    if state is not State.APPROVED:
        with pytest.raises(NothingToPayOut):
            export(engine)
    assert (stored(engine, batch_id), posted(engine)) == before


def test_a_batch_that_is_not_there(engine: Engine) -> None:
    for step in (approve, confirm, give_back):
        with pytest.raises(NotFound):
            step(engine, 99)


def test_each_step_is_noted(engine: Engine) -> None:
    batch_id = settled(engine)
    approve(engine, batch_id)
    file = export(engine)
    confirm(engine, batch_id)
    with engine.connect() as connection:
        found = [(each.actor, each.action, each.target, each.detail) for each in actions(connection, None, 3)]
    assert found == [
        ("cli:b", "settlement.confirm", f"batch {batch_id}", "98.20 EUR: paid"),
        ("cli:a", "settlement.export", f"payout file {file.name}", "TEST CSV, 1 payouts, 98.20 EUR: Friday"),
        ("cli:a", "settlement.approve", f"batch {batch_id}", "98.20 EUR, APPROVED: checked"),
    ]


def test_a_statement_has_the_items_that_add_up_to_the_payout(engine: Engine) -> None:
    batch_id = settled(engine)
    found = stored(engine, batch_id)
    with engine.connect() as connection:
        items, last = item_view.statement_items(connection, batch_id, None, 500)
        shown, _ = item_view.items(connection, batch_id, "M1", None, 500)
    assert last is None
    assert hashlib.sha256(statement.statement(found.batch, items)).hexdigest() == found.sha256
    assert sum(each.net for each in shown) == found.batch.net == 9_820
