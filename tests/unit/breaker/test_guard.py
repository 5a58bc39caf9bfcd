"""The breaker of the relay: when it opens, how it recovers, its metrics."""

import pytest

from payments.breaker.rules import BREAKER
from tests.unit.breaker.world import CLOSED, HALF_OPEN, MINIMUM, OPEN, TRIALS, WAIT, World, refuse


def test_it_gives_what_the_call_gives() -> None:
    assert World().breaker.call(lambda: 7) == 7


def test_half_of_the_calls_failing_opens_it_once_there_are_enough() -> None:
    world = World()
    for fails in (True, True, True, False):
        world.call(fails=fails)
    assert world.breaker.state == CLOSED, "four calls say nothing yet"
    world.call()
    assert world.breaker.state == OPEN
    assert world.breaker.observe().history[0]["reason"] == "failure rate 60.00% (threshold 50%)"


def test_half_of_the_calls_being_slow_opens_it_too() -> None:
    world = World()
    for duration in (5.1, 5.1, 5.1, 0.0, 5.0):
        world.call(duration)
    assert world.breaker.state == OPEN
    assert world.breaker.observe().history[0]["reason"] == "slow call rate 60.00% (threshold 50%)"


def test_a_window_full_of_successes_opens_after_half_of_it_has_failed() -> None:
    world = World(window=20)
    for _ in range(20):
        world.call()
    for _ in range(9):
        world.call(fails=True)
    assert world.breaker.state == CLOSED
    world.call(fails=True)
    assert world.breaker.state == OPEN


def test_open_refuses_and_counts_it() -> None:
    world = World().opened()
    refuse(world.breaker)
    refuse(world.breaker)
    assert world.breaker.observe().snapshot["not_permitted"] == 2
    assert world.shows("not_permitted_calls_total") == 2


def test_time_makes_it_half_open_without_a_call() -> None:
    world = World().opened()
    world.seconds += WAIT - 1
    world.breaker.tick()
    assert world.breaker.state == OPEN
    world.seconds += 1
    world.breaker.tick()
    assert world.breaker.state == HALF_OPEN


@pytest.mark.parametrize(("fails", "end_state"), [(False, CLOSED), (True, OPEN)])
def test_the_trial_calls_decide(fails: bool, end_state: str) -> None:
    world = World().opened()
    world.seconds += WAIT
    world.breaker.tick()
    for _ in range(TRIALS - 1):
        world.call(fails=fails)
    assert world.breaker.state == HALF_OPEN
    world.call(fails=fails)
    assert (world.breaker.state, world.states) == (end_state, [CLOSED, OPEN, HALF_OPEN, HALF_OPEN, end_state])


class Ignored(Exception):
    """An exception that says nothing about the service."""


def ignored_call(world: World) -> None:
    def function() -> None:
        world.seconds += 9.0
        raise Ignored

    with pytest.raises(Ignored):
        world.breaker.call(function, ignored=(Ignored,))


def test_an_ignored_call_is_not_counted_and_gives_its_permission_back() -> None:
    world = World()
    for _ in range(2 * MINIMUM):
        ignored_call(world)
    assert (world.breaker.state, world.breaker.observe().snapshot["buffered"]) == (CLOSED, 0)
    assert world.shows("calls_seconds_count", kind="failed") == 0
    assert world.shows("calls_seconds_count", kind="successful") == 0
    world.opened()
    world.seconds += WAIT
    world.breaker.tick()
    for _ in range(2 * TRIALS):
        ignored_call(world)
    assert world.breaker.state == HALF_OPEN, "neither success nor failure, and another call may be made"
    for _ in range(TRIALS):
        world.call()
    assert world.breaker.state == CLOSED


def test_what_was_ignored_in_one_call_is_a_failure_in_the_next() -> None:
    world = World()
    ignored_call(world)
    with pytest.raises(Ignored):
        world.breaker.call(lambda: (_ for _ in ()).throw(Ignored()).__next__())
    assert world.breaker.observe().snapshot["failed"] == 1


def test_it_observes_the_window() -> None:
    world = World()
    for duration, fails in [(5.0, False), (5.1, False), (6.0, True), (0.1, False)]:
        world.call(duration, fails)
    row = world.breaker.observe()
    assert row.snapshot == {
        "successful": 3,
        "failed": 1,
        "slow": 2,
        "not_permitted": 0,
        "buffered": 4,
        "slow_call_rate": -1.0,
        "failure_rate": -1.0,
    }, "four calls are too few for rates"
    assert (row.name, row.state, row.state_since, row.history) == (BREAKER, CLOSED, world.start, [])


def test_open_keeps_the_window_and_half_open_starts_a_new_one() -> None:
    world = World().opened()
    assert world.breaker.observe().snapshot["failed"] == MINIMUM
    world.seconds += WAIT
    world.breaker.tick()
    assert world.breaker.observe().snapshot["buffered"] == 0


def shown_states(world: World) -> dict[str, float | None]:
    return {state: world.shows("state", state=state) for state in ("closed", "open", "half_open")}


def test_metrics_show_the_state_and_the_calls() -> None:
    world = World()
    assert shown_states(world) == {"closed": 1, "open": 0, "half_open": 0}
    world.call(6.0)
    for _ in range(MINIMUM - 1):
        world.call(fails=True)
    assert shown_states(world) == {"closed": 0, "open": 1, "half_open": 0}
    assert world.shows("calls_seconds_count", kind="failed") == MINIMUM - 1
    assert (world.shows("failure_rate"), world.shows("slow_call_rate")) == (80, 20)
    assert world.shows("calls_seconds_sum", kind="successful") == 6.0
    assert world.shows("buffered_calls", kind="failed") == MINIMUM - 1
    assert world.shows("slow_calls", kind="successful") == 1
    world.breaker.retire()
    assert shown_states(world) == {"closed": 0, "open": 0, "half_open": 0}
