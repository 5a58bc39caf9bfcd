"""Payout files, adjustments and fee schedules over HTTP."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from payments.platform.tables.merchants import merchant
from payments.settlement import payout_file
from payments.settlement.pain_001 import Account
from tests.integration.api.conftest import ADMIN, Api
from tests.integration.api.desk import WHY, code, desk, get, key, settled

EXPORT = {"currency": "EUR", "format": "CSV", "reason": "Friday"}
FOR_A_BANK = {**EXPORT, "format": "PAIN_001"}
OURS = Account("Payops GmbH", "DE89370400440532013000")
PRICE = {"merchantId": "*", "currency": "EUR", "basisPoints": 150, "fixed": 30, "minimum": 0, "onRefund": "KEEP"}


@pytest.fixture
def both(database_url: str, redis_url: str) -> Iterator[tuple[Api, Engine]]:
    """The application, and the engine of its database; the platform has an account."""
    with desk(database_url, redis_url, debtor=OURS) as found:
        yield found


def approved(api: Api, engine: Engine, merchant_id: str = "M1") -> int:
    batch_id = settled(engine, 10_000, merchant_id)
    assert api.post(f"/settlement-batches/{batch_id}/approve", WHY, **ADMIN).status_code == 200
    return batch_id


def test_a_file_is_made_once_and_keeps_its_bytes(both: tuple[Api, Engine]) -> None:
    api, engine = both
    assert code(api.post("/payout-files", EXPORT, **ADMIN)) == (409, "NOTHING_TO_PAY_OUT")
    batch_id = approved(api, engine)
    made = api.post("/payout-files", EXPORT, **ADMIN)
    file = made.get_json()
    assert (made.status_code, file["format"], file["payouts"], file["total"]) == (201, "CSV", 1, 9_820)
    assert (file["createdBy"], file["currency"]) == ("api:127.0.0.1", "EUR")
    assert code(api.post("/payout-files", EXPORT, **ADMIN)) == (409, "NOTHING_TO_PAY_OUT")
    assert get(api, f"/payout-files/{file['fileId']}") == file
    assert get(api, "/payout-files") == {"items": [file], "nextCursor": None}
    content = api.http.get(f"/payout-files/{file['fileId']}/content", headers=ADMIN)
    assert hashlib.sha256(content.data).hexdigest() == file["sha256"]
    assert content.headers["Content-Disposition"] == f'attachment; filename="{file["name"]}.csv"'
    assert payout_file.read(content.data)[1] == [(batch_id, "M1", "EUR", 9_820)]
    for path in ("/payout-files/9", "/payout-files/9/content"):
        assert code(api.http.get(path, headers=ADMIN)) == (404, "NOT_FOUND")


def test_a_file_for_a_bank(both: tuple[Api, Engine]) -> None:
    api, engine = both
    approved(api, engine)
    wrong = api.post("/payout-files", {**FOR_A_BANK, "currency": "KRW"}, **ADMIN)
    assert (code(wrong)[0], wrong.get_json()["errors"][0]["field"]) == (400, "format")
    assert code(api.post("/payout-files", FOR_A_BANK, **ADMIN)) == (409, "PAYOUT_ACCOUNT_MISSING")
    with engine.begin() as connection:
        connection.execute(update(merchant).values(iban="NL91ABNA0417164300"))
    file = api.post("/payout-files", FOR_A_BANK, **ADMIN).get_json()
    content = api.http.get(f"/payout-files/{file['fileId']}/content", headers=ADMIN)
    assert hashlib.sha256(content.data).hexdigest() == file["sha256"]
    assert content.headers["Content-Disposition"].endswith('.xml"')
    assert b"<MsgId>%s</MsgId>" % file["name"].encode() in content.data


def test_without_an_account_of_ours_there_is_no_file_for_a_bank(database_url: str, redis_url: str) -> None:
    with desk(database_url, redis_url) as (api, engine):
        approved(api, engine)
        assert code(api.post("/payout-files", FOR_A_BANK, **ADMIN)) == (409, "PAYOUT_ACCOUNT_MISSING")
        assert api.post("/payout-files", EXPORT, **ADMIN).status_code == 201


def test_a_suspended_merchant_is_not_paid(both: tuple[Api, Engine]) -> None:
    api, engine = both

    def become(state: str) -> None:
        answer = api.http.patch("/merchants/M1", json={"state": state, "reason": "its letter"}, headers=ADMIN)
        assert answer.status_code == 200

    become("SUSPENDED")
    held, other = approved(api, engine), approved(api, engine, "M2")
    assert api.post("/payout-files", EXPORT, **ADMIN).get_json()["payouts"] == 1
    shown = {each["batchId"]: (each["state"], each["held"]) for each in get(api, "/settlement-batches")["items"]}
    assert shown == {held: ("APPROVED", True), other: ("EXPORTED", False)}
    refused = api.post("/payout-files", EXPORT, **ADMIN)
    assert code(refused) == (409, "NOTHING_TO_PAY_OUT")
    assert refused.get_json()["message"] == (
        "The approved batches of LIVE merchants in EUR wait until these suspended merchants are active again: M1."
    )
    become("ACTIVE")
    assert get(api, f"/settlement-batches/{held}")["held"] is False
    assert api.post("/payout-files", EXPORT, **ADMIN).get_json()["payouts"] == 1
    assert get(api, f"/settlement-batches/{held}")["state"] == "EXPORTED"


@pytest.mark.parametrize("where", ["body", "header"])
def test_an_adjustment_that_is_sent_twice_with_a_key_is_posted_once(both: tuple[Api, Engine], where: str) -> None:
    api, _ = both
    body: dict[str, Any] = {"merchantId": "M1", "currency": "EUR", "amount": 500, "reason": "late"}
    headers = {**ADMIN, "Idempotency-Key": "k1"} if where == "header" else ADMIN
    sent = body if where == "header" else {**body, "idempotencyKey": "k1"}
    first, again = (api.post("/settlement-adjustments", sent, **headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in (first, again)]
    assert replayed == [None, "true"]
    assert get(api, "/settlement-adjustments")["items"] == [first.get_json()]
    other = api.post("/settlement-adjustments", {**sent, "amount": 501}, **headers)
    assert code(other) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_an_adjustment_above_the_limit_waits_for_another_operator(both: tuple[Api, Engine]) -> None:
    api, _ = both
    body = {"merchantId": "M1", "currency": "EUR", "amount": -1_000_001, "reason": "chargeback"}
    made = api.post("/settlement-adjustments", body, **ADMIN)
    shown = made.get_json()
    assert (made.status_code, shown["postedAt"], shown["agreedBy"], shown["amount"]) == (201, None, None, -1_000_001)
    assert (shown["withdrawnBy"], shown["withdrawnAt"]) == (None, None)
    path = f"/settlement-adjustments/{shown['adjustmentId']}/agree"
    assert code(api.post(path, WHY, **ADMIN)) == (409, "SECOND_OPERATOR_NEEDED")
    agreed = api.post(path, WHY, **key(api, "ann")).get_json()
    assert (agreed["agreedBy"], agreed["proposedBy"], agreed["reason"]) == ("key:ann", "api:127.0.0.1", "chargeback")
    assert code(api.post(path, WHY, **ADMIN)) == (409, "SETTLEMENT_CONFLICT")
    assert get(api, "/settlement-adjustments") == {"items": [agreed], "nextCursor": None}
    (balance,) = [each for each in get(api, "/ledger/balances")["items"] if each["account"] == "merchant_payable"]
    assert balance["balance"] == -1_000_001


def test_an_adjustment_that_nobody_wants_is_withdrawn(both: tuple[Api, Engine]) -> None:
    api, _ = both
    body = {"merchantId": "M1", "currency": "EUR", "amount": 1_000_001, "reason": "chargeback"}
    made = api.post("/settlement-adjustments", body, **ADMIN).get_json()
    path = f"/settlement-adjustments/{made['adjustmentId']}/withdraw"
    assert code(api.post(path, {}, **ADMIN)) == (400, "VALIDATION_FAILED")
    assert code(api.post(path, WHY, **key(api, "bob", scopes=["read"]))) == (403, "INSUFFICIENT_SCOPE")
    answer = api.post(path, WHY, **ADMIN)
    withdrawn = answer.get_json()
    changed = {"withdrawnBy": "api:127.0.0.1", "withdrawnAt": withdrawn["withdrawnAt"]}
    assert (answer.status_code, withdrawn) == (200, {**made, **changed})
    assert withdrawn["withdrawnAt"] is not None
    assert get(api, "/settlement-adjustments") == {"items": [withdrawn], "nextCursor": None}
    ann = key(api, "ann")
    for again in (path, path.replace("withdraw", "agree")):
        refused = api.post(again, WHY, **ann)
        assert code(refused) == (409, "SETTLEMENT_CONFLICT")
        assert refused.get_json()["message"] == f"Adjustment {made['adjustmentId']} is withdrawn already."
    posted = api.post("/settlement-adjustments", {**body, "amount": 5}, **ADMIN).get_json()
    refused = api.post(f"/settlement-adjustments/{posted['adjustmentId']}/withdraw", WHY, **ADMIN)
    assert code(refused) == (409, "SETTLEMENT_CONFLICT")
    assert code(api.post("/settlement-adjustments/99/withdraw", WHY, **ADMIN)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"amount": 0}, "amount"), ({"amount": 10**12 + 1}, "amount"), ({"currency": "eur"}, "currency"), ({"x": 1}, "x")],
)
def test_an_adjustment_that_cannot_be(both: tuple[Api, Engine], changed: dict[str, Any], field: str) -> None:
    body = {"merchantId": "M1", "currency": "EUR", "amount": 1, "reason": "x", **changed}
    answer = both[0].post("/settlement-adjustments", body, **ADMIN)
    assert code(answer) == (400, "VALIDATION_FAILED")
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]
    unknown = {"merchantId": "M9", "currency": "EUR", "amount": 1, "reason": "x"}
    assert code(both[0].post("/settlement-adjustments", unknown, **ADMIN)) == (404, "NOT_FOUND")


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def test_a_version_of_a_fee_schedule_is_added_with_notice(both: tuple[Api, Engine]) -> None:
    api, _ = both
    body = {**PRICE, "validFrom": in_hours(2), "reason": "new prices"}
    made = api.post("/fee-schedules", body, **ADMIN)
    shown = made.get_json()
    assert (made.status_code, shown["createdBy"], shown["maximum"]) == (201, "api:127.0.0.1", None)
    assert {name: shown[name] for name in PRICE} == PRICE
    assert code(api.post("/fee-schedules", body, **ADMIN)) == (409, "FEE_SCHEDULE_CONFLICT")
    mine = {**body, "merchantId": "M1", "maximum": 500}
    assert api.post("/fee-schedules", mine, **ADMIN).get_json()["maximum"] == 500
    assert code(api.post("/fee-schedules", {**mine, "merchantId": "M9"}, **ADMIN)) == (404, "NOT_FOUND")
    for query, owners in (("merchantId=M1", {"M1"}), ("merchantId=*&currency=EUR", {"*"})):
        assert {each["merchantId"] for each in get(api, f"/fee-schedules?{query}")["items"]} == owners
    for changed, field in (
        ({"validFrom": in_hours(0.9)}, "validFrom"),
        ({"validFrom": "tomorrow"}, "validFrom"),
        ({"maximum": 5, "minimum": 6}, "maximum"),
        ({"maximum": 5, "minimum": -1}, "minimum"),
        ({"basisPoints": 10_001}, "basisPoints"),
        ({"onRefund": "keep"}, "onRefund"),
    ):
        answer = api.post("/fee-schedules", {**body, **changed}, **ADMIN)
        assert code(answer) == (400, "VALIDATION_FAILED"), changed
        assert [error["field"] for error in answer.get_json()["errors"]] == [field]
    assert code(api.post("/fee-schedules", body, **key(api, "bob", scopes=["operate", "read"]))) == (
        403,
        "INSUFFICIENT_SCOPE",
    )
