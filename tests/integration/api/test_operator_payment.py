"""GET /operations/payments/{id}: one payment of any merchant, with all that belongs to it and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from payments.dead_letters import store as dead_letter_store
from payments.outbox import lease, refusal_store
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.operators import note_action
from payments.platform.tables.housekeeping import audit_finding
from tests.integration.api.conftest import ADMIN, Api
from tests.integration.api.test_reads import NOW, letter, post_everything

TRACE = "a1" * 16
PARENT = f"00-{TRACE}-{'b' * 16}-01"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def show(api: Api, payment: int) -> dict[str, Any]:
    answer = api.http.get(f"/operations/payments/{payment}", headers=ADMIN)
    assert answer.status_code == 200, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_payment_shows_its_events_postings_and_answers(api: Api, engine: Engine) -> None:
    body = {"merchantId": "M1", "amount": 100, "currency": "KRW", "idempotencyKey": "a"}
    authorized = api.post("/payments/authorize", body, X_Request_Id="r-1", traceparent=PARENT)
    api.authorize("b")
    captured = api.post("/payments/capture/1", {"merchantId": "M1", "amount": 60, "idempotencyKey": "c"})
    assert api.post("/payments/capture/1", {"merchantId": "M1", "amount": 60, "idempotencyKey": "d"}).status_code == 409
    refunded = api.post("/payments/refund/1", {"merchantId": "M1", "amount": 10, "idempotencyKey": "e"})
    api.post("/payments/capture/2", {"merchantId": "M1", "idempotencyKey": "f"})
    post_everything(engine)
    merchants = api.http.get("/payments/1?merchantId=M1").get_json()
    found = show(api, 1)
    assert {name: found[name] for name in merchants if name != "events"} == {
        name: value for name, value in merchants.items() if name != "events"
    }
    ids = ("traceId", "requestId")
    assert [{name: event[name] for name in event if name not in ids} for event in found["events"]] == merchants[
        "events"
    ]
    assert [found["events"][0][name] for name in ids] == [TRACE, "r-1"]
    assert (found["idempotencyKey"], found["releaseReason"]) == ("a", None)
    assert found["updatedAt"] == found["events"][-1]["occurredAt"]
    assert [(a["operation"], a["idempotencyKey"], a["httpStatus"], a["body"]) for a in found["answers"]] == [
        ("authorize", "a", 200, authorized.get_data(as_text=True)),
        ("capture", "c", 200, captured.get_data(as_text=True)),
        ("refund", "e", 200, refunded.get_data(as_text=True)),
    ]
    assert [a["createdAt"] for a in found["answers"]] == [event["occurredAt"] for event in found["events"]]
    assert found["possible"] == {"capture": 40, "refund": 50, "void": 40}
    assert (found["deadLetters"], found["findings"], found["actions"]) == ([], [], [])
    api.post("/payments/void/1", {"merchantId": "M1"})
    voided = show(api, 1)
    assert (voided["releaseReason"], voided["possible"]) == ("VOIDED", {"capture": 0, "refund": 50, "void": 0})


def test_a_payment_shows_its_dead_letters_findings_and_actions(api: Api, engine: Engine) -> None:
    for number in range(12):
        api.authorize(f"k{number}")
    with engine.begin() as connection:
        now = database_now(connection)
        letters = [letter(number, message_key=key) for number, key in enumerate(("1", "12", None, "1"))]
        dead_letter_store.add(connection, letters, NOW)
        for payment in (1, 12, None):
            row = {"identity": str(payment), "kind": "sums", "payment_id": payment, "subject": "", "detail": "d"}
            connection.execute(insert(audit_finding), {**row, "first_seen": NOW, "last_seen": NOW})
        held = lease.acquire(connection, "relay", "me", 60)
        assert held is not None
        # the events of payments 1 and 2, and those that announce dead letters 1 and 2
        refusal_store.refuse(connection, [1, 2, 13, 14], "too large", 5, now, held)
        note_action(connection, "api:me", "payment.capture", "payment 1", "asked by phone")
        note_action(connection, "api:me", "payment.capture", "payment 12", "")
    for path in ("outbox/parked/1/release", "outbox/parked/2/release"):
        assert api.http.post(f"/{path}", headers=ADMIN).status_code == 200
    for event in (13, 14):
        answer = api.http.post(f"/outbox/parked/{event}/discard", headers=ADMIN, json={"reason": "too large"})
        assert answer.status_code == 200
    for number in (1, 2):
        assert api.http.post(f"/dead-letters/{number}/replay", headers=ADMIN).status_code == 200
    found = show(api, 1)
    assert [one["id"] for one in found["deadLetters"]] == [4, 1]
    assert "payload" not in found["deadLetters"][0]
    assert [(one["kind"], one["paymentId"], one["clearedAt"]) for one in found["findings"]] == [("sums", 1, None)]
    assert [(one["action"], one["target"], one["detail"]) for one in found["actions"]] == [
        ("payment.capture", "payment 1", "asked by phone"),
        ("outbox.release", "event 1", "payment.authorized: too large"),
        ("outbox.discard", "event 13 (dead_letter 1)", "too large"),
        ("dead_letter.replay", "dead letter 1", "attempt 2"),
    ]
    assert {"id", "at", "actor", "action", "target", "detail"} == set(found["actions"][0])


def test_a_payment_without_its_answers_and_events_is_shown(api: Api, engine: Engine) -> None:
    api.authorize("a")
    with engine.begin() as connection:
        for table in ("idem_response_cache", "outbox_event"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    found = show(api, 1)
    assert (found["answers"], found["events"], found["possible"]["capture"]) == ([], [], 100)


def test_what_is_not_there_is_not_found(api: Api) -> None:
    for payment in ("1", "0", "x", str(2**63)):
        answer = api.http.get(f"/operations/payments/{payment}", headers=ADMIN)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "NOT_FOUND")
