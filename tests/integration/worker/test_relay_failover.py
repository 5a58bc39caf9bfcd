"""Several relays: one is active, another takes over, and a replaced one writes nothing."""

import signal
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, select, text, update

from payments.breaker.guard import Breaker
from payments.breaker.rules import BreakerConfig
from payments.metrics import RelayMetrics
from payments.outbox.lease import Lease, acquire
from payments.platform.clock import database_now, monotonic
from payments.platform.kafka.answers import OutgoingMessage, Receipt
from payments.platform.kafka.producer import Publisher, client_options
from payments.platform.tables.events import outbox_event
from payments.platform.tables.processes import lease as lease_table
from tests.integration.worker.workers import everything_in, logged, number, pay, process, relay, unposted, unpublished
from tests.integration.worker.workers import ledger as running_ledger
from tests.servers import until
from worker.publication.delivery import Delivery, LeaseTerm
from worker.publication.fencing import LeaseLost
from worker.publication.heartbeat import Heartbeat

FROZEN_SECONDS = 20
"""Twice a lease."""


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about Kafka."""
    return mariadb_url


def fence(engine: Engine) -> int:
    return number(engine, "SELECT MAX(fence) FROM lease WHERE name = 'relay'")


def take_over(engine: Engine, seconds: float) -> Lease:
    """Take the lease over, as another relay does when it has expired."""
    with engine.begin() as connection:
        past = database_now(connection) - timedelta(seconds=1)
        connection.execute(update(lease_table).where(lease_table.c.name == "relay").values(expires_at=past))
        found = acquire(connection, "relay", "another", seconds)
    assert found is not None
    return found


def test_one_is_active_and_the_next_follows_when_it_stops(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    with relay(database_url, kafka_bootstrap):
        until(lambda: fence(engine) == 1, "the first is active")
        with relay(database_url, kafka_bootstrap):
            pay(engine, "a", 20)
            until(lambda: unpublished(engine) == 0, "the first publishes")
        pay(engine, "b", 20)
        until(lambda: unpublished(engine) == 0, "the first still publishes")
        assert fence(engine) == 1
    held = "SELECT COUNT(*) FROM lease WHERE name = 'relay' AND expires_at > UTC_TIMESTAMP(6)"
    assert number(engine, held) == 0, "the lease was given back, so nobody has to wait until it runs out"
    with relay(database_url, kafka_bootstrap):
        pay(engine, "c", 20)
        until(lambda: unpublished(engine) == 0, "the next one publishes")
    assert fence(engine) == 2
    assert len(everything_in(kafka_bootstrap)) == 120, "nothing was published twice"


def test_a_relay_that_loses_its_lease_stands_by_and_may_come_back(
    engine: Engine, database_url: str, kafka_bootstrap: str, caplog: pytest.LogCaptureFixture
) -> None:
    with relay(database_url, kafka_bootstrap):
        until(lambda: fence(engine) == 1, "it is active")
        take_over(engine, seconds=1.5)
        pay(engine, "a", 3)
        until(lambda: "lease_lost" in caplog.messages, "it notices")
        until(lambda: fence(engine) == 3, "it is active again after the other's time")
        until(lambda: unpublished(engine) == 0, "it publishes again")


class ReplacedMeanwhile(Publisher):
    """Another relay takes the lease over while the call is on its way."""

    replace: Callable[[], object]

    def hand_over(self, messages: Sequence[OutgoingMessage], ended: Callable[[], bool]) -> Receipt:
        receipt = super().hand_over(messages, ended)
        self.replace()
        return receipt


def test_what_was_confirmed_under_a_lost_lease_is_not_marked(engine: Engine, kafka_bootstrap: str) -> None:
    pay(engine, "a", 2)
    with engine.begin() as connection:
        held = acquire(connection, "relay", "me", 30)
    assert held is not None
    metrics = RelayMetrics(CollectorRegistry())
    breaker = Breaker(metrics, BreakerConfig(wait_duration=1, slow_call_duration=1))
    heartbeat = Heartbeat(engine, held, seconds=30, asked_at=monotonic(), observe=breaker.observe)  # never started
    publisher = ReplacedMeanwhile(
        client_options(kafka_bootstrap, "PLAINTEXT", None, None), call_timeout=5, probe_timeout=2
    )
    publisher.replace = lambda: take_over(engine, 30)
    term = LeaseTerm(held, heartbeat, breaker)
    delivery = Delivery(engine, publisher, metrics, term, longest_call=7, ended=lambda: False)
    with pytest.raises(LeaseLost):
        delivery.run_once()
    assert unpublished(engine) == 4
    assert len(everything_in(kafka_bootstrap)) == 4


def test_one_that_was_frozen_under_load_doubles_nothing(
    engine: Engine, database_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    """Frozen for longer than its lease, in the middle of its work; the marks of the new holder stand."""
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    with (
        running_ledger(database_url, kafka_bootstrap),
        process("relay", database_url, kafka_bootstrap, first) as frozen,
    ):
        until(lambda: logged(first, "relay_active"), "the first is active")
        with process("relay", database_url, kafka_bootstrap, second):
            load = Thread(target=pay_on_and_on, args=(engine,))
            load.start()
            until(lambda: number(engine, "SELECT COUNT(*) FROM outbox_event") >= 500, "the load is on")
            frozen.send_signal(signal.SIGSTOP)
            frozen_at = monotonic()
            until(lambda: logged(second, "relay_active"), "the second takes over")
            load.join()
            until(lambda: unpublished(engine) == 0, "the second publishes all")
            until(lambda: monotonic() - frozen_at > FROZEN_SECONDS, "the first stays frozen", seconds=40)
            marks = published_at(engine)
            frozen.send_signal(signal.SIGCONT)
            until(lambda: logged(first, "lease_lost"), "the first notices that it was replaced")
            pay(engine, "after", 20)
            until(lambda: unpublished(engine) == 0, "the second goes on")
            until(lambda: unposted(engine) == 0, "all is posted")
            assert fence(engine) == 2
            assert marks.items() <= published_at(engine).items(), "the new holder's marks stand"
    events = number(engine, "SELECT COUNT(*) FROM outbox_event")
    assert number(engine, "SELECT COUNT(*) FROM inbox_event") == events == 2 * 1020
    assert number(engine, "SELECT COUNT(*) FROM ledger_entry") == 3 * 1020
    assert number(engine, "SELECT COUNT(*) FROM dead_letter") == 0


def pay_on_and_on(engine: Engine) -> None:
    for turn in range(20):
        pay(engine, f"load{turn}", 50)


def published_at(engine: Engine) -> dict[int, object]:
    with engine.connect() as connection:
        rows = connection.execute(select(outbox_event.c.event_id, outbox_event.c.published_at))
        return {row.event_id: row.published_at for row in rows}


def test_the_breakers_row_stays_fresh_while_nothing_happens(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    observed = text("SELECT observed_at FROM circuit_breaker")

    def seen() -> object:
        with engine.connect() as connection:
            return connection.execute(observed).scalar()

    with relay(database_url, kafka_bootstrap):
        before = until(seen, "the row is there")
        until(lambda: seen() != before, "it is written again, though nothing happens")
