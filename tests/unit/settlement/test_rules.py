"""A settlement batch: its sums, what it carries, who approves it, and every step in every state."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.platform.desk_errors import SecondOperatorNeeded
from payments.settlement.rules import Batch, Item, ItemKind, State, Step, approved, closed, following, moved, with_sums
from tests.unit.settlement.examples import LIMIT, batch, items

CAPTURE, REFUND, ADJUSTMENT = ItemKind
ITEMS = [Item(17, 1, CAPTURE, 10_000, 180), Item(17, 2, REFUND, 5_000, -75), Item(17, 3, ADJUSTMENT, -20)]


def test_a_batch_by_hand() -> None:
    done = closed(batch(carried_in=-100), ITEMS, minimum_payout=1_000)
    assert (done.gross, done.refunds, done.fees, done.adjustments, done.items) == (10_000, 5_000, 105, -20, 3)
    assert (done.net, done.carried_out, done.state) == (4_775, 0, State.CLOSED)


@given(items(), st.integers(-LIMIT, LIMIT), st.integers(0, LIMIT))
def test_the_net_is_what_its_items_leave(of: list[Item], carried_in: int, minimum: int) -> None:
    done = closed(batch(carried_in=carried_in), of, minimum)
    assert done.net == done.gross - done.refunds - done.fees + done.adjustments + done.carried_in
    assert done.net == carried_in + sum(item.signed - item.fee for item in of)
    assert min(done.gross, done.refunds) >= 0
    is_paid = done.net > 0 and done.net >= minimum
    assert done.state is (State.CLOSED if is_paid else State.CARRIED)
    assert done.carried_out == (0 if is_paid else done.net)
    assert done.items == len(of)


@pytest.mark.parametrize(
    ("net", "minimum", "state"),
    [
        (1, 0, State.CLOSED),
        (0, 0, State.CARRIED),
        (-1, 0, State.CARRIED),
        (999, 1_000, State.CARRIED),
        (1_000, 1_000, State.CLOSED),
    ],
)
def test_what_is_carried(net: int, minimum: int, state: State) -> None:
    assert closed(batch(carried_in=net), [], minimum).state is state


@given(st.lists(items(), max_size=5), st.integers(0, LIMIT))
def test_over_many_batches_nothing_is_lost(of: list[list[Item]], minimum: int) -> None:
    now, paid = batch(batch_id=1), 0
    for each in of:
        done = closed(now, [replace(item, batch_id=now.batch_id) for item in each], minimum)
        paid += done.net - done.carried_out
        now = following(done, now.batch_id + 1)
    assert paid + now.carried_in == sum(item.signed - item.fee for each in of for item in each)


@pytest.mark.parametrize("state", State)
def test_only_an_open_batch_is_closed(state: State) -> None:
    at = batch(state=state)
    if state is State.OPEN:
        assert closed(at, ITEMS, 0).state is State.CLOSED
        return
    with pytest.raises(ValueError, match=f"is {state}: it is closed once"):
        closed(at, ITEMS, 0)


STEPS = {
    (State.APPROVED, Step.EXPORT): State.EXPORTED,
    (State.EXPORTED, Step.CONFIRM): State.CONFIRMED,
    (State.EXPORTED, Step.RETURN): State.RETURNED,
}


@pytest.mark.parametrize(("state", "step"), list(product(State, Step)))
def test_every_state_and_step(state: State, step: Step) -> None:
    at = batch(state=state, gross=10)
    if (state, step) in STEPS:
        assert moved(at, step) == replace(at, state=STEPS[state, step])
        return
    with pytest.raises(ValueError, match=f"is {state}: no {step}"):
        moved(at, step)


@pytest.mark.parametrize("state", [state for state in State if state is not State.CLOSED])
def test_only_a_closed_batch_is_approved(state: State) -> None:
    with pytest.raises(ValueError, match=f"is {state}: what is CLOSED"):
        approved(batch(state=state, gross=10), "kim", 100)


def test_one_operator_approves_up_to_the_limit() -> None:
    done = approved(batch(state=State.CLOSED, gross=100), "kim", 100)
    assert (done.state, done.approved_by) == (State.APPROVED, ("kim",))


def test_two_operators_approve_above_it() -> None:
    first = approved(batch(state=State.CLOSED, gross=101), "kim", 100)
    assert (first.state, first.approved_by) == (State.CLOSED, ("kim",))
    with pytest.raises(SecondOperatorNeeded, match="another operator"):
        approved(first, "kim", 100)
    second = approved(first, "lee", 100)
    assert (second.state, second.approved_by) == (State.APPROVED, ("kim", "lee"))


def test_the_first_operator_is_no_second_one_by_another_way() -> None:
    first = approved(batch(state=State.CLOSED, gross=101), "key:kim", 100)
    with pytest.raises(SecondOperatorNeeded, match="another operator"):
        approved(first, "cli:Kim", 100)
    assert approved(first, "cli:Kim", 200).approved_by == ("key:kim",)


def test_a_limit_that_was_raised_meanwhile_needs_no_second() -> None:
    first = approved(batch(state=State.CLOSED, gross=101), "kim", 100)
    assert approved(first, "kim", 200) == replace(first, state=State.APPROVED)


@pytest.mark.parametrize("state", State)
def test_the_next_batch(state: State) -> None:
    at = batch(state=state, gross=10, refunds=30, items=2, approved_by=("kim",))
    if state is State.OPEN:
        with pytest.raises(ValueError, match="still OPEN"):
            following(at, 18)
        return
    assert following(at, 18) == Batch(
        batch_id=18, merchant_id="M123", currency="USD", carried_in=-20 if state is State.CARRIED else 0
    )


@pytest.mark.parametrize(
    ("kind", "amount", "fee"),
    [
        (CAPTURE, 0, 0),
        (CAPTURE, -1, 0),
        (CAPTURE, 1, -1),
        (REFUND, -1, 0),
        (REFUND, 1, 1),
        (ADJUSTMENT, 0, 0),
        (ADJUSTMENT, 1, 1),
    ],
)
def test_an_item_that_cannot_be(kind: ItemKind, amount: int, fee: int) -> None:
    with pytest.raises(ValueError, match=kind):
        Item(17, 1, kind, amount, fee)


def test_items_are_of_one_batch_and_of_a_posting_each() -> None:
    with pytest.raises(ValueError, match="not of batch 17"):
        with_sums(batch(), [Item(18, 1, CAPTURE, 1)])
    with pytest.raises(ValueError, match="twice"):
        with_sums(batch(), [Item(17, 1, CAPTURE, 1), Item(17, 1, CAPTURE, 1)])
