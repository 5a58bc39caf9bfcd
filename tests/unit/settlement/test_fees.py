"""Fees: examples by hand, and that no split of a payment into steps costs more or less than another."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.settlement.fees import Amounts, FeeSchedule, OnRefund, charged, fee, step_fee
from tests.unit.settlement.examples import LIMIT, schedule, schedules

AMOUNTS = st.integers(0, LIMIT)
MOVES = st.lists(st.tuples(st.booleans(), st.integers(1, LIMIT)), max_size=12)
"""(is a refund, amount); a refund takes no more than is left."""


def history(moves: list[tuple[bool, int]]) -> list[Amounts]:
    """A payment's amounts before and after each step."""
    seen = [Amounts()]
    for is_refund, amount in moves:
        captured, refunded = seen[-1]
        taken = min(amount, captured - refunded)
        if is_refund and taken:
            seen.append(Amounts(captured, refunded + taken))
        elif not is_refund:
            seen.append(Amounts(captured + amount, refunded))
    return seen


def fees_of(of: FeeSchedule, seen: list[Amounts]) -> list[int]:
    return [step_fee(of, before, after) for before, after in pairwise(seen)]


@pytest.mark.parametrize(
    ("amount", "changed", "expected"),
    [
        (0, {"minimum": 50}, 0),
        (10_000, {}, 180),  # 150 + 30
        (9_999, {}, 180),  # 149.985
        (33, {"fixed": 0}, 0),  # 0.495
        (34, {"fixed": 0}, 1),  # 0.51
        (100, {"fixed": 0}, 2),  # 1.5, half up
        (300, {"fixed": 0}, 5),  # 4.5, half up and not to even
        (5_000, {"fixed": 0, "basis_points": 29}, 15),  # 14.5: as a float 5000 × 0.0029 is 14.499999999999998
        (999_999_999_967, {"fixed": 0}, 15_000_000_000),  # 14 999 999 999.505
        (1, {"minimum": 100}, 100),
        (4_666, {"minimum": 100}, 100),  # 70 + 30
        (4_700, {"minimum": 100}, 101),  # 70.5 + 30
        (10_000, {"maximum": 179}, 179),
        (10_000, {"maximum": 180}, 180),
        (10_000, {"minimum": 200, "maximum": 200}, 200),
        (10_000, {"basis_points": 0}, 30),
        (10_000, {"basis_points": 10_000, "fixed": 0}, 10_000),
    ],
)
def test_a_fee_by_hand(amount: int, changed: dict[str, int], expected: int) -> None:
    assert fee(schedule(**changed), amount) == expected


@given(schedules(), AMOUNTS)
def test_a_fee_is_the_exact_share_rounded_half_up_within_its_limits(of: FeeSchedule, amount: int) -> None:
    due = fee(of, amount)
    assert type(due) is int
    if amount == 0:
        assert due == 0
        return
    rounded = (Fraction(amount * of.basis_points, 10_000) + Fraction(1, 2)).__floor__()
    highest = rounded + of.fixed + of.minimum if of.maximum is None else of.maximum
    assert due == sorted([of.minimum, rounded + of.fixed, highest])[1]


@given(schedules(), AMOUNTS, AMOUNTS)
def test_more_never_costs_less(of: FeeSchedule, one: int, other: int) -> None:
    assert fee(of, min(one, other)) <= fee(of, max(one, other))


def test_two_captures_cost_what_one_costs() -> None:
    of = schedule()
    assert fees_of(of, [Amounts(), Amounts(3_333), Amounts(10_000)]) == [80, 100]
    assert fees_of(of, [Amounts(), Amounts(10_000)]) == [180]


@given(schedules(), st.lists(st.integers(1, LIMIT), min_size=1, max_size=12))
def test_any_split_of_captures_costs_the_same(of: FeeSchedule, parts: list[int]) -> None:
    fees = fees_of(of, history([(False, part) for part in parts]))
    assert sum(fees) == fee(of, sum(parts))
    assert min(fees) >= 0


@pytest.mark.parametrize(
    ("on_refund", "expected"),
    [
        (OnRefund.KEEP, [180, 0, 0]),
        (OnRefund.RETURN, [180, -75, -105]),  # 5 000 are left, and they cost 75 + 30
    ],
)
def test_a_refund_in_two_parts(on_refund: OnRefund, expected: list[int]) -> None:
    seen = [Amounts(), Amounts(10_000), Amounts(10_000, 5_000), Amounts(10_000, 10_000)]
    assert fees_of(schedule(on_refund=on_refund), seen) == expected


def test_a_small_refund_does_not_give_back_what_the_rest_costs() -> None:
    returns = OnRefund.RETURN
    assert fees_of(schedule(on_refund=returns), [Amounts(10_000), Amounts(10_000, 1)]) == [0]
    assert fees_of(schedule(on_refund=returns, minimum=200), [Amounts(10_000), Amounts(10_000, 9_000)]) == [0]
    assert fees_of(schedule(on_refund=returns, maximum=100), [Amounts(10_000), Amounts(10_000, 5_000)]) == [0]


@given(schedules(), MOVES)
def test_any_history_costs_what_its_amounts_cost(of: FeeSchedule, moves: list[tuple[bool, int]]) -> None:
    seen = history(moves)
    captured, refunded = seen[-1]
    fees = fees_of(of, seen)
    kept = of.on_refund is OnRefund.KEEP
    assert sum(fees) == fee(of, captured if kept else captured - refunded)
    for (before, after), due in zip(pairwise(seen), fees, strict=True):
        if after.captured > before.captured:
            assert due >= 0
        else:
            assert due == 0 if kept else due <= 0


@given(schedules(), MOVES)
def test_a_full_refund_returns_all(of: FeeSchedule, moves: list[tuple[bool, int]]) -> None:
    seen = history([*moves, (True, 12 * LIMIT)])
    kept = fee(of, seen[-1].captured) if of.on_refund is OnRefund.KEEP else 0
    assert sum(fees_of(of, seen)) == kept


@pytest.mark.parametrize("amounts", [Amounts(10, 11), Amounts(10, -1), Amounts(-1, -1), Amounts(-1)])
def test_impossible_amounts(amounts: Amounts) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        charged(schedule(), amounts)
    with pytest.raises(ValueError, match="has no fee"):
        fee(schedule(), -1)
