"""The audit's own reckoning of fees, beside that of settlement."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.audit.money_out.fees import Charged, Schedule, wrong_fees
from payments.settlement.fees import Amounts, FeeSchedule, OnRefund, charged

NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
SCHEDULE: Final = Schedule("*", 180, 30, 0, None, NOW, "KEEP")
PAID: Final = Charged(7, NOW, 10_000, 1_000, 210)


@st.composite
def schedules(draw: st.DrawFn) -> FeeSchedule:
    minimum = draw(st.integers(0, 1_000))
    return FeeSchedule(
        merchant_id="M1",
        currency="KRW",
        basis_points=draw(st.integers(0, 10_000)),
        fixed=draw(st.integers(0, 1_000)),
        minimum=minimum,
        maximum=draw(st.none() | st.integers(minimum, 10_000)),
        valid_from=NOW,
        on_refund=draw(st.sampled_from(OnRefund)),
    )


@given(schedules(), st.integers(0, 10**12), st.data())
def test_both_reckonings_agree_to_the_minor_unit(schedule: FeeSchedule, captured: int, data: st.DataObject) -> None:
    refunded = data.draw(st.integers(0, captured))
    fees = charged(schedule, Amounts(captured, refunded))
    values = asdict(schedule)
    row = Schedule(*(values[name] for name in Schedule._fields))
    for changed, wrong in ((-1, {7}), (0, set()), (1, {7})):
        assert wrong_fees([Charged(7, NOW, captured, refunded, fees + changed)], [row]) == wrong


NEWER: Final = SCHEDULE._replace(fixed=40, valid_from=NOW + timedelta(seconds=1))
OWN: Final = SCHEDULE._replace(merchant_id="M1", fixed=50)
CASES: Final[list[tuple[dict[str, Any], list[Schedule], bool]]] = [
    ({}, [SCHEDULE], True),
    ({}, [NEWER, SCHEDULE], True),
    ({"authorized_at": NEWER.valid_from}, [SCHEDULE, NEWER], False),
    ({"authorized_at": NEWER.valid_from, "fees": 220}, [SCHEDULE, NEWER], True),
    ({"fees": 230}, [NEWER, SCHEDULE, OWN], True),
    ({"fees": 230, "authorized_at": NEWER.valid_from}, [NEWER, SCHEDULE, OWN], True),
    ({}, [], False),
    ({"authorized_at": NOW - timedelta(seconds=1)}, [SCHEDULE], False),
    ({"fees": 192}, [SCHEDULE._replace(on_refund="RETURN")], True),
    ({"fees": 0, "refunded": 10_000}, [SCHEDULE._replace(on_refund="RETURN")], True),
]


@pytest.mark.parametrize(("values", "known", "is_right"), CASES)
def test_the_schedule_is_that_of_the_authorization(
    values: dict[str, Any], known: list[Schedule], is_right: bool
) -> None:
    assert wrong_fees([PAID._replace(**values)], known) == (set() if is_right else {7})
