"""Kafka or the database down: the breaker opens, nothing is lost, and the backlog drains by itself."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from payments.platform.clock import monotonic
from payments.platform.database import create_engine
from stack.kafka import KafkaServer
from stack.mariadb import MariaDBServer
from tests.integration.worker.workers import breaker_state, everything_in, number, pay, relay, unpublished
from tests.servers import migrated_database, until


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about Kafka."""
    return mariadb_url


FAULTS: list[tuple[Callable[[KafkaServer], None], Callable[[KafkaServer], None]]] = [
    (KafkaServer.stop, KafkaServer.start),
    (KafkaServer.freeze, KafkaServer.thaw),
]


@pytest.mark.parametrize(("break_it", "fix_it"), FAULTS, ids=["stopped", "frozen"])
def test_the_breaker_opens_and_the_backlog_drains_by_itself(
    engine: Engine,
    database_url: str,
    own_kafka: KafkaServer,
    break_it: Callable[[KafkaServer], None],
    fix_it: Callable[[KafkaServer], None],
) -> None:
    with relay(database_url, own_kafka.bootstrap):
        pay(engine, "before", 30)
        until(lambda: unpublished(engine) == 0, "all is published")
        break_it(own_kafka)
        broken_at = monotonic()
        pay(engine, "during", 30)
        until(lambda: breaker_state(engine) == "OPEN", "the breaker is open", seconds=15)
        assert monotonic() - broken_at < 15
        assert unpublished(engine) == 60, "nothing is marked that was not confirmed"
        assert number(engine, "SELECT MIN(attempts) FROM outbox_event WHERE published = 0") >= 1
        assert number(engine, "SELECT COUNT(*) FROM outbox_event WHERE published = 0 AND last_error IS NULL") == 0
        assert number(engine, "SELECT fence FROM lease") == 1, "the lease was held all the time"
        fix_it(own_kafka)
        until(lambda: unpublished(engine) == 0, "the backlog drains")
        until(lambda: breaker_state(engine) == "CLOSED", "the breaker is closed")
        pay(engine, "after", 5)
        until(lambda: unpublished(engine) == 0, "publishing goes on")
    ids = {message.value() for message in everything_in(own_kafka.bootstrap)}
    assert len(ids) == 130, "every event is there"


def test_a_relay_that_starts_while_kafka_is_away_opens_the_breaker_too(
    engine: Engine, database_url: str, own_kafka: KafkaServer
) -> None:
    own_kafka.stop()
    with relay(database_url, own_kafka.bootstrap):
        pay(engine, "a", 3)
        until(lambda: breaker_state(engine) == "OPEN", "the breaker is open", seconds=18)
        own_kafka.start()
        until(lambda: unpublished(engine) == 0, "topics are made and the backlog drains")


def test_the_relay_waits_for_its_database(own_mariadb: MariaDBServer, kafka_bootstrap: str) -> None:
    with migrated_database(own_mariadb.address) as url:
        engine = create_engine(url)
        with relay(url, kafka_bootstrap):
            pay(engine, "before", 20)
            until(lambda: unpublished(engine) == 0, "all is published")
            own_mariadb.kill()
            engine.dispose()
            own_mariadb.start()
            pay(engine, "after", 20)
            until(lambda: unpublished(engine) == 0, "all is published")
        engine.dispose()
    assert len({message.value() for message in everything_in(kafka_bootstrap)}) == 80
