"""Operators capture, refund and void over HTTP: access, answers, and a note of what was done and of nothing else."""

from typing import Any

import pytest
from sqlalchemy import Engine, select

from payments.platform import operators
from payments.platform.tables.processes import operator_action
from tests.integration.api.conftest import ADMIN, Api

WHY = {"reason": "asked for by phone"}


@pytest.fixture
def paid(api: Api) -> int:
    """The id of an authorized payment of 100."""
    return int(api.authorize("k").get_json()["paymentId"])


def act(api: Api, payment_id: int, step: str, body: dict[str, Any], **headers: str) -> Any:
    return api.post(f"/operations/payments/{payment_id}/{step}", body, **ADMIN, **headers)


def noted(engine: Engine) -> list[tuple[str, str, str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(select(operator_action).order_by(operator_action.c.id))
        return [(row.actor, row.action, row.target, row.detail) for row in rows]


def test_a_capture_and_a_refund_are_the_merchant_s_own_and_noted(api: Api, paid: int, engine: Engine) -> None:
    captured = act(api, paid, "capture", {**WHY, "amount": 60})
    assert (captured.status_code, captured.get_json()["capturedAmount"]) == (200, 60)
    assert captured.get_json()["merchantId"] == "M1"
    assert act(api, paid, "refund", WHY).get_json()["refundedAmount"] == 60
    assert act(api, paid, "void", WHY).get_json()["releasedAmount"] == 40
    target = f"payment {paid}"
    assert noted(engine) == [
        ("api:127.0.0.1", "payment.capture", target, "60 KRW: asked for by phone"),
        ("api:127.0.0.1", "payment.refund", target, "60 KRW: asked for by phone"),
        ("api:127.0.0.1", "payment.void", target, "40 KRW: asked for by phone"),
    ]
    with_merchant = api.http.get(f"/payments/{paid}?merchantId=M1").get_json()
    assert [event["eventType"][8:] for event in with_merchant["events"]] == [
        "AUTHORIZED",
        "CAPTURED",
        "REFUNDED",
        "VOIDED",
    ]


def test_the_note_has_the_amount_as_people_read_it(api: Api, engine: Engine) -> None:
    paid = api.authorize("dollars", currency="USD", amount=9452).get_json()["paymentId"]
    assert act(api, paid, "capture", WHY).status_code == 200
    assert [detail for *_, detail in noted(engine)] == ["94.52 USD: asked for by phone"]


@pytest.mark.parametrize("step", ["capture", "refund", "void"])
def test_only_with_the_token(api: Api, paid: int, engine: Engine, step: str) -> None:
    answer = api.post(f"/operations/payments/{paid}/{step}", WHY)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "UNAUTHORIZED")
    assert noted(engine) == []


@pytest.mark.parametrize("in_header", [False, True])
def test_a_repeated_key_is_done_and_noted_once(api: Api, paid: int, engine: Engine, in_header: bool) -> None:
    body, headers = ({**WHY, "amount": 10}, {"Idempotency_Key": "once"})
    if not in_header:
        body, headers = {**body, "idempotencyKey": "once"}, {}
    first, again = act(api, paid, "capture", body, **headers), act(api, paid, "capture", body, **headers)
    assert (first.status_code, again.headers["Idempotency-Replayed"], again.data) == (200, "true", first.data)
    assert len(noted(engine)) == 1
    other = act(api, paid, "capture", {**body, "amount": 11}, **headers)
    assert (other.status_code, other.get_json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_what_is_refused_is_not_noted(api: Api, paid: int, engine: Engine) -> None:
    refusals: list[tuple[int, str, dict[str, Any], int, str]] = [
        (paid, "refund", WHY, 409, "REFUND_CONFLICT"),
        (paid, "capture", {**WHY, "amount": 101}, 409, "CAPTURE_CONFLICT"),
        (paid + 1, "capture", WHY, 404, "NOT_FOUND"),
        (paid, "capture", {}, 400, "VALIDATION_FAILED"),
        (paid, "capture", {"reason": " "}, 400, "VALIDATION_FAILED"),
        (paid, "capture", {"reason": "card 4242 4242 4242 4242"}, 400, "VALIDATION_FAILED"),
        (paid, "capture", {**WHY, "amount": "60"}, 400, "VALIDATION_FAILED"),
        (paid, "void", {**WHY, "amount": 60}, 400, "VALIDATION_FAILED"),
        (paid, "void", {**WHY, "merchantId": "M1"}, 400, "VALIDATION_FAILED"),
    ]
    for payment_id, step, body, status, code in refusals:
        answer = act(api, payment_id, step, body)
        assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert noted(engine) == []


def test_the_step_and_its_note_are_one_transaction(
    api: Api, paid: int, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the note cannot be stored. Then the money must not move either."""

    def without_a_target(*row: object) -> tuple[object, ...]:
        actor, action, _target, detail, at = row
        return (actor, action, None, detail, str(at))

    monkeypatch.setattr(operators, "action_row", without_a_target)
    assert act(api, paid, "capture", WHY).status_code >= 500
    assert api.http.get(f"/payments/{paid}?merchantId=M1").get_json()["capturedAmount"] == 0
    assert noted(engine) == []


def test_operators_do_not_use_up_the_merchant_s_limit(api: Api, paid: int) -> None:
    before = api.post(f"/payments/capture/{paid}", {"merchantId": "M1", "amount": 1}).headers["X-RateLimit-Remaining"]
    assert act(api, paid, "capture", {**WHY, "amount": 1}).status_code == 200
    after = api.post(f"/payments/capture/{paid}", {"merchantId": "M1", "amount": 1}).headers["X-RateLimit-Remaining"]
    assert int(before) - int(after) == 1
