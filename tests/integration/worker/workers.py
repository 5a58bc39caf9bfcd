"""Relays and ledgers in threads and in processes, and reads of database and Kafka for tests."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text

from payments.breaker.guard import Breaker
from payments.breaker.rules import BreakerConfig
from payments.metrics import LedgerMetrics, RelayMetrics
from payments.outbox.rules import DEAD_LETTER_TOPIC, TOPICS
from payments.platform.database import create_engine
from payments.platform.kafka.producer import Publisher, client_options
from tests.contracts import commands
from tests.servers import until
from worker.consumption import consumer_options
from worker.ledger import Ledger
from worker.relay import Relay, RelayTimes

QUICK = RelayTimes(lease=4.0, call_timeout=2.0, probe_timeout=0.5)
WAIT_DURATION = 1.0
ALL_TOPICS = [*TOPICS.values(), DEAD_LETTER_TOPIC]


class Running:
    """A worker in a thread."""

    def __init__(self, name: str, engine: Engine, run: Callable[[], None], stop: threading.Event) -> None:
        self._engine = engine
        self._stop = stop
        self._thread = threading.Thread(target=run, name=name)

    def __enter__(self) -> "Running":
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ask it to stop, without waiting."""
        self._stop.set()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.join(20)
        alive = self._thread.is_alive()
        self._engine.dispose()
        assert not alive, f"{self._thread.name} did not stop"


def relay(url: str, bootstrap: str, registry: CollectorRegistry | None = None, park_after: int = 3) -> Running:
    """A relay with short times."""
    metrics, stop = RelayMetrics(registry or CollectorRegistry()), threading.Event()
    engine = create_engine(url, pool_size=2)
    publisher = Publisher(
        client_options(bootstrap, "PLAINTEXT", None, None),
        call_timeout=QUICK.call_timeout,
        probe_timeout=QUICK.probe_timeout,
    )

    def make_breaker(before: Any) -> Breaker:
        return Breaker(metrics, BreakerConfig(wait_duration=WAIT_DURATION, slow_call_duration=1.0), before=before)

    return Running("relay", engine, Relay(engine, publisher, make_breaker, metrics, QUICK, stop, park_after).run, stop)


def ledger(
    url: str, bootstrap: str, registry: CollectorRegistry | None = None, max_poll_interval: float = 300.0
) -> Running:
    """A ledger worker."""
    stop = threading.Event()
    engine = create_engine(url, pool_size=1)
    options = consumer_options(client_options(bootstrap, "PLAINTEXT", None, None), max_poll_interval)
    metrics = LedgerMetrics(registry or CollectorRegistry())
    return Running("ledger", engine, Ledger(engine, options, metrics, stop).run, stop)


@contextmanager
def process(command: str, url: str, bootstrap: str, log: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m worker COMMAND`, as supervised in production; killed at the end if it still runs."""
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "WORKER_METRICS_PORT": "0",
        **settings,
    }
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "worker", command], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def events_of(log: Path) -> list[dict[str, Any]]:
    """The lines that a process has logged so far."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def logged(log: Path, event: str) -> bool:
    """Whether a process has logged this event."""
    return any(line["event"] == event for line in events_of(log))


def pay(engine: Engine, name: str, count: int, captures: int = 1) -> None:
    """Authorize `count` payments and capture each `captures` times; many in a transaction."""
    results = commands.run(engine, *(commands.authorize(f"{name}-{number}", 1000) for number in range(count)))
    ids = [json.loads(result.body)["paymentId"] for result in results]
    for step in range(captures):
        commands.run(engine, *(commands.capture(payment, f"{name}-{payment}-{step}", 100) for payment in ids))


def number(engine: Engine, query: str) -> int:
    """The number that a query returns."""
    with engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one() or 0)


def unpublished(engine: Engine) -> int:
    """Events that wait for the relay."""
    return number(engine, "SELECT COUNT(*) FROM outbox_event WHERE published = 0")


def unposted(engine: Engine) -> int:
    """Payments' events that wait for the ledger."""
    return number(
        engine,
        "SELECT COUNT(*) FROM outbox_event o LEFT JOIN inbox_event i ON i.event_id = o.event_id"
        " WHERE o.aggregate_type = 'payment' AND i.event_id IS NULL",
    )


def breaker_state(engine: Engine) -> str:
    """The state in the relay's row."""
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT state FROM circuit_breaker")).scalar())


def limit_messages(bootstrap: str, topic: str, size: int) -> None:
    """Limit a topic's batches to `size` bytes."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    change = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.incremental_alter_configs([change]).values():
        future.result()


def _end(consumer: Consumer, place: TopicPartition) -> int:
    """The offset after the partition's last message; waits until a new topic has a leader."""

    def ask() -> list[int]:
        try:
            return [consumer.get_watermark_offsets(place, timeout=10)[1]]
        except KafkaException as error:
            if not error.args[0].retriable() and error.args[0].code() != KafkaError.NOT_LEADER_FOR_PARTITION:
                raise
            return []

    return until(ask, f"{place.topic} {place.partition} has a leader")[0]


def everything_in(bootstrap: str) -> list[Message]:
    """All messages of all topics, partition by partition in their order."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False})
    known = consumer.list_topics(timeout=10).topics
    places = [TopicPartition(topic, p, 0) for topic in ALL_TOPICS if topic in known for p in known[topic].partitions]
    ends = {(p.topic, p.partition): _end(consumer, p) for p in places}
    consumer.assign(places)
    found: list[Message] = []

    def complete() -> bool:
        found.extend(message for message in consumer.consume(1000, 0.2) if not message.error())
        return len(found) >= sum(ends.values())

    until(complete, f"{sum(ends.values())} messages are read", interval=0)
    consumer.close()
    return found
