"""Two lists run at once, and while more wait, a slot rests after each."""

from collections.abc import Callable

import gevent
import pytest
from gevent.event import Event

from app.http.list_slots import LONGEST_REST, REST, SHORTEST_REST, SLOTS, ListSlots


class Time:
    """A clock that a test advances, with the delayed calls."""

    def __init__(self) -> None:
        self.now = 0.0
        self.later: list[tuple[float, Callable[[], object]]] = []

    def __call__(self) -> float:
        return self.now

    def put_off(self, seconds: float, function: Callable[[], object]) -> None:
        self.later.append((seconds, function))


class Lists:
    """Lists that run until they are ended."""

    def __init__(self) -> None:
        self.time = Time()
        self.slots = ListSlots(self.time, self.time.put_off)
        self.ends: list[Event] = []

    def start(self, number: int) -> None:
        for _ in range(number):
            gevent.spawn(self._run)
        self.settle()

    def _run(self) -> None:
        with self.slots.hold():
            end = Event()
            self.ends.append(end)
            end.wait()

    def end(self, number: int, after: float) -> None:
        self.time.now += after
        self.ends[number].set()
        self.settle()

    def settle(self) -> None:
        for _ in range(5):
            gevent.sleep(0)

    @property
    def begun(self) -> int:
        return len(self.ends)


def test_few_run_at_once_and_the_next_comes_when_a_slot_has_rested() -> None:
    lists = Lists()
    lists.start(SLOTS + 2)
    assert lists.begun == SLOTS
    lists.end(0, after=0.1)
    assert lists.begun == SLOTS, "its slot rests, for somebody waits"
    ((seconds, release),) = lists.time.later
    assert seconds == pytest.approx(REST * 0.1)
    release()
    lists.settle()
    assert lists.begun == SLOTS + 1


def test_a_rest_is_not_long_after_a_long_list() -> None:
    lists = Lists()
    lists.start(SLOTS + 1)
    lists.end(0, after=1.5)
    assert lists.time.later[0][0] == LONGEST_REST


def test_a_rest_is_not_short_after_a_short_list() -> None:
    lists = Lists()
    lists.start(SLOTS + 1)
    lists.end(0, after=0.001)
    assert lists.time.later[0][0] == SHORTEST_REST


def test_where_nobody_waits_nothing_rests() -> None:
    lists = Lists()
    for number in range(5):
        lists.start(1)
        assert lists.begun == number + 1
        lists.end(number, after=1)
    assert lists.time.later == []


def test_who_stopped_waiting_takes_no_slot() -> None:
    lists = Lists()
    lists.start(SLOTS)
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.001), lists.slots.hold():
        raise AssertionError("there was no slot")
    lists.end(0, after=1)
    assert lists.time.later == [], "nobody waits any more"
    lists.start(1)
    assert lists.begun == SLOTS + 1
