"""The relay with a real Kafka: what it publishes, in which order, and marks only after confirmations."""

import json
from collections import defaultdict
from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text

from payments.breaker import store as breaker_store
from payments.breaker.rules import BREAKER
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.outbox.rules import PARTITIONS, partition_of
from payments.platform.clock import database_now
from payments.platform.kafka.answers import AllRefused, OutgoingMessage
from payments.platform.kafka.producer import Publisher, client_options
from stack.broker import start_cluster
from stack.kafka import KafkaServer
from tests.contracts import commands
from tests.integration.worker.workers import (
    ALL_TOPICS,
    breaker_state,
    everything_in,
    limit_messages,
    number,
    pay,
    relay,
    unpublished,
)
from tests.servers import empty_topics, until


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about Kafka."""
    return mariadb_url


def published(engine: Engine) -> bool:
    return unpublished(engine) == 0


def test_every_event_is_published_with_key_headers_and_id(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    commands.run_one(engine, replace(commands.authorize("a"), headers=headers))
    with relay(database_url, kafka_bootstrap):
        until(lambda: published(engine), "the event is marked as published")
    (message,) = everything_in(kafka_bootstrap)
    assert (message.topic(), message.key()) == ("payment.authorized", b"1")
    assert message.partition() == partition_of(1)
    expected = {"eventId": "1", "eventType": "PAYMENT_AUTHORIZED", **headers}
    assert dict(message.headers() or []) == {name: value.encode() for name, value in expected.items()}
    value = json.loads(message.value() or b"")
    assert list(value) == [
        "eventId",
        "eventType",
        "paymentId",
        "merchantId",
        "amount",
        "currency",
        "status",
        "occurredAt",
    ]
    assert (value["eventId"], value["paymentId"], value["amount"]) == (1, 1, 10_000)


def test_events_of_a_payment_keep_their_order_within_a_topic(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    pay(engine, "before", 50, captures=3)
    registry = CollectorRegistry()
    with relay(database_url, kafka_bootstrap, registry):
        for batch in range(5):
            pay(engine, f"during{batch}", 30, captures=3)
        until(lambda: published(engine), "all events are published")
    seen = defaultdict(list)
    for message in everything_in(kafka_bootstrap):
        seen[message.topic(), message.key()].append(json.loads(message.value() or b"")["eventId"])
    assert sum(len(ids) for ids in seen.values()) == number(engine, "SELECT COUNT(*) FROM outbox_event")
    assert all(ids == sorted(ids) for ids in seen.values())
    assert registry.get_sample_value("outbox_published_total", {"topic": "payment.captured"}) == 600


def test_a_dead_letter_is_published_like_any_event(engine: Engine, database_url: str, kafka_bootstrap: str) -> None:
    letters = [
        DeadLetter("c", "payment.voided", 1, offset, 3, text, None, None, "InvalidJson", "no")
        for offset, text in enumerate(["{", '"' * 2**20])
    ]
    with engine.begin() as connection:
        dead_letter_store.add(connection, letters, database_now(connection))
    with relay(database_url, kafka_bootstrap):
        until(lambda: published(engine), "the dead letters are published, also the one of twice a message's size")
    values = [json.loads(m.value() or b"") for m in everything_in(kafka_bootstrap) if m.topic() == "payment.dlq"]
    small, large = sorted(values, key=lambda value: value["offset"])
    assert small == {
        "originalTopic": "payment.voided",
        "partition": 1,
        "offset": 0,
        "payload": "{",
        "errorType": "InvalidJson",
        "errorMessage": "no",
        "timestamp": small["timestamp"],
    }
    assert large["payloadTruncated"]


def test_missing_topics_are_made_with_their_partitions(
    engine: Engine, database_url: str, own_kafka: KafkaServer
) -> None:
    pay(engine, "a", 1)
    with relay(database_url, own_kafka.bootstrap):
        until(lambda: published(engine), "the events are published")
    topics = AdminClient({"bootstrap.servers": own_kafka.bootstrap}).list_topics(timeout=10).topics
    assert {name: len(topics[name].partitions) for name in ALL_TOPICS} == dict.fromkeys(ALL_TOPICS, PARTITIONS)


def test_on_the_mock_cluster_topics_are_made_on_first_use(engine: Engine, database_url: str) -> None:
    carrier, bootstrap = start_cluster()
    pay(engine, "a", 5)
    with relay(database_url, bootstrap):
        until(lambda: published(engine), "the events are published")
    assert len(everything_in(bootstrap)) == 10
    del carrier


def test_a_commit_is_published_soon_and_the_row_shows_it(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    with relay(database_url, kafka_bootstrap):
        until(lambda: number(engine, "SELECT COUNT(*) FROM circuit_breaker"), "the relay is active")
        for turn in range(5):
            pay(engine, f"turn{turn}", 1, captures=0)
            until(lambda: published(engine), "the event is published")
        until(lambda: snapshot(engine)["successful"] >= 5, "the row shows the calls")
    waits = "SELECT MIN(TIMESTAMPDIFF(MICROSECOND, created_at, published_at)) FROM outbox_event"
    assert number(engine, waits) < 250_000, "from commit to mark, with everything warm"


def snapshot(engine: Engine) -> breaker_store.Snapshot:
    with engine.connect() as connection:
        row = breaker_store.get(connection, BREAKER)
    assert row is not None
    return row.snapshot


def test_an_operator_opens_and_closes_the_breaker(engine: Engine, database_url: str, kafka_bootstrap: str) -> None:
    def order(to: str) -> str:
        with engine.begin() as connection:
            command = breaker_store.append_command(connection, BREAKER, to, "drill", "cli:test")
        return str(until(lambda: outcome(command), f"the order to {to} has an outcome"))

    def outcome(command_id: int) -> str | None:
        with engine.connect() as connection:
            found = breaker_store.command(connection, command_id)
        return found.outcome if found else None

    with relay(database_url, kafka_bootstrap):
        # the wait of OPEN could end before a slow machine has read a refusal
        assert (order("FORCED_OPEN"), breaker_state(engine)) == ("applied", "FORCED_OPEN")
        pay(engine, "a", 1, captures=0)
        until(lambda: snapshot(engine)["not_permitted"] > 0, "the breaker refuses")
        assert unpublished(engine) == 1
        assert (order("CLOSED"), breaker_state(engine)) == ("applied", "CLOSED")
        until(lambda: published(engine), "the event is published")
        assert order("HALF_OPEN") == "not_allowed"
    with engine.connect() as connection:
        row = breaker_store.get(connection, BREAKER)
    assert row is not None
    assert [(entry["to"], entry["reason"]) for entry in row.history] == [
        ("CLOSED", "drill"),
        ("FORCED_OPEN", "drill"),
    ]


def test_another_cluster_gets_what_was_never_posted(engine: Engine, database_url: str, kafka_bootstrap: str) -> None:
    """The old cluster has ended with its messages: two events were posted from it, two were not."""
    pay(engine, "a", 2)
    carrier, first = start_cluster()
    with relay(database_url, first):
        until(lambda: published(engine), "all is published to the first cluster")
    del carrier
    posted = text("INSERT INTO inbox_event SELECT event_id, 1, NOW(6) FROM outbox_event WHERE event_id < 3")
    with engine.begin() as connection:
        connection.execute(posted)
    with relay(database_url, kafka_bootstrap):
        until(lambda: len(everything_in(kafka_bootstrap)) == 2, "the second cluster has what was lost")
        until(lambda: published(engine), "all is marked again")
    with relay(database_url, kafka_bootstrap):
        until(lambda: number(engine, "SELECT MAX(fence) FROM lease") == 3, "a third relay is active")
        pay(engine, "b", 1, captures=0)
        until(lambda: published(engine), "it publishes")
    assert len(everything_in(kafka_bootstrap)) == 3, "a known cluster gets nothing twice"


def publisher_to(bootstrap: str) -> Publisher:
    return Publisher(client_options(bootstrap, "PLAINTEXT", None, None), call_timeout=5, probe_timeout=2)


def test_what_is_refused_is_named_and_the_rest_is_confirmed(kafka_bootstrap: str) -> None:
    publisher = publisher_to(kafka_bootstrap)
    good, missing = OutgoingMessage(ALL_TOPICS[0], "1", "{}", []), OutgoingMessage("no.such.topic", "2", "{}", [])
    misnamed = OutgoingMessage("no topic!", "3", "{}", [])
    receipt = publisher.hand_over([good, missing, misnamed, good], lambda: False)
    assert (receipt.confirmed, set(receipt.refused)) == ({0, 3}, {1, 2})
    assert publisher.check_due, "the missing topic may have been deleted"
    with pytest.raises(AllRefused) as refused:
        publisher.hand_over([missing, misnamed], lambda: False)
    assert set(refused.value.receipt.refused) == {0, 1}
    assert publisher.hand_over([good], lambda: False).confirmed == {0}


def test_a_message_beyond_the_limit_is_refused_and_stops_only_what_follows_with_its_key(kafka_bootstrap: str) -> None:
    publisher = publisher_to(kafka_bootstrap)
    good, other = OutgoingMessage(ALL_TOPICS[0], "1", "{}", []), OutgoingMessage(ALL_TOPICS[1], "2", "{}", [])
    bad = OutgoingMessage(ALL_TOPICS[0], "1", "x" * 2**21, [])
    receipt = publisher.hand_over([good, bad, good, other], lambda: False)
    assert (receipt.confirmed, set(receipt.refused)) == ({0, 3}, {1})
    assert "size too large" in receipt.refused[1]


def test_of_a_batch_that_the_broker_refuses_only_the_bad_ones_are_refused(own_kafka: KafkaServer) -> None:
    """The broker refuses a batch as a whole; all these have one partition. Their batch is too large, too."""
    empty_topics(own_kafka.bootstrap, ["payment.voided"], 1)
    limit_messages(own_kafka.bootstrap, "payment.voided", 2000)
    publisher = publisher_to(own_kafka.bootstrap)
    messages = [OutgoingMessage("payment.voided", str(key), "x" * 300, []) for key in range(30)]
    messages[7] = messages[7]._replace(value="x" * 5000)
    messages.append(messages[7]._replace(value="after it"))
    confirmed: set[int] = set()
    while len(confirmed) < 29:  # a slow machine gets less far in one call
        left = [index for index in range(31) if index not in confirmed]
        receipt = publisher.hand_over([messages[index] for index in left], lambda: False)
        assert {left[index] for index in receipt.refused} <= {7}
        confirmed |= {left[index] for index in receipt.confirmed}
    assert confirmed == set(range(30)) - {7}
