"""The ledger with a real Kafka: posts each event once, however often it is delivered, and posts no poison."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, select

from payments.audit.service import Report, audit
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.platform.database import create_engine
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.ledger import ledger_entry
from stack.broker import start_cluster
from stack.mariadb import MariaDBServer
from tests.integration.worker.workers import everything_in, ledger, number, pay, relay, unposted, unpublished
from tests.servers import migrated_database, until
from worker.consumption import GROUP


@pytest.fixture
def database_url(mariadb_url: str) -> str:
    """Only on MariaDB: these tests are about Kafka."""
    return mariadb_url


def send(bootstrap: str, *messages: tuple[str, bytes | None]) -> None:
    """Messages (topic, value) of other producers."""
    producer = Producer({"bootstrap.servers": bootstrap})
    for topic, value in messages:
        producer.produce(topic, value, b"1")
    assert producer.flush(10) == 0


def letters(engine: Engine) -> list[DeadLetter]:
    with engine.connect() as connection:
        ids = connection.execute(select(dead_letter.c.id)).scalars().all()
        return [letter for _, letter in sorted(dead_letter_store.by_ids(connection, ids).items())]


def forget_offsets(bootstrap: str) -> None:
    """The next ledger starts from the beginning."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.delete_consumer_groups([GROUP])[GROUP].result(10)


def audited(engine: Engine) -> Report:
    return audit(engine, full=True, answers_kept=timedelta(days=30))


def posted(engine: Engine) -> int:
    return number(engine, "SELECT COUNT(*) FROM inbox_event")


def waiting_for_a_lock(engine: Engine) -> bool:
    waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%%'"
    with engine.connect() as connection:
        return bool(connection.exec_driver_sql(waiting).scalar_one())


def counted(registry: CollectorRegistry, topic: str, outcome: str) -> float | None:
    return registry.get_sample_value("ledger_events_total", {"topic": topic, "outcome": outcome})


def test_everything_is_posted_once_and_the_audit_agrees(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    registry = CollectorRegistry()
    with relay(database_url, kafka_bootstrap), ledger(database_url, kafka_bootstrap, registry):
        for turn in range(10):
            pay(engine, f"turn{turn}", 50, captures=2)
        until(lambda: unposted(engine) == 0, "all is posted")
        until(lambda: registry.get_sample_value("ledger_consumer_lag") == 0, "it says that nothing waits")
    report = audited(engine)
    assert (report.payments, report.differences, report.in_flight) == (500, [], 0)
    assert counted(registry, "payment.captured", "posted") == 1000
    assert registry.get_sample_value("ledger_lag_seconds_count") == 1500
    assert number(engine, "SELECT MAX(TIMESTAMPDIFF(MICROSECOND, occurred_at, posted_at)) FROM ledger_entry") > 0
    heartbeat = "SELECT COUNT(*) FROM lease WHERE name = 'ledger' AND renewed_at > NOW() - INTERVAL 10 SECOND"
    assert number(engine, heartbeat) == 1


def test_a_second_delivery_changes_nothing(engine: Engine, database_url: str, kafka_bootstrap: str) -> None:
    pay(engine, "a", 20)
    registry = CollectorRegistry()
    with ledger(database_url, kafka_bootstrap, registry):
        with relay(database_url, kafka_bootstrap):
            until(lambda: unposted(engine) == 0, "all is posted")
        before = entries(engine)
        again = [(m.topic() or "", m.value()) for m in everything_in(kafka_bootstrap)]
        send(kafka_bootstrap, *again, *again)
        until(lambda: counted(registry, "payment.captured", "repeated") == 40, "the repeats were seen")
        until(lambda: counted(registry, "payment.authorized", "repeated") == 40, "the repeats were seen")
    assert entries(engine) == before
    assert letters(engine) == []


def entries(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(ledger_entry).order_by(ledger_entry.c.entry_id))]


def test_after_a_restart_without_offsets_all_is_read_again_and_nothing_posted(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    pay(engine, "a", 20)
    with relay(database_url, kafka_bootstrap), ledger(database_url, kafka_bootstrap):
        until(lambda: unposted(engine) == 0, "all is posted")
    forget_offsets(kafka_bootstrap)
    before, registry = entries(engine), CollectorRegistry()
    with ledger(database_url, kafka_bootstrap, registry):
        until(lambda: counted(registry, "payment.captured", "repeated") == 20, "all is read again")
    assert entries(engine) == before


def poison(bootstrap: str) -> list[tuple[str, bytes | None, str, str]]:
    """(topic, value, error type, payload as stored) next to one good payment, whose events are known here."""
    value = {m.topic(): json.loads(m.value() or b"") for m in everything_in(bootstrap)}["payment.authorized"]

    def said(**changed: object) -> str:
        return json.dumps({**value, **changed})

    unknown = '{"paymentId":99999,"amount":10000,"occurredAt":"2025-10-27T06:16:28.123456Z"}'
    nameless = json.dumps({"paymentId": 1, "amount": 10000})
    cases = [
        ("payment.authorized", b"not json", "InvalidJson", "not json"),
        ("payment.authorized", None, "InvalidJson", ""),
        ("payment.authorized", b"\xff\x00", "InvalidJson", "/wA="),
        ("payment.authorized", b"[]", "InvalidEvent", "[]"),
        ("payment.authorized", unknown.encode(), "PaymentNotFound", unknown),
        ("payment.authorized", nameless.encode(), "EventNotFound", nameless),
    ]
    for topic, text, kind in (
        ("payment.authorized", said(eventId=4711), "EventNotFound"),
        ("payment.authorized", said(amount=1), "EventMismatch"),
        ("payment.authorized", said(currency="USD"), "EventMismatch"),
        ("payment.captured", said(eventType="PAYMENT_CAPTURED"), "EventMismatch"),
        ("payment.captured", said(), "InvalidEvent"),
    ):
        cases.append((topic, text.encode(), kind, text))
    return cases


def test_poison_among_good_ones_becomes_dead_letters_that_are_published(
    engine: Engine, database_url: str, kafka_bootstrap: str
) -> None:
    pay(engine, "first", 1, captures=0)
    registry = CollectorRegistry()
    with relay(database_url, kafka_bootstrap):
        until(lambda: unpublished(engine) == 0, "the first event is published")
        cases = poison(kafka_bootstrap)
        send(kafka_bootstrap, *(case[:2] for case in cases))
        pay(engine, "later", 30)
        with ledger(database_url, kafka_bootstrap, registry):
            until(lambda: unposted(engine) == 0, "all good ones are posted")
            until(lambda: len(letters(engine)) == len(cases), "the others are dead letters")
            until(lambda: unpublished(engine) == 0, "the dead letters are published")
    stored = letters(engine)
    assert {(s.topic, s.error_type, s.payload) for s in stored} == {(c[0], c[2], c[3]) for c in cases}
    assert [s.payload_encoding for s in stored if s.payload == "/wA="] == ["base64"]
    assert all(s.message_key == "1" and s.cluster_id and s.error_message for s in stored)
    assert number(engine, "SELECT COUNT(*) FROM ledger_entry") == 1 + 30 * 3
    announced = [json.loads(m.value() or b"") for m in everything_in(kafka_bootstrap) if m.topic() == "payment.dlq"]
    assert sorted(
        (t["originalTopic"], t["partition"], t["offset"], t["errorType"], t["payload"]) for t in announced
    ) == sorted((s.topic, s.partition, s.offset, s.error_type, s.payload) for s in stored)
    labels = {"topic": "payment.captured", "error_type": "EventMismatch"}
    assert registry.get_sample_value("dead_letters_total", labels) == 1


def test_poison_delivered_again_is_no_second_letter(engine: Engine, database_url: str, kafka_bootstrap: str) -> None:
    send(kafka_bootstrap, ("payment.voided", b"{"), ("payment.voided", b"{"))
    with ledger(database_url, kafka_bootstrap):
        until(lambda: len(letters(engine)) == 2, "two messages, two letters, though their text is the same")
    forget_offsets(kafka_bootstrap)
    registry = CollectorRegistry()
    with ledger(database_url, kafka_bootstrap, registry):
        until(lambda: counted(registry, "payment.voided", "repeated") == 2, "they are delivered again")
    assert len(letters(engine)) == 2
    assert number(engine, "SELECT COUNT(*) FROM outbox_event") == 2


def test_two_workers_share_the_work_and_one_takes_over(
    engine: Engine, database_url: str, kafka_bootstrap: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "worker.ledger")
    with relay(database_url, kafka_bootstrap), ledger(database_url, kafka_bootstrap):
        with ledger(database_url, kafka_bootstrap):
            pay(engine, "shared", 100)
            until(lambda: caplog.messages.count("partitions_assigned") >= 2, "both have their share")
            pay(engine, "both", 100)
            until(lambda: unposted(engine) == 0, "both post")
        pay(engine, "one", 100)
        until(lambda: unposted(engine) == 0, "the first has all again")
    assert audited(engine).differences == []
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    group = admin.describe_consumer_groups([GROUP])[GROUP].result(10)
    assert group.members == [], "the group was left, so nobody waits for its session to end"


def test_while_the_database_is_away_nothing_is_skipped_or_dead_lettered(
    own_mariadb: MariaDBServer, kafka_bootstrap: str, caplog: pytest.LogCaptureFixture, long: bool
) -> None:
    """With --long for longer than the poll interval: without polling the group would have removed this member."""
    caplog.set_level("INFO", "worker.ledger")

    def heard(event: str) -> Callable[[], int]:
        return lambda: caplog.messages.count(event)

    with migrated_database(own_mariadb.address) as url:
        engine = create_engine(url)
        pay(engine, "a", 300)
        with relay(url, kafka_bootstrap):
            until(lambda: unpublished(engine) == 0, "all is published")
        other = engine.connect()
        other.exec_driver_sql("LOCK TABLES inbox_event READ")  # so that it is posting when the server is killed
        with ledger(url, kafka_bootstrap, max_poll_interval=7.0):
            until(lambda: waiting_for_a_lock(engine), "it posts")
            own_mariadb.kill()
            other.invalidate()
            until(lambda: heard("posting_waits")() >= (9 if long else 2), "it waits", seconds=60)
            engine.dispose()
            own_mariadb.start()
            until(lambda: unposted(engine) == 0, "all is posted")
            assert heard("posting_resumed")() == 1
            assert heard("partitions_assigned")() == 1, "it stayed in the group"
        assert letters(engine) == []
        assert audited(engine).differences == []
        engine.dispose()


def test_on_sqlite_with_the_mock_cluster_it_works_all_the_same(sqlite_url: str) -> None:
    """The embedded stack: one file for both workers, a broker without topics, controller and memory."""
    engine = create_engine(sqlite_url)
    carrier, bootstrap = start_cluster()
    with relay(sqlite_url, bootstrap), ledger(sqlite_url, bootstrap):
        for turn in range(5):
            pay(engine, f"turn{turn}", 20)
        send(bootstrap, ("payment.authorized", b"{"))
        until(lambda: unposted(engine) == 0, "all is posted", seconds=40)
        until(lambda: len(letters(engine)) == 1 and unpublished(engine) == 0, "the dead letter is published")
    assert audited(engine).differences == []
    engine.dispose()
    del carrier
