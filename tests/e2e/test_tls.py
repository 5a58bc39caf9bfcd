"""The whole platform over TLS: a payment is posted, housekeeping audits, and a command of an operator works."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from redis import Redis
from sqlalchemy import text

from payments.platform.database import create_engine, with_ca
from stack.certificates import Authority
from stack.platform import Platform, real_platform
from tests.servers import until


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def platform(authority: Authority) -> Iterator[Platform]:
    settings = {"APP_AUDIT_INTERVAL_SECONDS": "1", "LOG_LEVEL": "INFO"}
    with real_platform(settings, authority=authority) as platform:
        yield platform


def pay(platform: Platform) -> bool:
    body = {"merchantId": "M1", "amount": 1000, "currency": "KRW", "idempotencyKey": secrets.token_hex(8)}
    paid = requests.post(f"{platform.api.url}/payments/authorize", json=body, timeout=10)
    assert paid.status_code == 200, paid.text
    return True


@pytest.mark.timeout(240)
def test_a_payment_is_posted_and_every_process_works(platform: Platform, authority: Authority) -> None:
    ca = str(authority.file)
    with Redis.from_url(platform.redis.url, ssl_ca_certs=ca, socket_timeout=10) as redis:
        until(lambda: pay(platform) and redis.dbsize(), "the api has used Redis")

    engine = create_engine(with_ca(platform.database_url, ca))

    def count(rows: str) -> int:
        with engine.connect() as connection:
            return int(connection.execute(text(f"SELECT COUNT(*) FROM {rows}")).scalar_one())

    until(lambda: count("inbox_event") == count("payment") > 0, "what was paid is posted")
    until(lambda: count("audit_run") >= 1, "housekeeping has audited")
    engine.dispose()
    command = [sys.executable, "-m", "worker", "audit", "--full"]
    environment = {**os.environ, **platform.environment}
    audited = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert audited.returncode == 0, audited.stderr
    for name, program in platform.programs.items():
        assert "certificate" not in program.log.read_text(), name
