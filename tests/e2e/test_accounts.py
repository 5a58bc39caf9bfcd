"""Each process does all of its work with its own database account and no right beyond those of role mariadb.

The accounts are those of ansible/roles/mariadb/vars/main.yml; tests/infra/test_mariadb.py tests what each may not
do, on the machines.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
from confluent_kafka import Producer
from sqlalchemy import Engine, text

from payments.platform.database import create_engine
from stack.mariadb import MariaDBServer
from stack.platform import Platform, real_platform
from tests.e2e.accounts import DENIED, command, count, make_accounts, post
from tests.servers import until

POISON = 150
"""Unreadable messages, one after the other: more than the ledger accepts before it halts."""
SETTINGS = {
    "APP_EXPIRE_INTERVAL_SECONDS": "0.2",
    "APP_AUDIT_INTERVAL_SECONDS": "1",
    "APP_AUTHORIZATION_LIFETIME_SECONDS": "3600",
    "APP_OUTBOX_RETENTION_SECONDS": "3601",
    "APP_ANSWER_RETENTION_SECONDS": "0",
}


@pytest.fixture
def urls() -> dict[str, str]:
    """Process → its DATABASE_URL; filled by `platform`."""
    return {}


@pytest.fixture
def platform(urls: dict[str, str]) -> Iterator[Platform]:
    """Each process with its account; housekeeping, which would prune, does not run yet."""

    def accounts(mariadb: MariaDBServer) -> Mapping[str, str]:
        urls.update(make_accounts(mariadb))
        return urls

    with real_platform(SETTINGS, accounts=accounts) as platform:
        platform.housekeeping.stop()
        yield platform


@pytest.fixture
def database(platform: Platform) -> Iterator[Engine]:
    engine = create_engine(platform.database_url)
    yield engine
    engine.dispose()


def use_a_key(platform: Platform) -> None:
    post(platform, "/merchants", merchantId="M2", name="M2", mode="TEST")
    key = post(platform, "/api-keys", merchantId="M2", name="key")["key"]
    used = requests.get(f"{platform.api.url}/payments", headers={"Authorization": f"Bearer {key}"}, timeout=10)
    assert used.status_code == 200, used.text


def pay(platform: Platform) -> None:
    """Every operation, and one call with a key; one authorization stays open."""
    use_a_key(platform)
    for key in ("captured", "voided", "open"):
        paid = post(platform, "/payments/authorize", merchantId="M1", amount=1000, currency="KRW", idempotencyKey=key)
        number = paid["paymentId"]
        if key == "captured":
            post(platform, f"/payments/capture/{number}", merchantId="M1", idempotencyKey="c")
            post(platform, f"/payments/refund/{number}", merchantId="M1", amount=1, idempotencyKey="r")
        if key == "voided":
            post(platform, f"/payments/void/{number}", merchantId="M1", idempotencyKey="v")


def poison(platform: Platform) -> None:
    producer = Producer({"bootstrap.servers": platform.kafka.bootstrap})
    for _ in range(POISON):
        producer.produce("payment.captured", b"{")
    assert producer.flush(15) == 0


def let_time_pass(database: Engine) -> None:
    """Open amounts have expired, and events are old."""
    with database.begin() as connection:
        connection.execute(text("UPDATE payment SET expires_at = requested_at WHERE status = 'AUTHORIZED'"))
        older = "key_id, day - INTERVAL 100 DAY, calls, last_used_at - INTERVAL 100 DAY"
        connection.execute(text(f"INSERT INTO api_key_use SELECT {older} FROM api_key_use"))
        connection.execute(text("UPDATE outbox_event SET created_at = created_at - INTERVAL 1 DAY"))


def park_two(database: Engine) -> list[int]:
    """Announcements of dead letters, as if Kafka had refused them."""
    with database.begin() as connection:
        ids = connection.execute(text("SELECT event_id FROM outbox_event WHERE topic = 'payment.dlq' LIMIT 2"))
        found = list(ids.scalars())
        park = "UPDATE outbox_event SET published = 2, parked_at = NOW(6), last_error = '' WHERE event_id = :id"
        connection.execute(text(park), [{"id": event_id} for event_id in found])
    return found


@pytest.mark.timeout(240)
def test_each_process_does_its_work_with_its_own_account(
    platform: Platform, urls: Mapping[str, str], database: Engine
) -> None:
    assert command(urls, platform, "migration", "migrate").returncode == 0
    pay(platform)
    until(lambda: count(database, "inbox_event") == 6, "six events are posted")
    post(platform, "/circuit-breaker/kafka-publisher/transition", to="FORCED_OPEN", reason="account")
    post(platform, "/circuit-breaker/kafka-publisher/transition", to="CLOSED", reason="account")

    poison(platform)
    until(lambda: count(database, "ledger_halt WHERE resumed_at IS NULL") == 1, "the ledger has halted")
    resumed = command(urls, platform, "operator", "ledger-resume", "--skip-check")
    assert resumed.returncode == 0, resumed.stderr
    until(lambda: count(database, "dead_letter") == POISON, "all of it are dead letters")
    numbers = [item["id"] for item in letters(platform)]
    post(platform, f"/dead-letters/{numbers[0]}/replay")
    post(platform, f"/dead-letters/{numbers[1]}/discard", reason="account")
    first, second = park_two(database)
    post(platform, f"/outbox/parked/{first}/release")
    for words in (
        ["outbox", "discard", str(second), "--reason", "account"],
        ["dlq", "replay", str(numbers[2])],
        ["dlq", "discard", str(numbers[3]), "--reason", "account"],
        ["republish", "--unposted"],
        ["audit", "--full"],
    ):
        done = command(urls, platform, "operator", *words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)

    until(lambda: count(database, "api_key_use") == 1, "the call of a key is written")
    let_time_pass(database)
    platform.housekeeping.start()
    until(lambda: count(database, "payment WHERE status = 'EXPIRED'") == 1, "what was open is expired")
    until(lambda: count(database, "idem_response_cache WHERE http_status <> 0") == 0, "answers are pruned")
    until(lambda: count(database, "outbox_event WHERE event_type = 'PAYMENT_VOIDED'") == 0, "events are pruned")
    until(lambda: count(database, "api_key_use") == 1, "old calls are pruned")
    assert command(urls, platform, "operator", "clock", "--confirm").returncode == 0
    until(lambda: count(database, "audit_run") >= 2, "housekeeping has audited")
    refused = {name: part.log.read_text().count(DENIED) for name, part in platform.programs.items()}
    assert refused == dict.fromkeys(refused, 0)


def letters(platform: Platform) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {platform.admin_token}"}
    answer = requests.get(f"{platform.api.url}/dead-letters?state=OPEN", headers=headers, timeout=10)
    return list(answer.json()["items"])
