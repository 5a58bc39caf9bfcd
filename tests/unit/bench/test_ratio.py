"""A-B-A: a drift of the machine that is even does not show in a ratio."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.ratio import above_each_neighbours, to_each_neighbours, to_neighbours

TIMES = st.floats(1, 1000)


@given(TIMES, st.floats(0.1, 10), st.floats(0, 10))
def test_an_even_drift_does_not_show(first: float, ratio: float, drift: float) -> None:
    assert to_neighbours(first, ratio * (first + drift), first + 2 * drift) == pytest.approx(ratio)


def test_each_is_compared_with_its_own_neighbours() -> None:
    assert to_each_neighbours([1, 3, 5], [4, 2]) == [2.0, 0.5]
    assert to_each_neighbours([1], []) == []


@given(TIMES, st.floats(-10, 10), st.floats(0, 10))
def test_an_even_drift_does_not_show_in_a_difference(first: float, added: float, drift: float) -> None:
    assert above_each_neighbours([first, first + 2 * drift], [first + drift + added]) == [
        pytest.approx(added, abs=1e-9)
    ]


@pytest.mark.parametrize("without", [[1.0], [1.0, 1.0, 1.0]])
def test_one_more_without_is_needed(without: list[float]) -> None:
    with pytest.raises(ValueError, match="zip"):
        to_each_neighbours(without, [1.0])
    with pytest.raises(ValueError, match="zip"):
        above_each_neighbours(without, [1.0])
