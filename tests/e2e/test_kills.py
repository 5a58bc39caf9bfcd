"""kill -9 of api, relay and ledger at random under load: what was answered is there, once, and posted once."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from sqlalchemy import Engine, text

from payments.adapters.database import create_engine
from stack.platform import Platform, real_platform
from tests.e2e.load import Load, running
from tests.servers import until

PER_SECOND = 50
BETWEEN_KILLS = 40
"""Payments answered between two kills."""
SETTINGS = {
    "APP_RATE_LIMIT_PROFILE": "prod",
    "APP_CB_KAFKA_CALL_TIMEOUT_SECONDS": "2",
    "APP_CB_KAFKA_SLOW_CALL_DURATION_SECONDS": "1",
    "APP_CB_KAFKA_WAIT_DURATION_SECONDS": "1",
    "APP_LEASE_SECONDS": "4",
}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with real_platform(SETTINGS) as platform:
        yield platform


@pytest.fixture
def database(platform: Platform) -> Iterator[Engine]:
    engine = create_engine(platform.database_url)
    yield engine
    engine.dispose()


def unposted(database: Engine) -> int:
    with database.connect() as connection:
        stored = connection.execute(text("SELECT COUNT(*) FROM outbox_event WHERE aggregate_type = 'payment'"))
        posted = connection.execute(text("SELECT COUNT(*) FROM inbox_event"))
        return int(stored.scalar_one() - posted.scalar_one())


def audit(platform: Platform) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "worker", "audit", "--full"]
    environment = {**os.environ, **platform.environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)


def settled(load: Load) -> bool:
    """Whether no request is open any more, after one more attempt."""
    for key in sorted(load.open_keys):
        load.pay(requests.Session(), key)
    return not load.open_keys


def kill_and_start(platform: Platform, name: str, load: Load) -> None:
    """kill -9, start again, and let the load go on for a while."""
    platform.programs[name].kill()
    platform.programs[name].start()
    goal = load.answered + BETWEEN_KILLS
    until(lambda: load.answered >= goal, 60, f"{BETWEEN_KILLS} more payments after the kill of {name}")


@pytest.mark.timeout(600)
def test_nothing_is_lost_or_doubled_when_processes_are_killed(platform: Platform, database: Engine, long: bool) -> None:
    kills = ["api", "relay", "ledger"] * (5 if long else 2)
    random.shuffle(kills)
    with running(platform.api.url, PER_SECOND) as load:
        until(lambda: load.answered >= BETWEEN_KILLS, 30, "the load runs")
        for name in kills:
            kill_and_start(platform, name, load)
    until(lambda: settled(load), 30, "each open request, repeated with its key, has its one answer")
    until(lambda: unposted(database) == 0, 60, "every event is posted")

    with database.connect() as connection:
        rows = connection.execute(text("SELECT idempotency_key, payment_id, captured_amount FROM payment")).all()
    stored = {row.idempotency_key: row.payment_id for row in rows}
    assert len(stored) == len(rows)
    assert load.payments.items() <= stored.items()
    captured = {row.payment_id for row in rows if row.captured_amount == 1000}
    assert load.captured <= captured
    done = audit(platform)
    assert (done.returncode, done.stderr) == (0, ""), f"kills: {kills}\n{done.stdout}"
