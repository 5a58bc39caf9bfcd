"""Batches over HTTP: operators move them to the bank, merchants see their own, and every line leads to its payment."""

import csv
import hashlib
import io
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app import csv_export
from payments.settlement import statement, store
from payments.settlement.sealed_csv import unseal
from tests.contracts.settlement.selling import NEXT, refund, sell, settle
from tests.integration.api.conftest import ADMIN, Api
from tests.integration.api.desk import WHY, code, desk, get, key, settled

EXPORT = {"currency": "EUR", "format": "CSV", "reason": "Friday"}


@pytest.fixture
def both(database_url: str, redis_url: str) -> Iterator[tuple[Api, Engine]]:
    """The application, and the engine of its database."""
    with desk(database_url, redis_url) as found:
        yield found


def test_a_batch_from_closing_to_the_bank(both: tuple[Api, Engine]) -> None:
    api, engine = both
    batch_id = settled(engine)
    path = f"/settlement-batches/{batch_id}"
    shown = get(api, path)
    assert shown == {
        "batchId": batch_id,
        "merchantId": "M1",
        "currency": "EUR",
        "number": 1,
        "cutoff": "2030-05-18T00:00:00.000000Z",
        "state": "CLOSED",
        "carriedIn": 0,
        "gross": 10_000,
        "refunds": 0,
        "fees": 180,
        "adjustments": 0,
        "net": 9_820,
        "carriedOut": 0,
        "items": 1,
        "sha256": shown["sha256"],
        **dict.fromkeys(("createdAt", "closedAt", "updatedAt"), "2030-05-18T12:00:00.000000Z"),
        "approvedBy": [],
        "payoutFileId": None,
        "held": False,
    }
    approved = api.post(f"{path}/approve", WHY, **ADMIN).get_json()
    assert (approved["state"], approved["approvedBy"]) == ("APPROVED", ["api:127.0.0.1"])
    assert code(api.post(f"{path}/confirm", WHY, **ADMIN)) == (409, "SETTLEMENT_CONFLICT")
    file = api.post("/payout-files", EXPORT, **ADMIN)
    assert file.status_code == 201
    exported = get(api, path)
    assert (exported["state"], exported["payoutFileId"]) == ("EXPORTED", file.get_json()["fileId"])
    confirmed = api.post(f"{path}/confirm", WHY, **ADMIN).get_json()
    assert (confirmed["state"], confirmed["payoutFileId"]) == ("CONFIRMED", file.get_json()["fileId"])
    assert get(api, path) == confirmed
    for step in ("approve", "confirm", "return"):
        assert code(api.post(f"{path}/{step}", WHY, **ADMIN)) == (409, "SETTLEMENT_CONFLICT")
        assert code(api.post(f"/settlement-batches/99/{step}", WHY, **ADMIN)) == (404, "NOT_FOUND")
        assert code(api.post(f"{path}/{step}", {}, **ADMIN)) == (400, "VALIDATION_FAILED")


def test_a_returned_payout(both: tuple[Api, Engine]) -> None:
    api, engine = both
    path = f"/settlement-batches/{settled(engine)}"
    api.post(f"{path}/approve", WHY, **ADMIN)
    api.post("/payout-files", EXPORT, **ADMIN)
    assert api.post(f"{path}/return", WHY, **ADMIN).get_json()["state"] == "RETURNED"
    balances = {each["account"]: each["balance"] for each in get(api, "/ledger/balances")["items"]}
    assert (balances["payout_clearing"], balances["merchant_payable"]) == (0, 9_820)


def test_above_the_limit_a_second_operator_approves(both: tuple[Api, Engine]) -> None:
    api, engine = both
    path = f"/settlement-batches/{settled(engine, 20_000_000)}/approve"
    assert api.post(path, WHY, **ADMIN).get_json()["state"] == "CLOSED"
    assert code(api.post(path, WHY, **ADMIN)) == (409, "SECOND_OPERATOR_NEEDED")
    second = api.post(path, WHY, **key(api, "ann")).get_json()
    assert (second["state"], second["approvedBy"]) == ("APPROVED", ["api:127.0.0.1", "key:ann"])


def test_lists_are_narrowed_and_go_on(both: tuple[Api, Engine]) -> None:
    api, engine = both
    ids = [settled(engine, 10_000, merchant) for merchant in ("M1", "M2")] + [settled(engine, currency="KRW")]
    listed = "/settlement-batches"
    for query, found in (
        ("", ids[::-1]),
        ("?merchantId=M1", [ids[2], ids[0]]),
        ("?currency=EUR", [ids[1], ids[0]]),
        ("?state=CLOSED&merchantId=M2", [ids[1]]),
        ("?state=OPEN", []),
    ):
        assert [each["batchId"] for each in get(api, listed + query)["items"]] == found, query
    first = get(api, f"{listed}?limit=2")
    rest = get(api, f"{listed}?limit=2&cursor={first['nextCursor']}")
    assert [each["batchId"] for each in first["items"] + rest["items"]] == ids[::-1]
    assert rest["nextCursor"] is None
    for query in ("?state=closed", "?currency=eur", "?limit=0"):
        assert code(api.http.get(listed + query, headers=ADMIN)) == (400, "VALIDATION_FAILED")


def test_every_line_leads_to_its_payment(both: tuple[Api, Engine]) -> None:
    api, engine = both
    payment_id = sell(engine, 10_000, currency="EUR")
    refund(engine, payment_id, 4_000)
    batch_id = settled(engine, 5_000)
    path = f"/settlement-batches/{batch_id}"
    first = get(api, f"{path}/items?limit=2")
    second = get(api, f"{path}/items?limit=2&cursor={first['nextCursor']}")
    items = first["items"] + second["items"]
    assert second["nextCursor"] is None
    assert sum(each["net"] for each in items) == get(api, path)["net"]
    assert [(each["kind"], each["amount"], each["fee"], each["net"]) for each in items[:2]] == [
        ("CAPTURE", 10_000, 180, 9_820),
        ("REFUND", 4_000, -60, -3_940),
    ]
    for each in items:
        posting = next(
            found for found in get(api, f"/ledger/entries?eventId={each['eventId']}")["items"]
            if found["entryId"] == each["entryId"]
        )  # fmt: skip
        assert "merchant_payable" in (posting["debitAccount"], posting["creditAccount"])
        assert (posting["amount"], posting["paymentId"]) == (each["amount"], each["paymentId"])
        assert (each["source"], each["occurredAt"]) == (None, posting["occurredAt"])


def test_an_adjustment_is_a_line_with_its_source(both: tuple[Api, Engine]) -> None:
    api, engine = both
    body = {"merchantId": "M1", "currency": "EUR", "amount": 500, "reason": "we were late"}
    made = api.post("/settlement-adjustments", body, **ADMIN).get_json()
    settle(engine)
    (listed,) = get(api, "/settlement-batches")["items"]
    (item,) = get(api, f"/settlement-batches/{listed['batchId']}/items")["items"]
    assert (item["kind"], item["amount"], item["eventId"], item["paymentId"]) == ("ADJUSTMENT", 500, None, None)
    assert item["source"] == {"type": "adjustment", "id": made["adjustmentId"]}


def test_a_statement_is_the_closed_batch_in_pages(both: tuple[Api, Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    api, engine = both
    monkeypatch.setattr(csv_export, "PAGE", 2)
    for number in range(4):
        sell(engine, 1_000 + number, currency="EUR")
    batch_id = settled(engine)
    answer = api.http.get(f"/settlement-batches/{batch_id}/statement.csv", headers=ADMIN)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="settlement-{batch_id}.csv"'
    assert answer.headers["Content-Type"].startswith("text/csv")
    batch = get(api, f"/settlement-batches/{batch_id}")
    assert hashlib.sha256(answer.data).hexdigest() == batch["sha256"]
    rows = unseal(statement.COLUMNS, answer.data)
    assert (len(rows), sum(row.amount for row in rows)) == (5, batch["net"])
    (*lines, trailer) = csv.reader(io.StringIO(answer.text, newline=""))
    assert (len(lines), trailer[:2], trailer[-2]) == (6, ["trailer", "5"], str(batch["net"]))


def test_an_open_batch_has_no_statement(both: tuple[Api, Engine]) -> None:
    api, engine = both
    with engine.begin() as connection:
        batch_id = store.add(connection, "M1", "EUR", None, NEXT, NEXT).batch.batch_id
    assert get(api, f"/settlement-batches/{batch_id}")["state"] == "OPEN"
    assert get(api, f"/settlement-batches/{batch_id}/items")["items"] == []
    its = f"/settlements/{batch_id}/statement.csv?merchantId=M1"
    assert code(api.http.get(its)) == (409, "SETTLEMENT_CONFLICT")
    assert code(api.http.get(f"/settlement-batches/{batch_id}/statement.csv", headers=ADMIN)) == (
        409,
        "SETTLEMENT_CONFLICT",
    )


def test_a_merchant_sees_its_own_and_no_names_of_operators(both: tuple[Api, Engine]) -> None:
    api, engine = both
    mine, other = settled(engine), settled(engine, 10_000, "M2")
    api.post(f"/settlement-batches/{mine}/approve", WHY, **ADMIN)
    its = key(api, "shop", merchantId="M1", scopes=["settlements:read"])
    (listed,) = get(api, "/settlements", its)["items"]
    assert listed == get(api, f"/settlements/{mine}", its)
    whole = get(api, f"/settlement-batches/{mine}")
    assert {name: whole[name] for name in listed} == listed
    assert set(whole) - set(listed) == {"approvedBy", "payoutFileId", "held"}
    assert len(get(api, f"/settlements/{mine}/items", its)["items"]) == 1
    assert api.http.get(f"/settlements/{mine}/statement.csv", headers=its).status_code == 200
    for part in ("", "/items", "/statement.csv"):
        assert code(api.http.get(f"/settlements/{other}{part}", headers=its)) == (404, "NOT_FOUND")
        assert code(api.http.get(f"/settlements/{mine}{part}?merchantId=M2", headers=its)) == (403, "MERCHANT_MISMATCH")
        assert code(api.http.get(f"/settlement-batches/{mine}{part}", headers=its)) == (403, "INSUFFICIENT_SCOPE")
    pays = key(api, "till", merchantId="M1", scopes=["payments:write"])
    assert code(api.http.get("/settlements", headers=pays)) == (403, "INSUFFICIENT_SCOPE")
    assert code(api.http.get("/settlements")) == (400, "VALIDATION_FAILED")
