"""A measurement every 15 s, kept for an hour; what cannot be read is null, and logged once."""

import logging
from dataclasses import dataclass, field

import gevent
import pytest
from gevent.event import Event
from sqlalchemy.exc import OperationalError

from app.overview import sampler
from app.overview.sampler import Sampler
from app.overview.totals import BOUNDS, Totals
from payments.reading.overview import INTERVAL_SECONDS, POINTS_LIMIT, Backlog, Overview


@dataclass
class World:
    """Counts one success more at each measurement, 15 s later."""

    clock: float = 0.0
    succeeded: int = 0
    broken: set[str] = field(default_factory=set)

    def totals(self) -> Totals:
        if "totals" in self.broken:
            raise OSError("no such file")
        self.succeeded += 1
        return Totals({"succeeded": self.succeeded}, (0.0,) * len(BOUNDS))

    def backlog(self) -> Backlog:
        if "backlog" in self.broken:
            raise OperationalError("SELECT 1", {}, Exception("gone"))
        return Backlog(3, 0.5)

    def now(self) -> float:
        self.clock += INTERVAL_SECONDS
        return self.clock


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def measuring(world: World) -> Sampler:
    return Sampler(world.totals, world.backlog, world.now)


def shown(measuring: Sampler) -> Overview:
    return measuring.overview([])


def test_before_the_first_measurement_there_is_nothing(measuring: Sampler) -> None:
    assert shown(measuring) == Overview(None, INTERVAL_SECONDS, [], [])


def test_the_first_measurement_begins_the_first_point(measuring: Sampler) -> None:
    measuring.measure()
    first = shown(measuring)
    assert (first.since is not None, first.points) == (True, [])
    measuring.measure()
    (point,) = shown(measuring).points
    assert (point.succeeded_per_minute, point.outbox_pending, point.ledger_lag_seconds) == (4, 3, 0.5)
    assert shown(measuring).since == first.since


def test_an_hour_is_kept_oldest_first(measuring: Sampler) -> None:
    for _ in range(POINTS_LIMIT + 10):
        measuring.measure()
    found = shown(measuring)
    times = [point.at for point in found.points]
    assert len(times) == POINTS_LIMIT == 240
    assert times == sorted(times)
    assert found.since is not None
    assert found.since <= times[0]


def test_a_database_that_does_not_answer_is_null_and_logged_once(
    world: World, measuring: Sampler, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        world.broken.add("backlog")
        for _ in range(4):
            measuring.measure()
        assert [(p.succeeded_per_minute, p.outbox_pending, p.ledger_lag_seconds) for p in shown(measuring).points] == [
            (4, None, None)
        ] * 3
        assert [record.getMessage() for record in caplog.records] == ["overview_not_measured"]
        world.broken.clear()
        measuring.measure()
        world.broken.add("backlog")
        measuring.measure()
    assert len(caplog.records) == 2, "a new failure is logged again"


def test_without_totals_there_is_no_point_and_the_next_one_is_longer(
    world: World, measuring: Sampler, caplog: pytest.LogCaptureFixture
) -> None:
    measuring.measure()
    world.broken.add("totals")
    with caplog.at_level(logging.WARNING):
        measuring.measure()
        measuring.measure()
    world.broken.clear()
    world.clock += 2 * INTERVAL_SECONDS
    measuring.measure()
    (point,) = shown(measuring).points
    assert point.succeeded_per_minute == pytest.approx(60 / (3 * INTERVAL_SECONDS))
    assert len(caplog.records) == 1


def test_it_measures_from_start_to_stop_and_not_before(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setattr(sampler, "INTERVAL_SECONDS", 0.001)
    third = Event()

    def totals() -> Totals:
        found = world.totals()
        if world.succeeded == 3:
            third.set()
        return found

    measuring = Sampler(totals, world.backlog, world.now)
    gevent.idle()
    assert world.succeeded == 0
    measuring.start()
    assert third.wait(10)
    measuring.stop()
    gevent.idle()
    ended_at = world.succeeded
    gevent.wait(timeout=0.05)
    assert world.succeeded == ended_at
