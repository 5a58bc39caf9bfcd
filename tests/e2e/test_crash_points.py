"""Each process killed at each named point of its work: no answered payment is lost, nothing is posted twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest
import requests
from confluent_kafka import Producer
from sqlalchemy import Engine, text

from payments import crash_points
from payments.audit.service import audit
from payments.platform.database import create_engine
from stack.platform import Api, Platform, real_platform
from stack.readiness import get_json
from stack.server import Server, ServerError
from tests.servers import until

SETTINGS = {
    "APP_RATE_LIMIT_PROFILE": "prod",
    "APP_CB_KAFKA_CALL_TIMEOUT_SECONDS": "1",
    "APP_CB_KAFKA_SLOW_CALL_DURATION_SECONDS": "0.8",
    "APP_CB_KAFKA_PROBE_TIMEOUT_SECONDS": "0.5",
    "APP_LEASE_SECONDS": "2.5",  # a killed relay keeps the lease this long
}
OF_API = ("before_commit", "after_commit_before_answer")
OF_RELAY = ("after_claim", "after_confirm_before_mark", "in_lease_take_over")
OF_LEDGER = ("after_posting_before_offsets",)
OF_OTHERS = ("in_pruning", "in_replay")
AT_AN_ACQUIRER = ("after_enquiry_claim", "after_acquirer_call")
"""Reached in `tests/integration/acquiring/test_housekeeping_process.py`."""
IN_SETTLEMENT = (
    *("in_collecting", "after_collecting"),
    *("before_closing", "in_closing", "before_closing_commit", "after_closing"),
)
"""Reached in `tests/contracts/settlement/test_killed.py`."""
IN_RECONCILIATION = ("in_reading_file", "before_file_is_done", "after_file_is_done", "before_match_is_undone")
"""Reached in `tests/contracts/reconciliation/test_one_at_a_time.py`, the last in `test_unmatching.py` beside it."""

pytestmark = pytest.mark.timeout(300)


@dataclass
class Customer:
    """Pays, and records the answers."""

    platform: Platform
    database: Engine
    answered: dict[str, int] = field(default_factory=dict)

    def pay(self, key: str) -> requests.Response:
        body = {"merchantId": "M1", "amount": 1000, "currency": "KRW", "idempotencyKey": key}
        answer = requests.post(f"{self.platform.api.url}/payments/authorize", json=body, timeout=20)
        assert answer.status_code == 200, answer.text
        self.answered[key] = answer.json()["paymentId"]
        return answer

    def void_all(self) -> None:
        """Leave no open amount, so that everything posted may be pruned."""
        for payment_id in self.answered.values():
            url = f"{self.platform.api.url}/payments/void/{payment_id}"
            assert requests.post(url, json={"merchantId": "M1"}, timeout=20).status_code == 200

    def count(self, what: str, **values: object) -> int:
        """Rows of `what`: a table, and perhaps its WHERE."""
        with self.database.connect() as connection:
            return int(connection.execute(text(f"SELECT COUNT(*) FROM {what}"), values).scalar_one())

    def unposted(self) -> int:
        return self.count(
            "outbox_event LEFT JOIN inbox_event USING (event_id)"
            " WHERE aggregate_type = 'payment' AND inbox_event.event_id IS NULL"
        )

    def pending(self) -> int:
        return self.count("outbox_event WHERE published = 0")

    def audit(self) -> None:
        """The audit has no differences, and events in flight are none."""
        assert audit(self.database, full=True, answers_kept=timedelta(days=30)).differences == []

    def settle(self) -> None:
        """All is posted, the audit has no differences, and every answered payment is posted once."""
        until(lambda: self.unposted() == 0, "every event is posted")
        until(lambda: self.pending() == 0, "every event is marked")
        self.audit()
        with self.database.connect() as connection:
            rows = connection.execute(text("SELECT idempotency_key, payment_id FROM payment")).all()
        assert self.answered == {row.idempotency_key: row.payment_id for row in rows}
        assert self.count("ledger_entry") == len(rows) + self.count("payment WHERE released_amount > 0")


def tool(platform: Platform, *arguments: str, crash_point: str = "") -> subprocess.CompletedProcess[str]:
    """An operator's command."""
    command = [sys.executable, "-m", "worker", *arguments]
    environment = {**os.environ, **platform.environment, "APP_CRASH_POINT": crash_point}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)


def crashes(program: Server, point: str) -> int:
    return program.log.read_text().count(f'"point":"{point}"')


def kills_of_workers(api: Server) -> int:
    return api.log.read_text().count("was sent SIGKILL")


def lives_again(api: Api, kills: int) -> bool:
    """Whether gunicorn has logged that many killed workers, and the next one answers."""
    return kills_of_workers(api) == kills and get_json(f"{api.url}/health/live") is not None


def equip(program: Server, **settings: str) -> None:
    """Stop it, and give it other settings for its next start; an empty text is unset."""
    program.stop()
    program.environment = {**program.environment, **settings}


def start_and_see_it_die(program: Server, point: str) -> None:
    """Start it with the armed point and with work, so that it reaches the point and ends by SIGKILL."""
    before = crashes(program, point)
    try:
        program.start()
    except ServerError as died:  # before it answered
        if "ended with code -9" not in str(died):
            raise
    until(lambda: program.exit_code is not None, f"{program.name} comes to {point}")
    assert program.exit_code == -signal.SIGKILL
    assert crashes(program, point) == before + 1


def revive(program: Server, **settings: str) -> None:
    equip(program, APP_CRASH_POINT="", **settings)
    program.start()


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with real_platform(SETTINGS) as platform:
        yield platform


@pytest.fixture(scope="module")
def customer(platform: Platform) -> Iterator[Customer]:
    database = create_engine(platform.database_url)
    yield Customer(platform, database)
    database.dispose()


@pytest.fixture(scope="module")
def times(long: bool) -> range:
    return range(10 if long else 2)


def test_every_point_has_its_test() -> None:
    assert sorted(
        OF_API + OF_RELAY + OF_LEDGER + OF_OTHERS + AT_AN_ACQUIRER + IN_SETTLEMENT + IN_RECONCILIATION
    ) == sorted(crash_points.NAMES)


@pytest.mark.parametrize("point", OF_API)
def test_the_api(point: str, platform: Platform, customer: Customer, times: range) -> None:
    committed = point == "after_commit_before_answer"
    equip(platform.api, APP_CRASH_POINT=point)
    platform.api.start()
    killed = kills_of_workers(platform.api)
    for number in times:  # gunicorn replaces the killed worker, and the new one is armed too
        with pytest.raises(requests.ConnectionError):
            customer.pay(f"{point}-{number}")
        killed += 1
        until(partial(lives_again, platform.api, killed), "gunicorn tells of SIGKILL and has another worker")
        assert crashes(platform.api, point) == number + 1
        assert customer.count("payment WHERE idempotency_key = :key", key=f"{point}-{number}") == committed
        customer.audit()
    revive(platform.api)
    for number in times:
        assert ("Idempotency-Replayed" in customer.pay(f"{point}-{number}").headers) is committed
    customer.settle()


@pytest.mark.parametrize("point", OF_RELAY)
def test_the_relay(point: str, platform: Platform, customer: Customer, times: range) -> None:
    equip(platform.relay, APP_CRASH_POINT=point)
    for number in times:
        customer.pay(f"{point}-{number}")
        start_and_see_it_die(platform.relay, point)
        assert customer.pending() == number + 1
        customer.audit()
    revive(platform.relay)
    customer.settle()


@pytest.mark.parametrize("point", OF_LEDGER)
def test_the_ledger(point: str, platform: Platform, customer: Customer, times: range) -> None:
    equip(platform.ledger, APP_CRASH_POINT=point)
    for number in times:
        customer.pay(f"{point}-{number}")
        start_and_see_it_die(platform.ledger, point)
        customer.audit()
    assert customer.unposted() < len(times)  # posted, but the offsets are not committed
    revive(platform.ledger)
    customer.settle()


def test_a_replay(platform: Platform, customer: Customer, times: range) -> None:
    producer = Producer({"bootstrap.servers": platform.kafka.bootstrap})
    producer.produce("payment.captured", "this is not JSON")
    assert producer.flush(20) == 0
    until(lambda: customer.count("dead_letter"), "the letter")
    with customer.database.connect() as connection:
        letter_id, attempts = connection.execute(text("SELECT id, attempts FROM dead_letter")).one()
    for _ in times:
        died = tool(platform, "dlq", "replay", str(letter_id), crash_point="in_replay")
        assert (died.returncode, died.stderr) == (-signal.SIGKILL, "crash_point\n")
        assert customer.count("dead_letter WHERE state = 'OPEN'") == 1
        assert customer.count("outbox_event WHERE aggregate_type = 'replay'") == 0
    assert tool(platform, "dlq", "replay", str(letter_id)).returncode == 0
    failed_again = "dead_letter WHERE state = 'OPEN' AND attempts = :attempts"
    until(lambda: customer.count(failed_again, attempts=attempts + 1), "the replay has failed again")
    customer.settle()


def test_pruning(platform: Platform, customer: Customer, times: range) -> None:
    kept_for_seconds = {"APP_AUTHORIZATION_LIFETIME_SECONDS": "1", "APP_OUTBOX_RETENTION_SECONDS": "1.1"}
    equip(platform.housekeeping, APP_CRASH_POINT="in_pruning", **kept_for_seconds)
    customer.pay("in_pruning")
    customer.void_all()
    customer.settle()
    stored = customer.count("outbox_event")
    for _ in times:
        start_and_see_it_die(platform.housekeeping, "in_pruning")
        assert customer.count("outbox_event") == stored  # a batch of pruning is atomic
        customer.audit()
    revive(platform.housekeeping)
    until(lambda: customer.count("outbox_event") == 0, "all is pruned")
    customer.settle()
    revive(platform.housekeeping, **dict.fromkeys(kept_for_seconds, ""))


def test_an_operator_finds_nothing_afterwards(platform: Platform, customer: Customer) -> None:
    done = tool(platform, "audit", "--full")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
