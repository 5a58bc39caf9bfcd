"""All faults at once: partial steps, expiry, pruning, poison, a refused row, and kill -9 of everything in turn.

At the end each answered step is in the ledger once, and the audit finds nothing. 20 minutes in `make test-long`.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from sqlalchemy import Engine, text

from payments.platform.database import create_engine
from stack.platform import Platform, real_platform
from tests.e2e.shoppers import Shoppers, Step, shopping
from tests.servers import until

LONG_SECONDS = 1200
BETWEEN_KILLS = 100
"""Steps answered between two kills."""
POISON_INTERVAL = 2.0
LARGE_DEAD_LETTER = 2000
"""Bytes of a poison message, more than the broker accepts here on the topic of dead letters."""
SETTLED_SECONDS = 180
SETTINGS = {
    "APP_RATE_LIMIT_PROFILE": "prod",
    "APP_CB_KAFKA_CALL_TIMEOUT_SECONDS": "2",
    "APP_CB_KAFKA_SLOW_CALL_DURATION_SECONDS": "1",
    "APP_CB_KAFKA_WAIT_DURATION_SECONDS": "1",
    "APP_LEASE_SECONDS": "4",
    "APP_AUTHORIZATION_LIFETIME_SECONDS": "2",
    "APP_EXPIRE_INTERVAL_SECONDS": "0.5",
    "APP_OUTBOX_RETENTION_SECONDS": "4",
    "APP_PRUNE_INTERVAL_SECONDS": "1",
    "APP_AUDIT_INTERVAL_SECONDS": "5",
}
DLQ = "payment.dlq"
UNPOSTED = (
    "outbox_event LEFT JOIN inbox_event USING (event_id)"
    " WHERE aggregate_type = 'payment' AND inbox_event.event_id IS NULL"
)


@pytest.fixture
def platform() -> Iterator[Platform]:
    with real_platform(SETTINGS) as platform:
        yield platform


@pytest.fixture
def database(platform: Platform) -> Iterator[Engine]:
    engine = create_engine(platform.database_url, timeout=60)
    yield engine
    engine.dispose()


def command(platform: Platform, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **platform.environment}
    line = [sys.executable, "-m", "worker", *words]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=300)


def count(database: Engine, what: str) -> int:
    with database.connect() as connection:
        return int(connection.execute(text(f"SELECT COUNT(*) FROM {what}")).scalar_one())


def largest_message(platform: Platform, topic: str, size: int) -> None:
    """The broker's limit on one topic, in bytes."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": platform.kafka.bootstrap})
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(30)


@contextmanager
def poisoned(platform: Platform) -> Iterator[None]:
    """Poison messages, small and large, at intervals until the end of the block."""
    ended = threading.Event()
    producer = Producer({"bootstrap.servers": platform.kafka.bootstrap, "message.timeout.ms": 300000})

    def send() -> None:
        for number in range(10**9):
            producer.produce("payment.captured", f"poison {number} {'x' * (LARGE_DEAD_LETTER * (number % 2))}".encode())
            producer.poll(0)
            if ended.wait(POISON_INTERVAL):
                return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        assert producer.flush(60) == 0


def kill_and_start(platform: Platform, name: str, shoppers: Shoppers) -> None:
    """kill -9, start again, and let the shoppers go on for a while."""
    part = {**platform.programs, **platform.servers}[name]
    part.kill()
    part.start()
    goal = shoppers.answered + BETWEEN_KILLS
    until(lambda: shoppers.answered >= goal, f"{BETWEEN_KILLS} more steps after the kill of {name}", seconds=120)


def suffer(platform: Platform, shoppers: Shoppers, seed: int, seconds: float) -> list[str]:
    """Kill everything in turn, in random order, at least once each and for that long."""
    rng, killed, end = random.Random(seed), list[str](), time.monotonic() + seconds
    names = [*platform.programs, *platform.servers]
    while not killed or time.monotonic() < end:
        rng.shuffle(names)
        for name in names:
            kill_and_start(platform, name, shoppers)
            killed.append(name)
    return killed


def booked(database: Engine) -> Counter[Step]:
    """Each posting as its step, read by SQL."""
    sides = {
        ("customer_hold", "hold_clearing"): "authorize",
        ("acquirer_receivable", "merchant_payable"): "capture",
        ("merchant_payable", "acquirer_receivable"): "refund",
    }
    with database.connect() as connection:
        rows = connection.execute(text("SELECT payment_id, debit_account, credit_account, amount FROM ledger_entry"))
        return Counter(
            Step(sides[row.debit_account, row.credit_account], row.payment_id, row.amount)
            for row in rows
            if (row.debit_account, row.credit_account) in sides
        )


@pytest.mark.timeout(LONG_SECONDS + 900)
def test_each_answered_step_is_in_the_ledger_once(platform: Platform, database: Engine, long: bool) -> None:
    seed = random.randrange(10**6)
    largest_message(platform, DLQ, LARGE_DEAD_LETTER)
    with shopping(platform.api.url, seed) as shoppers, poisoned(platform):
        until(lambda: shoppers.answered >= BETWEEN_KILLS, "the shoppers shop", seconds=60)
        killed = suffer(platform, shoppers, seed, LONG_SECONDS if long else 0)
    story = f"seed {seed}, killed {killed}"
    assert shoppers.unexpected == [], story

    until(
        lambda: count(database, "payment WHERE open_until IS NOT NULL") == 0, "all is expired", seconds=SETTLED_SECONDS
    )
    until(lambda: count(database, "outbox_event WHERE published = 0") == 0, "all is published", seconds=SETTLED_SECONDS)
    # a ledger that was killed holds its partitions for seconds more
    until(lambda: count(database, UNPOSTED) == 0, "all is posted", seconds=SETTLED_SECONDS)
    parked = command(platform, "outbox", "list")
    assert "payment.dlq" in parked.stdout, f"{story}\n{parked.stdout}{parked.stderr}"
    audit = command(platform, "audit", "--full")
    assert (audit.returncode, audit.stderr) == (0, ""), f"{story}\n{audit.stdout}"

    answered = Counter({step: number for step, number in shoppers.steps.items() if step.operation != "void"})
    assert booked(database) == answered, story
