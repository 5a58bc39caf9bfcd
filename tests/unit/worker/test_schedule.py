"""A task that is requested runs before it is due, and one that failed waits for its turn."""

import threading
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError

from worker.schedule import REQUEST_INTERVAL, Schedule, Task


def _gone() -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception("gone"))


@dataclass
class World:
    """A clock, a request, and a task every 60 s that fails while `broken`."""

    now: float = 0.0
    requested: bool = False
    unreadable: bool = False
    broken: bool = False
    ran: list[float] = field(default_factory=list)

    def is_requested(self) -> bool:
        if self.unreadable:
            raise _gone()
        return self.requested

    def run(self) -> None:
        self.ran.append(self.now)
        if self.broken:
            raise _gone()
        self.requested = False

    def schedule(self) -> Schedule:
        task = Task("audit", 60.0, self.run, is_requested=self.is_requested)
        return Schedule([task], threading.Event(), clock=lambda: self.now)


def runs_at(world: World, *times: float) -> list[float]:
    """When the task ran, of the times at which the schedule looked."""
    schedule = world.schedule()
    for world.now in times:
        schedule.run_once()
    return world.ran


def test_without_a_request_it_runs_at_its_interval() -> None:
    assert runs_at(World(), 0, 2, 4, 59, 60, 62) == [0, 60]


def test_a_request_is_answered_at_once_and_the_interval_begins_anew() -> None:
    world = World()
    schedule = world.schedule()
    for world.now in (0.0, 2.0, 4.0, 6.0, 60.0, 64.0):
        world.requested = world.requested or world.now == 4.0
        schedule.run_once()
    assert world.ran == [0, 4, 64]


def test_after_a_failure_an_open_request_waits_for_the_next_turn() -> None:
    world = World(requested=True, broken=True)
    assert runs_at(world, 0, 2, 4, 60, 62) == [0, 60]
    assert world.requested, "it stays open"


def test_a_request_that_cannot_be_read_stops_nothing() -> None:
    assert runs_at(World(requested=True, unreadable=True), 0, 2, 60) == [0, 60]


class Stop(threading.Event):
    """Records how long the schedule waits, and ends it at the third wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Return at once."""
        self.waits.append(timeout)
        return len(self.waits) == 3


def test_only_a_task_that_can_be_requested_is_looked_at_often() -> None:
    for task, longest in (
        (Task("audit", 60.0, lambda: None, is_requested=lambda: False), REQUEST_INTERVAL),
        (Task("prune", 60.0, lambda: None), 60.0),
    ):
        stop = Stop()
        Schedule([task], stop, clock=lambda: 0.0).run()
        assert stop.waits == [0.0, longest, longest]
