"""The heartbeat on both databases: renews in time, on request, and never another holder's lease."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, select, text, update

from payments.breaker import store as breaker_store
from payments.breaker.guard import Breaker
from payments.breaker.rules import BREAKER, BreakerConfig
from payments.metrics import RelayMetrics
from payments.outbox.lease import Lease, acquire
from payments.platform.clock import database_now, monotonic
from payments.platform.tables.processes import lease as table
from tests.servers import until
from worker.publication.heartbeat import Heartbeat

SECONDS = 60.0


class Beating:
    """A heartbeat with the lease that it keeps, with a clock that a test advances."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.ahead = 0.0
        with engine.begin() as connection:
            held = acquire(connection, "relay", "me", SECONDS)
        assert held is not None
        self.lease = held
        self.breaker = Breaker(RelayMetrics(CollectorRegistry()), BreakerConfig(wait_duration=1, slow_call_duration=1))
        self.heartbeat = Heartbeat(
            engine, held, seconds=SECONDS, asked_at=self.clock(), observe=self.breaker.observe, clock=self.clock
        )
        self.breaker.subscribe(self.heartbeat.wake)

    def clock(self) -> float:
        return monotonic() + self.ahead

    def row(self) -> breaker_store.BreakerRow | None:
        with self.engine.begin() as connection:
            return breaker_store.get(connection, BREAKER)

    def renewed_at(self) -> object:
        with self.engine.begin() as connection:
            return connection.execute(select(table.c.renewed_at)).scalar_one()

    def taken_over(self) -> Lease | None:
        with self.engine.begin() as connection:
            connection.execute(update(table).values(expires_at=database_now(connection) - timedelta(seconds=1)))
            return acquire(connection, "relay", "another", SECONDS)


@pytest.fixture
def beating(engine: Engine) -> Iterator[Beating]:
    beating = Beating(engine)
    beating.heartbeat.start()
    yield beating
    beating.heartbeat.end()


def test_it_writes_the_row_at_once_and_at_each_change(beating: Beating) -> None:
    until(beating.row, "the first row is there")
    beating.breaker.move("OPEN", None, "cli:test")
    until(lambda: (row := beating.row()) and row.state == "OPEN", "the change is written before the next turn")


def test_it_renews_when_its_time_has_come(beating: Beating) -> None:
    before = beating.renewed_at()
    beating.ahead = 2.1
    until(lambda: beating.renewed_at() != before, "the lease is renewed")


def test_a_lease_too_short_for_a_call_is_renewed_first(beating: Beating) -> None:
    until(beating.row, "it has begun")
    assert beating.heartbeat.wait_until_it_has(SECONDS - 1, 0)
    beating.ahead = 1.5
    before = beating.renewed_at()
    assert beating.heartbeat.wait_until_it_has(SECONDS - 1, 5)
    assert beating.renewed_at() != before
    assert not beating.heartbeat.wait_until_it_has(SECONDS + 1, 0.01), "longer than any renewal"


def test_a_lost_lease_is_noticed_and_cannot_be_waited_for(beating: Beating) -> None:
    until(beating.row, "it has begun")
    assert beating.taken_over() is not None
    assert beating.heartbeat.lost.wait(5)
    beating.ahead = SECONDS
    assert not beating.heartbeat.wait_until_it_has(1, 0)


def test_a_database_that_fails_for_a_while_loses_no_lease(beating: Beating) -> None:
    until(beating.row, "it has begun")
    with beating.engine.begin() as connection:
        connection.execute(text("ALTER TABLE circuit_breaker RENAME TO elsewhere"))
    assert not beating.heartbeat.lost.wait(0.7)
    with beating.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO circuit_breaker"))
    beating.breaker.move("OPEN", None, "cli:test")
    until(lambda: (row := beating.row()) and row.state == "OPEN", "it goes on")
