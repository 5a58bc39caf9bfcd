"""How far what passed of a key is from what a token bucket allows."""

import pytest

from bench.limited_keys import Uses


@pytest.mark.parametrize(("passed", "percent"), [(45, 0.0), (44, 100 / 45), (54, 20.0), (80, 100 * 35 / 45)])
def test_it_is_compared_with_the_burst_and_what_was_filled_since_the_first_use(passed: int, percent: float) -> None:
    assert Uses(100.0, 140.0, passed, limited=80 - passed).deviation(burst=5, rate=1.0) == pytest.approx(percent)


def test_a_key_that_was_used_too_seldom_says_nothing() -> None:
    with pytest.raises(RuntimeError, match="not used more often than its limit"):
        Uses(100.0, 140.0, 40).deviation(burst=5, rate=1.0)
