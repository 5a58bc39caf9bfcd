"""A breaker with its own clocks and metrics, for the breaker's tests."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from payments.breaker.guard import Breaker, NotPermitted
from payments.breaker.rules import BREAKER, BreakerConfig
from payments.breaker.store import BreakerRow
from payments.metrics import RelayMetrics

WAIT = 30.0
CLOSED, OPEN, HALF_OPEN = "CLOSED", "OPEN", "HALF_OPEN"
MINIMUM = 5
TRIALS = 3


class Failed(Exception):
    """The exception of a failed call."""


class World:
    """A breaker, its clocks and its metrics."""

    def __init__(self, before: BreakerRow | None = None, window: int = 20) -> None:
        self.registry = CollectorRegistry()
        self.seconds = 0.0
        self.start = datetime.now(UTC)
        self.states: list[str] = []
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
        self.breaker.subscribe(lambda: self.states.append(self.breaker.state))

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
