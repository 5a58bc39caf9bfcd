"""What `make bench-growth` measures, as the environment says."""

import pytest

from bench.growth.steps import WARM_SECONDS, Steps, steps


def test_the_defaults() -> None:
    assert steps({}) == Steps([1_000_000, 5_000_000, 10_000_000], rate=100, seconds=60, rounds=3, pruned=40_000)


def test_the_environment_steers_and_sizes_are_sorted() -> None:
    given = {"SIZES": "30000,20000", "RATE": "40", "SECONDS": "4", "ROUNDS": "1", "PRUNED": ""}
    assert steps(given) == Steps([20_000, 30_000], rate=40, seconds=4, rounds=1, pruned=40_000)


def test_a_value_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="many"):
        steps({"RATE": "many"})


@pytest.mark.parametrize(("pruned", "in_a_round"), [(1000, 1000), (40_000, 10_000)])
def test_what_is_pruned_is_of_the_first_size(pruned: int, in_a_round: int) -> None:
    assert Steps([30_000, 90_000], 1, 1, 3, pruned).pruned_in_a_round == in_a_round


def test_room_for_what_the_loads_pay() -> None:
    assert Steps([1, 2], rate=10, seconds=20, rounds=3, pruned=1).payments_of_loads == 10 * (WARM_SECONDS + 20) * 4 * 2
