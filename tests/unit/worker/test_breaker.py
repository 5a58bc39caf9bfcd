"""The breaker of the relay: when it opens, how it recovers, what it shows to the world."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from payments.adapters.breaker import CLOSED, FAILURES_TO_OPEN, HALF_OPEN, OPEN, Breaker, NotPermitted
from payments.adapters.breaker_store import BreakerRow
from payments.metrics import BREAKER, RelayMetrics

WAIT = 3600.0
"""Long, since pybreaker reads the machine's clock: no test waits for it."""


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
            wait_duration=WAIT,
            slow_call_duration=5.0,
            window_size=window,
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
        for _ in range(FAILURES_TO_OPEN):
            self.call(fails=True)
        return self

    def shows(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"resilience4j_circuitbreaker_{name}", {"name": BREAKER, **labels})


def refuse(breaker: Breaker) -> None:
    with pytest.raises(NotPermitted):
        breaker.call(lambda: pytest.fail("an open breaker made the call"))


def test_it_gives_what_the_call_gives() -> None:
    assert World().breaker.call(lambda: 7) == 7


def test_failures_in_a_row_open_it_and_a_success_between_starts_anew() -> None:
    world = World()
    for fails in [True] * (FAILURES_TO_OPEN - 1) + [False] + [True] * (FAILURES_TO_OPEN - 1):
        world.call(fails=fails)
    assert world.breaker.state == CLOSED
    world.call(fails=True)
    assert (world.breaker.state, world.told) == (OPEN, [CLOSED, OPEN])  # the first call is news, too


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
def test_the_trial_call_decides(fails: bool, verdict: str) -> None:
    world = World().opened()
    world.seconds += WAIT
    world.breaker.tick()
    world.call(fails=fails)
    assert (world.breaker.state, world.told) == (verdict, [CLOSED, OPEN, HALF_OPEN, HALF_OPEN, verdict])


def test_it_observes_the_window() -> None:
    world = World(window=4)
    for duration, fails in [(1.0, True), (5.0, False), (5.1, False), (6.0, True), (0.1, False)]:
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
    }
    assert (row.name, row.state, row.state_since, row.history) == (BREAKER, CLOSED, world.start, [])


def test_open_keeps_the_window_and_half_open_starts_a_new_one() -> None:
    world = World().opened()
    assert world.breaker.observe().snapshot["failed"] == FAILURES_TO_OPEN
    world.seconds += WAIT
    world.breaker.tick()
    assert world.breaker.observe().snapshot["buffered"] == 0


def test_its_history_has_the_newest_first_and_who_did_it() -> None:
    world = World().opened()
    assert world.breaker.move(CLOSED, None, "cli:root")
    newest, oldest = world.breaker.observe().history
    assert (newest["from"], newest["to"], newest["actor"]) == (OPEN, CLOSED, "cli:root")
    assert (oldest["from"], oldest["to"], oldest["actor"]) == (CLOSED, OPEN, "relay")
    assert oldest["reason"] == f"{FAILURES_TO_OPEN} calls failed in a row"


def test_an_operator_opens_and_closes_it_and_gets_no_other_state() -> None:
    world = World()
    assert world.breaker.move(OPEN, "maintenance", "cli:root")
    refuse(world.breaker)
    assert world.breaker.observe().history[0]["reason"] == "maintenance"
    assert world.breaker.move(CLOSED, None, "cli:root")
    world.call()
    for state in ("FORCED_OPEN", "DISABLED", "FORCED_HALF_OPEN", "HALF_OPEN", "nonsense"):
        assert not world.breaker.move(state, None, "cli:root")
    assert world.breaker.state == CLOSED


def test_after_a_restart_open_keeps_its_remaining_wait() -> None:
    old = World().opened()
    old.breaker.applied_command_id = 9
    new = World(before=old.breaker.observe())
    assert (new.breaker.state, new.breaker.applied_command_id) == (OPEN, 9)
    refuse(new.breaker)
    new.seconds += WAIT + 1
    new.breaker.tick()
    assert new.breaker.state == HALF_OPEN


@pytest.mark.parametrize("state", [CLOSED, HALF_OPEN])
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
    world.opened()
    assert shown_states(world) == {"closed": 0, "open": 1, "half_open": 0}
    assert world.shows("calls_seconds_count", kind="failed") == FAILURES_TO_OPEN
    assert world.shows("calls_seconds_sum", kind="successful") == 6.0
    assert world.shows("buffered_calls", kind="failed") == FAILURES_TO_OPEN
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
