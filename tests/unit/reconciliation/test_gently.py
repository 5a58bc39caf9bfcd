"""An import beside payments works in slices with rests, and no rest costs it its turn."""

from dataclasses import replace

import pytest

from payments.platform.database import IDLE_WRITE_TRANSACTION
from payments.platform.tasks.throttle import Rests
from payments.reconciliation.importing import RESTS, SLICE, gently
from payments.reconciliation.turn import SECONDS


def rests_after(*pieces: float) -> list[float]:
    """Seconds of rest after pieces of so many."""
    now, slept = [0.0], list[float]()

    def pause(seconds: float) -> bool:
        slept.append(seconds)
        return False

    rest = Rests(replace(gently(pause), clock=lambda: now[0]))
    for piece in pieces:
        now[0] += piece
        rest()
    return slept


def test_it_rests_longer_than_it_works() -> None:
    assert RESTS > 2
    assert rests_after(0.02, 0.003) == pytest.approx([0.02 * RESTS, 0.003 * RESTS])


def test_it_works_in_slices() -> None:
    assert rests_after(*[SLICE / 4] * 8) == pytest.approx([SLICE * RESTS] * 2)


def test_a_rest_costs_neither_the_turn_nor_the_connection() -> None:
    """It may come within a transaction that has written."""
    (rest,) = rests_after(1000.0)
    assert 0 < rest < min(SECONDS / 10, IDLE_WRITE_TRANSACTION / 2)
