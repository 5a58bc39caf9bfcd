"""Operators' transitions of the breaker, its history, and its state after a restart."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.unit.breaker.world import CLOSED, HALF_OPEN, OPEN, TRIALS, WAIT, World, refuse


def test_its_history_has_the_newest_first_and_who_did_it() -> None:
    world = World().opened()
    assert world.breaker.move(CLOSED, None, "cli:root")
    newest, oldest = world.breaker.observe().history
    assert (newest["from"], newest["to"], newest["actor"]) == (OPEN, CLOSED, "cli:root")
    assert (oldest["from"], oldest["to"], oldest["actor"]) == (CLOSED, OPEN, "relay")
    assert oldest["reason"] == "failure rate 100.00% (threshold 50%)"


def test_an_operator_moves_it_anywhere_but_from_closed_to_half_open() -> None:
    world = World()
    assert not world.breaker.move(HALF_OPEN, None, "cli:root")
    assert not world.breaker.move("nonsense", None, "cli:root")
    for state in ("FORCED_OPEN", "DISABLED", "FORCED_HALF_OPEN", "OPEN", HALF_OPEN, CLOSED, CLOSED):
        assert world.breaker.move(state, "maintenance", "cli:root")
        assert (world.breaker.state, world.breaker.observe().history[0]["to"]) == (state, state)
    assert world.breaker.observe().history[0]["reason"] == "maintenance"


def test_forced_open_refuses_whatever_the_time() -> None:
    world = World()
    world.breaker.move("FORCED_OPEN", None, "cli:root")
    world.seconds += 100 * WAIT
    world.breaker.tick()
    refuse(world.breaker)


def test_disabled_lets_everything_through_and_counts_nothing() -> None:
    world = World()
    world.breaker.move("DISABLED", None, "cli:root")
    world.opened()
    assert (world.breaker.state, world.breaker.observe().snapshot["buffered"]) == ("DISABLED", 0)


@pytest.mark.parametrize(("fails", "end_state"), [(False, CLOSED), (True, OPEN)])
def test_forced_half_open_lasts_until_its_trial_calls_decide(fails: bool, end_state: str) -> None:
    world = World()
    world.breaker.move("FORCED_HALF_OPEN", None, "cli:root")
    for _ in range(TRIALS):
        assert world.breaker.state == "FORCED_HALF_OPEN"
        world.call(fails=fails)
    assert world.breaker.state == end_state


@pytest.mark.parametrize("state", ["FORCED_OPEN", "DISABLED"])
def test_what_an_operator_forced_outlives_a_restart(state: str) -> None:
    old = World()
    old.breaker.move(state, None, "cli:root")
    new = World(before=old.breaker.observe())
    assert (new.breaker.state, len(new.breaker.observe().history)) == (state, 1)


def test_after_a_restart_open_keeps_its_remaining_wait() -> None:
    old = World().opened()
    old.breaker.applied_command_id = 9
    new = World(before=old.breaker.observe())
    assert (new.breaker.state, new.breaker.applied_command_id) == (OPEN, 9)
    refuse(new.breaker)
    new.seconds += WAIT + 1
    new.breaker.tick()
    assert new.breaker.state == HALF_OPEN


@pytest.mark.parametrize("state", [CLOSED, HALF_OPEN, "FORCED_HALF_OPEN"])
def test_after_a_restart_it_is_closed_otherwise_with_an_empty_window(state: str) -> None:
    old = World()
    old.call()
    before = replace(old.breaker.observe(), state=state)
    row = World(before=before).breaker.observe()
    assert (row.state, row.snapshot["buffered"]) == (CLOSED, 0)
    assert [(entry["from"], entry["to"]) for entry in row.history] == ([] if state == CLOSED else [(state, CLOSED)])


def test_the_history_is_bounded() -> None:
    world = World()
    moves: list[Callable[[], bool]] = [
        lambda: world.breaker.move(OPEN, None, "x"),
        lambda: world.breaker.move(CLOSED, None, "x"),
    ]
    for number in range(120):
        assert moves[number % 2]()
    assert len(world.breaker.observe().history) == 50
