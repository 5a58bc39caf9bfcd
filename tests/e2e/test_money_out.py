"""From a card to a bank account on real servers: pay, post, settle, approve, export, confirm, reconcile; all agree."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import pytest

from payments.platform.database import create_engine
from payments.settlement import schedule_store
from payments.settlement.fees import FeeSchedule, OnRefund
from stack.platform import real_platform
from tests.e2e.money_out import AcquirersDay, Caller, People, people
from tests.servers import until

SETTINGS: Final = {
    "APP_SECOND_OPERATOR_ABOVE": "*=1000000 KRW=10000",
    "APP_SETTLEMENT_DELAY_SECONDS": "0",
    "APP_AUDIT_INTERVAL_SECONDS": "1",
}
FEE: Final = 3 * 300 + 290 + 145 + 87
"""2.9 % and 300 KRW of 10,000, 5,000 and 3,000; captured in four parts."""
OURS: Final = 18_000 - 2_000
"""Captured and not refunded."""
ELSEWHERE: Final = 700


@pytest.fixture(scope="module")
def crew() -> Iterator[People]:
    """A platform on real servers, where each payment costs something."""
    with real_platform(SETTINGS, with_acquirer=True) as platform:
        engine = create_engine(platform.database_url)
        yesterday = datetime.now(UTC) - timedelta(days=1)
        price = FeeSchedule(
            merchant_id="*", currency="KRW", basis_points=290, fixed=300, minimum=0, maximum=None,
            valid_from=yesterday, on_refund=OnRefund.KEEP,
        )  # fmt: skip
        with engine.begin() as connection:  # nobody may add one that is in force at once
            schedule_store.add(connection, price, "the test", yesterday)
        engine.dispose()
        yield people(platform)


def balances(caller: Caller) -> dict[str, int]:
    """Balance of each account in KRW."""
    return {row["account"]: row["balance"] for row in caller.items("/ledger/balances") if row["currency"] == "KRW"}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def settled(crew: People, shop: Caller) -> dict[str, Any]:
    """Post what was paid, and close the shop's batch now instead of at midnight."""
    until(lambda: balances(crew.kim).get("merchant_payable") == OURS, "all is posted")
    crew.run("settle", "run", "--cutoff", datetime.now(UTC).isoformat(), "--json")
    (batch,) = shop.items("/settlements")
    return batch


@pytest.mark.timeout(240)
def test_every_won_is_accounted_for(crew: People) -> None:
    kim, lee, acquirer = crew.kim, crew.lee, AcquirersDay(crew.platform)
    day = acquirer.begin()
    shop = crew.shop("SHOP", timeZone="Asia/Seoul", iban="DE02120300000000202051")
    numbers = [shop.pay(10_000, 4_000, 6_000), shop.pay(5_000, 5_000, refund=2_000), shop.pay(3_000, 3_000)]
    batch = settled(crew, shop)
    assert (batch["state"], batch["net"], batch["fees"]) == ("CLOSED", OURS - FEE, FEE)

    where = f"/settlements/{batch['batchId']}"
    lines = shop.items(f"{where}/items")
    assert sum(line["net"] for line in lines) == batch["net"]
    assert {line["paymentId"] for line in lines} == set(numbers)
    statement = shop.read(f"{where}/statement.csv").content
    assert sha256(statement).hexdigest() == batch["sha256"]
    assert rows(statement.decode())[-1]["amount"] == str(batch["net"])

    paid_out(crew, batch)
    assert lee.get(f"/settlement-batches/{batch['batchId']}")["state"] == "CONFIRMED"

    unasked = acquirer.capture_unasked(ELSEWHERE)
    acquirer.end()
    crew.run("reconcile", "fetch", str(day))
    (file,) = kim.items("/reconciliation/files")
    assert (file["state"], file["lines"], file["matched"], file["exceptions"]) == ("DONE", 6, 5, 1)
    (wrong,) = kim.items("/reconciliation/exceptions")
    assert (wrong["class"], wrong["state"], wrong["line"]["reference"]) == ("UNKNOWN_TO_US", "OPEN", unasked)
    net = wrong["line"]["gross"] - wrong["line"]["fee"]
    assert kim.get("/reconciliation")["suspense"] == [{"currency": "KRW", "amount": net}]
    kim.post(f"/reconciliation/exceptions/{wrong['exceptionId']}/resolve", reason="it is of our other system")

    assert kim.get("/reconciliation")["suspense"] == []
    (total,) = kim.get(f"/reconciliation/files/{file['fileId']}")["totals"]
    found = balances(kim)
    assert found["bank"] == total["net"] - batch["net"]
    assert found["fee_revenue"] == FEE
    assert found["acquirer_fee_expense"] == total["matchedFee"]
    assert found["acquirer_receivable"] == -net, "what is of the other system is owed to it"
    assert {found[name] for name in ("merchant_payable", "payout_clearing", "reconciliation_suspense")} == {0}
    crew.run("audit", "--full")


def paid_out(crew: People, batch: dict[str, Any]) -> None:
    """Approve, export and confirm a batch; what is out of turn is refused."""
    kim, lee = crew.kim, crew.lee
    where = f"/settlement-batches/{batch['batchId']}"
    kim.post(f"{where}/confirm", 409, reason="too early")
    kim.post("/payout-files", 409, currency="KRW", mode="TEST", format="CSV", reason="nothing is approved")
    assert kim.post(f"{where}/approve", reason="seen")["state"] == "CLOSED", "it is above one operator's limit"
    kim.post(f"{where}/approve", 409, reason="seen again")
    assert lee.post(f"{where}/approve", reason="seen, too")["state"] == "APPROVED"
    file = kim.post("/payout-files", 201, currency="KRW", mode="TEST", format="CSV", reason="daily")
    assert (file["payouts"], file["total"]) == (1, batch["net"])
    content = kim.read(f"/payout-files/{file['fileId']}/content").content
    assert sha256(content).hexdigest() == file["sha256"]
    assert [row["amount"] for row in rows(content.decode()) if row["record"] == "payout"] == [str(batch["net"])]
    assert lee.get(where)["payoutFileId"] == file["fileId"]
    lee.post(f"{where}/confirm", reason="statement of the bank")
    lee.post(f"{where}/return", 409, reason="too late")
