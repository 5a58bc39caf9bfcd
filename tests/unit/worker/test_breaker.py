"""The breaker of the relay: when it opens, how it recovers, what it shows to the world."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from payments.adapters.breaker import Breaker, NotPermitted
from payments.adapters.breaker_store import BreakerRow
from payments.domain.breaker import BreakerConfig
from payments.metrics import BREAKER, RelayMetrics

WAIT = 30.0
CLOSED, OPEN, HALF_OPEN = "CLOSED", "OPEN", "HALF_OPEN"
MINIMUM = 5
TRIALS = 3


class Failed(Exception):
    """What a call raises here."""


class World:
    """A breaker, the clocks that it reads, and the metrics that it feeds."""

    def __init__(self, before: BreakerRow | None = None, window: int = 20) -> None:
        self.registry = CollectorRegistry()
        self.seconds = 0.0
        self.start = datetime.now(UTC)
        self.told: list[str] = []
        self.breaker = Breaker(
            RelayMetrics(self.registry),
            BreakerConfig(
                sliding_window_size=window,
                minimum_number_of_calls=MINIMUM,
                wait_duration=WAIT,
                slow_call_duration=5.0,
                permitted_calls_in_half_open=TRIALS,
            ),
            before=before,
            clock=lambda: self.seconds,
            now=lambda: self.start + timedelta(seconds=self.seconds),
        )
        self.breaker.tell(lambda: self.told.append(self.breaker.state))

    def call(self, duration: float = 0.0, fails: bool = False) -> None:
        def function() -> None:
            self.seconds += duration
            if fails:
                raise Failed

        if fails:
            with pytest.raises(Failed):
                self.breaker.call(function)
        else:
            self.breaker.call(function)

    def opened(self) -> "World":
        for _ in range(MINIMUM):
            self.call(fails=True)
        return self

    def shows(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"resilience4j_circuitbreaker_{name}", {"name": BREAKER, **labels})


def refuse(breaker: Breaker) -> None:
    with pytest.raises(NotPermitted):
        breaker.call(lambda: pytest.fail("an open breaker made the call"))


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


@pytest.mark.parametrize(("fails", "verdict"), [(False, CLOSED), (True, OPEN)])
def test_the_trial_calls_decide(fails: bool, verdict: str) -> None:
    world = World().opened()
    world.seconds += WAIT
    world.breaker.tick()
    for _ in range(TRIALS - 1):
        world.call(fails=fails)
    assert world.breaker.state == HALF_OPEN
    world.call(fails=fails)
    assert (world.breaker.state, world.told) == (verdict, [CLOSED, OPEN, HALF_OPEN, HALF_OPEN, verdict])


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


@pytest.mark.parametrize(("fails", "verdict"), [(False, CLOSED), (True, OPEN)])
def test_forced_half_open_lasts_until_its_verdict(fails: bool, verdict: str) -> None:
    world = World()
    world.breaker.move("FORCED_HALF_OPEN", None, "cli:root")
    for _ in range(TRIALS):
        assert world.breaker.state == "FORCED_HALF_OPEN"
        world.call(fails=fails)
    assert world.breaker.state == verdict


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


def test_the_history_is_bounded() -> None:
    world = World()
    moves: list[Callable[[], bool]] = [
        lambda: world.breaker.move(OPEN, None, "x"),
        lambda: world.breaker.move(CLOSED, None, "x"),
    ]
    for number in range(120):
        assert moves[number % 2]()
    assert len(world.breaker.observe().history) == 50
