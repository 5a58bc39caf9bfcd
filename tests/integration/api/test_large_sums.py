"""Sums of the ledger are exact from the database to the answer, however large."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, insert

from payments.platform.database import create_engine
from payments.platform.tables.ledger import ledger_entry
from tests.integration.api.conftest import ADMIN, Api

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("amount", [2**53 + 1, 2**63 - 1])
def test_sums_are_exact_however_large(api: Api, engine: Engine, amount: int) -> None:
    """Beyond 2^53 a float rounds, beyond 2^63 SQLite's SUM() fails and orjson refuses."""
    payment = api.authorize("k").get_json()["paymentId"]
    posting = {"debit_account": "acquirer_receivable", "credit_account": "merchant_payable", "posting_no": 0}
    rows = [
        {**posting, "payment_id": payment, "event_id": number, "amount": amount, "currency": "KRW"}
        for number in (101, 102, 103)
    ]
    with engine.begin() as connection:
        connection.execute(insert(ledger_entry).values(occurred_at=NOW, posted_at=NOW), rows)
    for path in ("/ledger/trial-balance", "/ledger/balances", "/ledger/balances?merchantId=M1"):
        shown = json.loads(api.http.get(path, headers=ADMIN).data)
        sums = {item["account"]: (item["debits"], item["credits"], item["balance"]) for item in shown["items"]}
        assert sums == {
            "acquirer_receivable": (3 * amount, 0, 3 * amount),
            "merchant_payable": (0, 3 * amount, 3 * amount),
        }
