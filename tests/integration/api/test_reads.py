"""GET of payments and of the ledger: members, pages, access."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, insert, select

from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.ledger.rules import postings
from payments.outbox.rules import EventType
from payments.platform.database import create_engine
from payments.platform.tables import housekeeping as housekeeping_tables
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.ledger import ledger_entry
from tests.integration.api.conftest import ADMIN, Api

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)


@pytest.fixture
def engine(database_url: str) -> Any:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def post_everything(engine: Engine) -> None:
    """Post every event in the outbox, as the ledger worker does."""
    with engine.begin() as connection:
        for row in connection.execute(select(outbox_event)).all():
            event = orjson.loads(row.payload)
            connection.execute(
                insert(inbox_event),
                {"event_id": row.event_id, "payment_id": row.aggregate_id, "posted_at": NOW},
            )
            for posting in postings(EventType(row.event_type), event["amount"]):
                connection.execute(
                    insert(ledger_entry),
                    {
                        "payment_id": row.aggregate_id,
                        "event_id": row.event_id,
                        "posting_no": posting.posting_no,
                        "debit_account": posting.debit,
                        "credit_account": posting.credit,
                        "amount": posting.amount,
                        "currency": event["currency"],
                        "occurred_at": row.created_at,
                        "posted_at": NOW,
                    },
                )


def captured(api: Api, amount: int = 100) -> int:
    payment: int = api.authorize("a", amount=amount).get_json()["paymentId"]
    assert api.post(f"/payments/capture/{payment}", {"merchantId": "M1", "amount": 60}).status_code == 200
    return payment


def test_a_payment_shows_its_events_and_postings(api: Api, engine: Engine) -> None:
    payment = captured(api)
    before = api.http.get(f"/payments/{payment}?merchantId=M1").get_json()
    assert before["ledgerEntries"] == []
    assert [(event["eventType"], event["amount"], event["status"]) for event in before["events"]] == [
        ("PAYMENT_AUTHORIZED", 100, "AUTHORIZED"),
        ("PAYMENT_CAPTURED", 60, "PARTIALLY_CAPTURED"),
    ]
    assert {(event["publishedAt"], event["postedAt"]) for event in before["events"]} == {(None, None)}
    post_everything(engine)
    after = api.http.get(f"/payments/{payment}?merchantId=M1").get_json()
    assert [(e["debitAccount"], e["creditAccount"], e["amount"]) for e in after["ledgerEntries"]] == [
        ("customer_hold", "hold_clearing", 100),
        ("hold_clearing", "customer_hold", 60),
        ("acquirer_receivable", "merchant_payable", 60),
    ]
    assert {event["postedAt"] for event in after["events"]} == {"2026-01-02T03:04:05.000006Z"}
    assert "message" not in after


def test_another_merchants_payment_is_not_there(api: Api) -> None:
    payment = captured(api)
    for query, status in (("?merchantId=M2", 404), ("?merchantId=m1", 404), ("", 400), ("?merchantId=%20", 400)):
        assert api.http.get(f"/payments/{payment}{query}").status_code == status


def test_pages_of_payments_are_newest_first_and_complete(api: Api) -> None:
    made = [api.authorize(f"k{number}").get_json()["paymentId"] for number in range(5)]
    api.authorize("x", merchant_id="M2")
    seen: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.http.get(f"/payments?merchantId=M1&limit=2{cursor}").get_json()
        seen += page["items"]
        cursor = None if page["nextCursor"] is None else f"&cursor={page['nextCursor']}"
    assert [item["paymentId"] for item in seen] == made[::-1]
    assert set(seen[-1]) == {
        "paymentId", "merchantId", "status", "amount", "capturedAmount", "releasedAmount", "refundedAmount", "currency",
        "createdAt", "expiresAt",
    }  # fmt: skip


def test_payments_by_status(api: Api) -> None:
    captured(api)
    open_one = api.authorize("b").get_json()["paymentId"]
    found = api.http.get("/payments?merchantId=M1&status=AUTHORIZED").get_json()["items"]
    assert [item["paymentId"] for item in found] == [open_one]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "merchantId"),
        ("merchantId=", "merchantId"),
        (f"merchantId={'M' * 33}", "merchantId"),
        ("merchantId=M1&limit=0", "limit"),
        ("merchantId=M1&limit=201", "limit"),
        ("merchantId=M1&limit=1.5", "limit"),
        ("merchantId=M1&limit=", "limit"),
        ("merchantId=M1&limit=%D9%A1", "limit"),
        ("merchantId=M1&status=paid", "status"),
        ("merchantId=M1&cursor=", "cursor"),
        ("merchantId=M1&cursor=abc", "cursor"),
        ("merchantId=M1&cursor=%F0%9F%98%80", "cursor"),
        ("merchantId=M1&cursor=MDAwMDAwMDAwMDAwMDAwMDA=", "cursor"),
    ],
)
def test_a_wrong_query_value_is_named(api: Api, query: str, field: str) -> None:
    answer = api.http.get(f"/payments?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "VALIDATION_FAILED")
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


def test_balances_of_one_merchant_and_of_all(api: Api, engine: Engine) -> None:
    captured(api)
    api.authorize("x", merchant_id="M2", amount=40)
    post_everything(engine)
    of_all = api.http.get("/ledger/balances", headers=ADMIN).get_json()
    assert {item["account"]: (item["debits"], item["credits"], item["balance"]) for item in of_all["items"]} == {
        "customer_hold": (140, 60, 80),
        "hold_clearing": (60, 140, 80),
        "acquirer_receivable": (60, 0, 60),
        "merchant_payable": (0, 60, 60),
    }
    of_one = api.http.get("/ledger/balances?merchantId=M2", headers=ADMIN).get_json()["items"]
    assert [(item["account"], item["balance"]) for item in of_one] == [("customer_hold", 40), ("hold_clearing", 40)]
    assert of_all["asOf"].endswith("Z")


def test_the_trial_balance_has_both_sides_and_the_newest_audit(api: Api, engine: Engine) -> None:
    captured(api)
    post_everything(engine)
    first = api.http.get("/ledger/trial-balance", headers=ADMIN).get_json()
    assert first["totals"] == [{"currency": "KRW", "debits": 220, "credits": 220}]
    assert first["audit"] is None
    run = {"at": NOW, "full": True, "changed_until": NOW, "next_payment_id": 1, "differences": 2, "in_flight": 3}
    with engine.begin() as connection:
        connection.execute(insert(housekeeping_tables.audit_run), run)
    audit = api.http.get("/ledger/trial-balance", headers=ADMIN).get_json()["audit"]
    assert audit == {"at": "2026-01-02T03:04:05.000006Z", "differences": 0, "inFlight": 3}


def test_entries_page_by_page(api: Api, engine: Engine) -> None:
    payment = captured(api)
    post_everything(engine)
    first = api.http.get(f"/ledger/entries?paymentId={payment}&limit=2", headers=ADMIN).get_json()
    last = api.http.get(f"/ledger/entries?limit=2&cursor={first['nextCursor']}", headers=ADMIN).get_json()
    assert [item["entryId"] for item in first["items"] + last["items"]] == [1, 2, 3]
    assert last["nextCursor"] is None
    assert api.http.get("/ledger/entries?paymentId=99", headers=ADMIN).get_json()["items"] == []
    assert api.http.get("/ledger/entries?paymentId=0", headers=ADMIN).status_code == 400


def letter(number: int, **changes: Any) -> DeadLetter:
    values: dict[str, Any] = {
        "cluster_id": "c", "topic": "payment.captured", "partition": 0, "offset": number, "timestamp": 1,
        "payload": "{", "payload_encoding": None, "message_key": None, "error_type": "InvalidJson",
        "error_message": "m",
    }  # fmt: skip
    return DeadLetter(**{**values, **changes})


@pytest.mark.parametrize("sign", ["x", "\U0001f600", "\x01", '"'])
def test_a_page_of_dead_letters_stays_small_whatever_they_hold(api: Api, engine: Engine, sign: str) -> None:
    large = {"topic": "t" * 249, "payload": sign * 5000, "headers": sign * 5000, "error_message": sign * 5000}
    letters = [letter(offset, offset=2**62 + offset, **large) for offset in range(200)]
    with engine.begin() as connection:
        dead_letter_store.add(connection, letters, NOW)
        connection.execute(dead_letter.update().values(discard_reason=sign * 500, state="DISCARDED"))
    answer = api.http.get("/dead-letters?limit=200", headers=ADMIN)
    items = answer.get_json()["items"]
    assert len(items) == 200
    assert len(answer.data) <= 256 * 1024
    assert all("payload" not in item and "payloadEncoding" not in item for item in items)
    assert items[0]["errorMessage"].startswith(sign * 30)
    assert items[0]["errorMessage"].endswith("…")
    assert items[0]["discardReason"].endswith("…")
    one = api.http.get(f"/dead-letters/{items[0]['id']}", headers=ADMIN).get_json()
    assert (one["payload"], one["errorMessage"], one["discardReason"]) == (sign * 5000, sign * 5000, sign * 500)


def test_dead_letters_by_what_they_are(api: Api, engine: Engine) -> None:
    base64 = letter(1, payload="/w==", payload_encoding="base64")
    with engine.begin() as connection:
        dead_letter_store.add(connection, [letter(0), base64, letter(2, error_type="EventMismatch")], NOW)
    everything = api.http.get("/dead-letters", headers=ADMIN).get_json()
    assert [item["id"] for item in everything["items"]] == [3, 2, 1]
    assert everything["items"][2] == {
        "id": 1, "originalTopic": "payment.captured", "partition": 0, "offset": 0,
        "errorType": "InvalidJson", "errorMessage": "m", "timestamp": "2026-01-02T03:04:05.000006Z", "state": "OPEN",
        "attempts": 1,
    }  # fmt: skip
    mismatches = api.http.get("/dead-letters?errorType=EventMismatch&topic=payment.captured", headers=ADMIN).get_json()
    assert [item["id"] for item in mismatches["items"]] == [3]
    page = api.http.get("/dead-letters?limit=1", headers=ADMIN).get_json()
    rest = api.http.get(f"/dead-letters?cursor={page['nextCursor']}", headers=ADMIN).get_json()
    assert [item["id"] for item in rest["items"]] == [2, 1]
    one = api.http.get("/dead-letters/2", headers=ADMIN).get_json()
    assert (one["payload"], one["payloadEncoding"]) == ("/w==", "base64")
    text = api.http.get("/dead-letters/1", headers=ADMIN).get_json()
    assert text == {**everything["items"][2], "payload": "{"}
    assert api.http.get("/dead-letters/9", headers=ADMIN).status_code == 404
    assert api.http.get("/dead-letters?state=LOST", headers=ADMIN).status_code == 400
    assert api.http.get("/dead-letters?state=RESOLVED", headers=ADMIN).get_json() == {"items": [], "nextCursor": None}


def test_operations_in_numbers(api: Api, engine: Engine) -> None:
    captured(api)
    numbers = api.http.get("/operations?merchantId=M1", headers=ADMIN).get_json()
    assert numbers["outboxPending"] == 2
    assert numbers["outboxOldestAgeSeconds"] > 0
    assert numbers["ledgerLagSeconds"] > 0
    assert numbers["deadLettersOpen"] == 0
    assert [(item["operation"], item["limit"], item["remaining"]) for item in numbers["rateLimits"]] == [
        ("authorize", 1000, 999),
        ("capture", 1000, 999),
        ("refund", 1000, 1000),
    ]
    post_everything(engine)
    later = api.http.get("/operations", headers=ADMIN).get_json()
    assert (later["ledgerLagSeconds"], later["rateLimits"]) == (0, [])
