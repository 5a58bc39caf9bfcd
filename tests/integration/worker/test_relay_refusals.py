"""Events that a real Kafka refuses: the others go on, the breaker stays closed, later ones of the payment wait."""

import json
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from sqlalchemy import Engine, text

from payments.breaker import store as breaker_store
from payments.breaker.rules import BREAKER
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.outbox import service as outbox
from payments.outbox.rules import OutboxState
from payments.platform.clock import database_now
from stack import kafka
from stack.kafka import KafkaServer
from tests.contracts import commands
from tests.integration.worker.workers import (
    breaker_state,
    everything_in,
    limit_messages,
    number,
    pay,
    relay,
    unpublished,
)
from tests.servers import until

LARGE = "x" * 2**21
CAPTURES = (ResourceType.TOPIC, "payment.captured", ResourcePatternType.LITERAL)


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about Kafka."""
    return mariadb_url


@pytest.fixture(scope="module")
def strict_kafka() -> Iterator[KafkaServer]:
    """A Kafka with access rules, and without topics; users without rules may do everything."""
    rules = (
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
        "allow.everyone.if.no.acl.found=true\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kafka, "PROPERTIES", kafka.PROPERTIES + rules)
        with KafkaServer() as strict:
            yield strict


def states(engine: Engine) -> list[OutboxState]:
    with engine.connect() as connection:
        found = connection.execute(text("SELECT published FROM outbox_event ORDER BY event_id")).scalars()
        return [OutboxState(state) for state in found]


def parked(engine: Engine) -> int:
    return number(engine, f"SELECT COUNT(*) FROM outbox_event WHERE published = {int(OutboxState.PARKED)}")


def spoil(engine: Engine, event_id: int) -> None:
    """Make an event's message larger than any broker accepts."""
    with engine.begin() as connection:
        add = text("UPDATE outbox_event SET payload = JSON_INSERT(payload, '$.note', :note) WHERE event_id = :id")
        connection.execute(add, {"note": LARGE, "id": event_id})


def repair(engine: Engine, event_id: int) -> None:
    with engine.begin() as connection:
        cut = text("UPDATE outbox_event SET payload = JSON_REMOVE(payload, '$.note') WHERE event_id = :id")
        connection.execute(cut, {"id": event_id})


def ids_in(bootstrap: str) -> list[int]:
    return [json.loads(message.value() or b"")["eventId"] for message in everything_in(bootstrap)]


def test_a_refused_event_is_parked_and_only_its_payment_waits(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    pay(engine, "a", 2, captures=2)  # events 1, 2: authorized; 3, 4 and 5, 6: captured
    spoil(engine, 1)
    with relay(database_url, kafka_bootstrap):
        until(lambda: parked(engine) == 1, "the event is parked")
        pay(engine, "later", 20, captures=0)
        commands.run_one(engine, commands.capture(1, "committed after its payment's event was parked", 1))
        until(lambda: unpublished(engine) == 0, "nothing is claimed over and over")
        assert states(engine)[:6] == [
            OutboxState.PARKED,
            OutboxState.PUBLISHED,
            OutboxState.BEHIND,
            OutboxState.PUBLISHED,
            OutboxState.BEHIND,
            OutboxState.PUBLISHED,
        ]
        assert states(engine)[-1] is OutboxState.BEHIND
        assert sorted(ids_in(kafka_bootstrap)) == [2, 4, 6, *range(7, 27)], "nothing overtook the parked event"
        assert breaker_state(engine) == "CLOSED"
        with engine.connect() as connection:
            row = breaker_store.get(connection, BREAKER)
            (item,), _ = outbox.parked(connection, None, 10)
        assert row is not None
        assert row.snapshot["failed"] == 0
        assert (item.attempts, item.waiting_behind) == (3, 3)
        assert "size too large" in item.error
        repair(engine, 1)
        with engine.begin() as connection:
            outbox.release(connection, 1, "cli:test")
        until(lambda: set(states(engine)) == {OutboxState.PUBLISHED}, "it and what waited behind it is published")
    seen = ids_in(kafka_bootstrap)
    assert len(seen) == len(set(seen)) == 27


def test_a_topic_that_is_too_small_stops_no_other(engine: Engine, database_url: str, own_kafka: KafkaServer) -> None:
    """Thousands of refused events come first; the others do not wait until each was refused often enough."""
    letters = [
        DeadLetter("c", "payment.voided", 1, offset, 3, "x" * 3000, None, None, "InvalidJson", "no")
        for offset in range(2000)
    ]
    with relay(database_url, own_kafka.bootstrap, park_after=1000):
        pay(engine, "first", 1, captures=0)
        until(lambda: unpublished(engine) == 0, "the topics are made")
        limit_messages(own_kafka.bootstrap, "payment.dlq", 2000)
        with engine.begin() as connection:
            dead_letter_store.add(connection, letters, database_now(connection))
        pay(engine, "behind", 50)
        payments = "SELECT COUNT(*) FROM outbox_event WHERE published <> 1 AND aggregate_type = 'payment'"
        until(lambda: number(engine, payments) == 0, "the payments' events are published", seconds=60)
        assert breaker_state(engine) == "CLOSED"
        assert parked(engine) == 0
        limit_messages(own_kafka.bootstrap, "payment.dlq", 1_000_000)
        until(
            lambda: set(states(engine)) == {OutboxState.PUBLISHED},
            "the dead letters are published, once they may be",
            seconds=60,
        )
        assert number(engine, "SELECT MAX(attempts) FROM outbox_event") >= 1


def test_a_topic_that_may_not_be_written_stops_no_other(
    engine: Engine, database_url: str, strict_kafka: KafkaServer
) -> None:
    admin = AdminClient({"bootstrap.servers": strict_kafka.bootstrap})
    with relay(database_url, strict_kafka.bootstrap):
        pay(engine, "first", 1)
        until(lambda: unpublished(engine) == 0, "the topics are made")
        rules = [
            (AclOperation.WRITE, AclPermissionType.DENY),
            (AclOperation.DESCRIBE, AclPermissionType.ALLOW),
            (AclOperation.READ, AclPermissionType.ALLOW),
        ]
        bindings = [AclBinding(*CAPTURES, "User:ANONYMOUS", "*", *rule) for rule in rules]
        for future in admin.create_acls(bindings).values():
            future.result()
        pay(engine, "a", 10)
        until(lambda: parked(engine) == 10, "the captures are parked")
        pay(engine, "b", 10, captures=0)
        until(lambda: unpublished(engine) == 0, "the authorizations are published")
        assert breaker_state(engine) == "CLOSED"
        for future in admin.delete_acls(
            [AclBindingFilter(*CAPTURES, None, None, AclOperation.ANY, AclPermissionType.ANY)]  # type: ignore[arg-type]  # None: any
        ).values():
            future.result()
        for event_id in outbox.parked_ids(engine, "payment.captured"):
            with engine.begin() as connection:
                outbox.release(connection, event_id, "cli:test")
        until(lambda: set(states(engine)) == {OutboxState.PUBLISHED}, "the captures are published, too")


def test_a_deleted_topic_is_made_again_with_what_was_never_posted(
    engine: Engine, database_url: str, own_kafka: KafkaServer
) -> None:
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap})
    with relay(database_url, own_kafka.bootstrap, park_after=1000):
        pay(engine, "before", 5)
        until(lambda: unpublished(engine) == 0, "all is published")
        for future in admin.delete_topics(["payment.captured"]).values():
            future.result()
        pay(engine, "after", 5)
        until(lambda: set(states(engine)) == {OutboxState.PUBLISHED}, "all is published again")
        assert breaker_state(engine) == "CLOSED"
    captured = {m.value() for m in everything_in(own_kafka.bootstrap) if m.topic() == "payment.captured"}
    assert len(captured) == 10, "also those that were in the deleted topic"
