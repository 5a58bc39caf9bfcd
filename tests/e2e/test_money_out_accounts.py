"""Money goes out with the database accounts of role mariadb: nothing is denied to api, housekeeping and operator."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine, text

from payments.platform.database import create_engine
from stack.mariadb import MariaDBServer
from stack.platform import Platform, real_platform
from tests.e2e.accounts import DENIED, command, count, make_accounts, post
from tests.servers import until
from tests.unit.reconciliation import made

LONG_AGO = (
    "INSERT INTO settlement_adjustment (adjustment_id, merchant_id, currency, amount, reason, proposed_by, created_at,"
    " posted_at) VALUES (900, 'M9', 'KRW', 500, 'by hand', 'a test', {at}, {at})",
    "INSERT INTO ledger_entry (source_type, source_id, merchant_id, posting_no, debit_account, credit_account, amount,"
    " currency, occurred_at, posted_at)"
    " VALUES ('adjustment', 900, 'M9', 0, 'fee_revenue', 'merchant_payable', 500, 'KRW', {at}, {at})",
)
"""Due since yesterday's midnight, for a test cannot wait for the next one."""


@pytest.fixture
def urls() -> dict[str, str]:
    """Process → its DATABASE_URL; filled by `platform`."""
    return {}


@pytest.fixture
def platform(urls: dict[str, str]) -> Iterator[Platform]:
    """Each process with its account; housekeeping does not run yet."""

    def accounts(mariadb: MariaDBServer) -> Mapping[str, str]:
        urls.update(make_accounts(mariadb))
        return urls

    with real_platform(accounts=accounts) as platform:
        platform.housekeeping.stop()
        yield platform


@pytest.fixture
def database(platform: Platform) -> Iterator[Engine]:
    engine = create_engine(platform.database_url)
    yield engine
    engine.dispose()


def sell(platform: Platform, database: Engine, number: int) -> None:
    sold = {"merchantId": "M1", "amount": 1000, "currency": "KRW", "idempotencyKey": f"sold-{number}"}
    payment_id = post(platform, "/payments/authorize", **sold)["paymentId"]
    post(platform, f"/payments/capture/{payment_id}", merchantId="M1", idempotencyKey=f"taken-{number}")
    posted = f"ledger_entry WHERE payment_id = {payment_id} AND credit_account = 'merchant_payable'"
    until(lambda: count(database, posted), "the capture is posted")


def owe_since_yesterday(database: Engine) -> None:
    with database.begin() as connection:
        for statement in LONG_AGO:
            connection.execute(text(statement.format(at="NOW(6) - INTERVAL 2 DAY")))


def file(number: int) -> bytes:
    """About an operation that nobody has."""
    return made.text([made.line(made.operation(number))], made.soon()).encode()


def adjust(platform: Platform, operator: Callable[..., None]) -> None:
    """Four adjustments; the second one waits for another operator, the last two are withdrawn."""
    why = ("--reason", "account")
    post(platform, "/settlement-adjustments", merchantId="M1", currency="KRW", amount=-5, reason="account")
    for _ in range(3):
        operator("settle", "adjust", "M1", "KRW", "-1000001", *why)
    operator("settle", "withdraw", "3", *why)
    post(platform, "/settlement-adjustments/4/withdraw", reason="account")


@pytest.mark.timeout(240)
def test_money_goes_out_with_the_accounts_of_the_role(
    platform: Platform, urls: Mapping[str, str], database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def operator(*words: str) -> None:
        done = command(urls, platform, "operator", *words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)

    why = ("--reason", "account")
    sell(platform, database, 1)
    operator("settle", "run", "--cutoff", "now")
    operator("settle", "approve", "1", *why)
    operator("settle", "export", "KRW", "--mode", "TEST", *why)
    operator("settle", "confirm", "1", *why)
    sell(platform, database, 2)
    operator("settle", "run", "--cutoff", "now")
    post(platform, "/settlement-batches/2/approve", reason="account")
    post(platform, "/payout-files", currency="KRW", mode="TEST", format="CSV", reason="account")
    post(platform, "/settlement-batches/2/return", reason="account")
    adjust(platform, operator)
    monkeypatch.setenv("SUDO_USER", "another")
    operator("settle", "agree", "2", *why)

    (tmp_path / "a.csv").write_bytes(file(1))
    operator("reconcile", "import", str(tmp_path / "a.csv"))
    operator("reconcile", "resolve", "1", *why)
    headers = {"Authorization": f"Bearer {platform.admin_token}", "Content-Type": "text/csv"}
    url = f"{platform.api.url}/reconciliation/files?name=b.csv"
    for content in (file(2), b"no file"):
        assert requests.post(url, content, headers=headers, timeout=10).status_code == 202

    owe_since_yesterday(database)
    platform.housekeeping.start()
    until(lambda: count(database, "settlement_batch WHERE merchant_id = 'M9' AND state = 'CLOSED'"), "M9's is closed")
    until(lambda: count(database, "recon_file WHERE state = 'DONE'") == 2, "the upload is read")
    until(lambda: count(database, "recon_file WHERE state = 'REFUSED'"), "the other one is refused")
    post(platform, "/reconciliation/exceptions/2/write-off", reason="account")
    assert requests.post(url, b"no file", headers=headers, timeout=10).status_code == 202, "it may be sent again"
    refused = {name: part.log.read_text().count(DENIED) for name, part in platform.programs.items()}
    assert refused == dict.fromkeys(refused, 0)
