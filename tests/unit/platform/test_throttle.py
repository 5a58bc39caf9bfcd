"""Rests of long jobs: their length, and none after the end."""

from collections.abc import Iterator
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.platform.tasks.throttle import AT_ONCE, RESTS, Rests, Stopped, Throttle


class Time:
    """A clock that steps and rests advance; stops after a number of rests."""

    def __init__(self, limit: int) -> None:
        self.now = 0.0
        self.rests: list[float] = []
        self._limit = limit

    def pause(self, seconds: float) -> bool:
        self.now += seconds
        self.rests.append(seconds)
        return len(self.rests) > self._limit

    def clock(self) -> float:
        return self.now


def worked(time: Time, lengths: list[float]) -> Iterator[float]:
    for length, _ in zip(lengths, Throttle(time.pause, time.clock).steps(), strict=False):
        time.now += length
        yield length


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_it_rests_after_each_step_in_proportion_to_it(lengths: list[float]) -> None:
    time = Time(len(lengths))
    assert list(worked(time, lengths)) == lengths
    assert time.rests[1:] == [length * RESTS for length in lengths[:-1]]
    assert time.now == list(accumulate(lengths))[-1] + sum(time.rests)


def test_it_goes_on_with_nothing_once_it_shall_stop() -> None:
    time = Time(2)
    assert list(worked(time, [1.0] * 9)) == [1.0, 1.0]
    assert Throttle(time.pause, time.clock).is_over


def test_a_step_that_is_waited_for_has_no_rests() -> None:
    assert len(list(zip(range(1000), AT_ONCE.steps(), strict=False))) == 1000
    assert not AT_ONCE.is_over


def rests_after(time: Time, lengths: list[float], **policy: float) -> list[float]:
    """The rests of a job whose pieces last so long."""
    rest = Rests(Throttle(time.pause, time.clock, **policy))
    for length in lengths:
        time.now += length
        rest()
    return time.rests


def test_a_job_rests_behind_each_of_its_pieces() -> None:
    assert rests_after(Time(3), [1.0, 2.0, 3.0]) == [RESTS, 2 * RESTS, 3 * RESTS]


def test_a_job_may_have_rests_of_its_own_with_a_bound() -> None:
    assert rests_after(Time(4), [1.0, 2.0, 3.0, 1.0], rests=9.0, longest_rest=20.0) == [9.0, 18.0, 20.0, 9.0]


def test_short_pieces_are_put_together() -> None:
    assert rests_after(Time(4), [1.0, 1.0, 2.0, 0.5, 2.5], rests=2.0, shortest=3.0) == [8.0, 6.0]


def test_a_job_that_shall_stop_is_told_at_its_rest() -> None:
    with pytest.raises(Stopped):
        rests_after(Time(2), [1.0] * 9)
    assert rests_after(Time(2), [1.0, 1.0]) == [RESTS, RESTS], "not behind the last piece"
