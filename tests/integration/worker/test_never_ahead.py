"""No event is published before its commit, and no offset committed before its posting."""

import pytest
from sqlalchemy import Engine

from payments.outbox import store as outbox_store
from payments.outbox.rules import EventType, PaymentEvent
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from stack.mariadb import MariaDBServer
from tests.contracts import commands
from tests.integration.worker.workers import everything_in, ledger, pay, relay, unposted, unpublished
from tests.servers import migrated_database, until


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about Kafka."""
    return mariadb_url


def keys(bootstrap: str) -> list[bytes]:
    """The payment ids of all messages."""
    return sorted(message.key() or b"" for message in everything_in(bootstrap))


def test_what_is_not_committed_is_not_published(engine: Engine, database_url: str, kafka_bootstrap: str) -> None:
    commands.run_one(engine, commands.authorize("earlier"))
    with relay(database_url, kafka_bootstrap):
        until(lambda: unpublished(engine) == 0, "the relay publishes")
        with engine.connect() as other, other.begin() as transaction:
            now = database_now(other)
            undone = PaymentEvent(EventType.AUTHORIZED, 1, "M1", 1, "KRW", "AUTHORIZED", now)
            outbox_store.add(other, [outbox_store.event_row(undone, "{}")])
            commands.run_one(engine, commands.authorize("later"))  # its event has the higher id
            until(lambda: b"2" in keys(kafka_bootstrap), "the relay has passed the event that is not committed")
            transaction.rollback()
    assert keys(kafka_bootstrap) == [b"1", b"2"]


def test_offsets_wait_for_the_postings(
    own_mariadb: MariaDBServer, kafka_bootstrap: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "worker.ledger")
    with migrated_database(own_mariadb.address) as url:
        engine = create_engine(url)
        pay(engine, "a", 1, captures=0)
        with relay(url, kafka_bootstrap):
            until(lambda: unpublished(engine) == 0, "the event is published")
        engine.dispose()
        own_mariadb.kill()
        with ledger(url, kafka_bootstrap):
            until(lambda: "posting_waits" in caplog.messages, "the ledger has the event, and no database")
        own_mariadb.start()
        with ledger(url, kafka_bootstrap):
            until(lambda: unposted(engine) == 0, "the next one gets the event too, and posts it")
        engine.dispose()
