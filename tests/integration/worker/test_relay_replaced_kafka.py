"""Kafka replaced by an empty one on the same address while the relay runs: lost events are published again."""

import pytest
from sqlalchemy import Engine

from stack.kafka import KafkaServer
from tests.integration.worker.workers import everything_in, number, pay, relay, unpublished
from tests.servers import until


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about Kafka."""
    return mariadb_url


def test_a_replaced_kafka_is_noticed_in_the_same_lease_term(
    engine: Engine, database_url: str, own_kafka: KafkaServer
) -> None:
    with relay(database_url, own_kafka.bootstrap):
        pay(engine, "a", 5, captures=0)
        until(lambda: unpublished(engine) == 0, "all is published to the first")
        own_kafka.reinstall()
        until(lambda: len(everything_in(own_kafka.bootstrap)) == 5, "also when nothing else is to be published")
        own_kafka.reinstall()
        pay(engine, "b", 5, captures=0)
        until(lambda: len(values(own_kafka.bootstrap)) == 10, "and when something is", seconds=40)
        until(lambda: unpublished(engine) == 0, "all is published to the third")
        assert number(engine, "SELECT fence FROM lease") == 1, "in the same lease term"


def values(bootstrap: str) -> set[bytes | None]:
    """Of all messages of all topics."""
    return {message.value() for message in everything_in(bootstrap)}
