"""Times, keys and texts of multiplied payments. Their rows are in tests/integration/test_growth_data.py."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.growth.multiplier import SPREAD, Plan, around_ids

OLDEST = datetime(2026, 11, 1, tzinfo=UTC)


@given(st.integers(1, 20_000_000), st.data())
def test_payments_are_spread_over_the_time_and_the_keys(highest: int, data: st.DataObject) -> None:
    plan = Plan(highest, OLDEST)
    number = data.draw(st.integers(1, highest))
    assert OLDEST < plan.made_at(number) <= OLDEST + SPREAD
    assert 0 < number * plan.stride < 2**64


def test_its_parameters_name_times_without_a_zone() -> None:
    plan = Plan(1000, OLDEST)
    assert plan.values() == {"oldest": OLDEST.replace(tzinfo=None), "step": 518_400_000, "stride": plan.stride}
    assert plan.made_at(1000) - plan.made_at(999) == timedelta(microseconds=518_400_000)


def test_the_ids_in_a_text_are_cut_out() -> None:
    assert around_ids('{"paymentId":1,"amount":10000,"merchantId":"M0"}') == {
        "before": '{"paymentId":',
        "between": ',"amount":10000,"merchantId":"',
        "after": '"}',
    }


def test_a_text_without_ids_is_no_model() -> None:
    with pytest.raises(ValueError, match="zip"):
        around_ids('{"amount":10000}')
