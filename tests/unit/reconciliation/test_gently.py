"""An import beside payments works a twentieth of the time, and no rest costs it its turn."""

from dataclasses import replace

import pytest

from payments.reconciliation.importing import gently
from payments.reconciliation.turn import SECONDS


def rest_after(step: float) -> float:
    """Seconds of rest after a step of so many."""
    now, slept = [0.0], list[float]()

    def pause(seconds: float) -> bool:
        slept.append(seconds)
        return False

    for _ in replace(gently(pause), clock=lambda: now[0]).among(range(2)):
        now[0] += step
    assert len(slept) == 2, "before the first step and between the two"
    return slept[1]


def test_it_works_a_twentieth_of_the_time() -> None:
    assert rest_after(0.02) == pytest.approx(0.02 * 19)


def test_a_rest_is_much_shorter_than_a_turn() -> None:
    assert 0 < rest_after(1000.0) < SECONDS / 10
