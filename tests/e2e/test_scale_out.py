"""Two ledgers share the partitions; under load one joins, is killed, restarts: no event is lost or posted twice.

Two web workers accept the payments; test_web_workers.py tests two web workers alone.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient
from sqlalchemy import Engine, text

from payments.outbox.rules import PARTITIONS, TOPICS
from payments.platform.database import create_engine
from stack.platform import Platform, Worker, real_platform
from tests.e2e.load import Load, running
from tests.servers import until
from worker.consumption import GROUP

PER_SECOND = 40
STRETCH = 20
"""Payments answered between two changes of the group, at least."""
SHARE_SECONDS = 40
ALL = PARTITIONS * len(TOPICS)
SETTINGS = {"APP_RATE_LIMIT_PROFILE": "prod", "WEB_WORKERS": "2"}

LOST = (
    "outbox_event o LEFT JOIN inbox_event i ON i.event_id = o.event_id"
    " WHERE o.aggregate_type = 'payment' AND i.event_id IS NULL"
)
CAPTURED = "outbox_event WHERE event_type = 'PAYMENT_CAPTURED'"


@pytest.fixture
def platform() -> Iterator[Platform]:
    with real_platform(SETTINGS) as platform:
        yield platform


@pytest.fixture
def second(platform: Platform) -> Iterator[Worker]:
    """Another ledger, not started."""
    worker = Worker("ledger")
    worker.environment = platform.environment
    yield worker
    worker.close()


@pytest.fixture
def database(platform: Platform) -> Iterator[Engine]:
    engine = create_engine(platform.database_url)
    yield engine
    engine.dispose()


def count(database: Engine, what: str) -> int:
    """Rows of `what`: a table, and perhaps its WHERE."""
    with database.connect() as connection:
        return int(connection.execute(text(f"SELECT COUNT(*) FROM {what}")).scalar_one())


def shares(admin: AdminClient) -> list[int]:
    """The number of partitions of each member of the group; empty during a rebalance."""
    group = admin.describe_consumer_groups([GROUP])[GROUP].result(10)
    if group.state is not ConsumerGroupState.STABLE:
        return []
    return [len(member.assignment.topic_partitions) for member in group.members]


def batches(ledger: Worker) -> int:
    """The number of batches in its log."""
    return ledger.log.read_text().count('"events_posted"')


def until_shared(platform: Platform, load: Load, ledgers: list[Worker]) -> None:
    """Each has as many partitions as the other, and posts, while the load goes on."""
    fair, admin = [ALL // len(ledgers)] * len(ledgers), AdminClient({"bootstrap.servers": platform.kafka.bootstrap})
    until(lambda: shares(admin) == fair, f"partitions are shared as {fair}", seconds=SHARE_SECONDS)
    before, goal = {ledger: batches(ledger) for ledger in ledgers}, load.answered + STRETCH
    until(lambda: load.answered >= goal, f"{STRETCH} more payments")
    for ledger, seen in before.items():
        until(partial(has_posted, ledger, seen), "every one of them posts")


def has_posted(ledger: Worker, seen: int) -> bool:
    """Whether it has posted more batches than were `seen`."""
    return batches(ledger) > seen


def come_and_go(platform: Platform, load: Load, second: Worker) -> None:
    """The second joins, is killed, comes back, kills itself at the worst moment, and comes back."""
    first = platform.ledger
    second.start()
    until_shared(platform, load, [first, second])
    second.kill()
    until_shared(platform, load, [first])
    second.environment = {**second.environment, "APP_CRASH_POINT": "after_posting_before_offsets"}
    second.start()
    assert second.ended(SHARE_SECONDS), "it got partitions, posted, and died before Kafka heard of it"
    assert second.exit_code == -signal.SIGKILL, second.log_end()
    second.environment = {**second.environment, "APP_CRASH_POINT": ""}
    second.start()
    until_shared(platform, load, [first, second])


def test_ledgers_that_come_and_go_lose_and_double_nothing(platform: Platform, second: Worker, database: Engine) -> None:
    with running(platform.api.url, PER_SECOND) as load:
        until_shared(platform, load, [platform.ledger])
        come_and_go(platform, load, second)
    assert not load.open_keys
    until(lambda: count(database, LOST) == 0, "every event is posted", seconds=60)

    assert count(database, "payment") == load.answered
    assert count(database, CAPTURED) == len(load.captured)
    assert count(database, "ledger_entry") == load.answered + 2 * len(load.captured)
    assert count(database, "dead_letter") == 0
    command = [sys.executable, "-m", "worker", "audit", "--full"]
    environment = {**os.environ, **platform.environment}
    audit = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)
    assert (audit.returncode, audit.stderr) == (0, ""), audit.stdout
