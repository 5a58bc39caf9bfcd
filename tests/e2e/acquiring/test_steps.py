"""Each step of a payment is what the acquirer says of it, and is asked for once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select

from payments.platform.tables.every import metadata
from tests.e2e.acquiring.platform import Merchant, Platform, new_key, outcome
from tests.e2e.gunicorn import samples

AT_ONCE = 20


def test_a_card_is_approved_captured_refunded_and_the_rest_is_released(paid: Platform, merchant: Merchant) -> None:
    made = merchant.authorize()
    assert outcome(made) == (200, "AUTHORIZED"), made.text
    number = made.json()["paymentId"]
    steps = [
        outcome(merchant.step("capture", number, amount=6_000)),
        outcome(merchant.step("refund", number, amount=1_000)),
        outcome(merchant.step("void", number)),
    ]
    assert [status for status, _ in steps] == [200] * 3
    payment = merchant.show(number)
    assert (payment["capturedAmount"], payment["refundedAmount"], payment["releasedAmount"]) == (6_000, 1_000, 4_000)
    assert paid.asked(number) == ["authorization", "capture", "refund", "void"]


@pytest.mark.parametrize("reason", ["card_declined", "insufficient_funds", "expired_card"])
def test_a_card_is_declined_and_stays_so(paid: Platform, merchant: Merchant, reason: str) -> None:
    token = {"card_declined": "tok_declined"}.get(reason, f"tok_{reason}")
    key = new_key()
    answers = [merchant.authorize(key, token) for _ in range(3)]
    assert [outcome(answer) for answer in answers] == [(402, "PAYMENT_DECLINED")] * 3
    assert len({answer.text for answer in answers}) == 1
    assert answers[2].headers["Idempotency-Replayed"] == "true"
    assert answers[0].headers["Content-Type"] == "application/problem+json"
    body = answers[0].json()
    assert body["declineCode"] == reason
    assert merchant.show(body["paymentId"])["status"] == "DECLINED"
    assert outcome(merchant.step("capture", body["paymentId"])) == (409, "CAPTURE_CONFLICT")
    assert paid.asked(body["paymentId"]) == ["authorization"]


def test_equal_requests_at_once_are_one_operation(paid: Platform, merchant: Merchant) -> None:
    paid.psp.api.faults({"fault": "latency", "kinds": ["authorization"], "seconds": 0.5})
    key = new_key()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: merchant.authorize(key), range(AT_ONCE)))
    outcomes = {outcome(answer) for answer in answers}
    assert outcomes <= {(200, "AUTHORIZED"), (409, "REQUEST_IN_PROGRESS")}
    done = [answer for answer in answers if answer.status_code == 200]
    assert done
    assert len({answer.text for answer in done}) == 1
    again = merchant.authorize(key)
    assert again.text == done[0].text
    assert paid.asked(again.json()["paymentId"]) == ["authorization"]


def test_a_payment_without_a_payment_method_is_refused(merchant: Merchant) -> None:
    refused = merchant.authorize(token=None)
    assert refused.status_code == 400
    assert refused.json()["errors"] == [{"field": "paymentMethod", "message": "is missing"}]


def test_a_card_number_is_no_payment_method(merchant: Merchant) -> None:
    refused = merchant.authorize(token="4242424242424242")
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == ["paymentMethod"]
    assert "4242424242424242" not in refused.text


def test_no_payment_method_is_kept(paid: Platform, merchant: Merchant, engine: Engine) -> None:
    token = paid.psp.api.ask("POST", "/v1/tokens", {"number": "4242424242424242", "expiry": "12/30"}).json["token"]
    done = merchant.authorize(token=token)
    assert outcome(done) == (200, "AUTHORIZED"), done.text
    assert token not in done.text
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            assert token not in str(connection.execute(select(table)).all()), table.name
    assert f'"paymentId":{done.json()["paymentId"]}' in paid.api.log.read_text()
    assert token not in paid.api.log.read_text()


def test_another_payment_method_is_another_request(merchant: Merchant) -> None:
    key = new_key()
    assert merchant.authorize(key).status_code == 200
    assert outcome(merchant.authorize(key, "tok_declined")) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_merchant_that_is_only_named_pays_nobody(paid: Platform, merchant: Merchant) -> None:
    answer = paid.api.authorize(new_key(), merchant_id=merchant.name)
    assert outcome(answer) == (200, "AUTHORIZED")
    assert paid.asked(answer.json()["paymentId"]) == []


def test_an_operator_captures_at_the_acquirer(paid: Platform, merchant: Merchant) -> None:
    number = merchant.authorize().json()["paymentId"]
    done = paid.desk("kim").post(f"/operations/payments/{number}/capture", reason="asked by phone", amount=5_000)
    assert outcome(done) == (200, "PARTIALLY_CAPTURED"), done.text
    assert paid.asked(number) == ["authorization", "capture"]


def test_the_shop_pays_at_the_acquirer(paid: Platform) -> None:
    where = paid.api.get("/shop/acquirer")
    assert where.json() == {
        "connector": "simulator",
        "tokensUrl": f"http://localhost:{paid.psp.port}/v1/tokens",
        "publishableKey": "pk_test_of_the_simulator",
    }
    assert (
        f"connect-src 'self' http://localhost:{paid.psp.port}" in paid.api.get("/").headers["Content-Security-Policy"]
    )
    body = {"amount": 500, "currency": "KRW", "idempotencyKey": new_key()}
    assert paid.api.post("/shop/payments/authorize", body).status_code == 400
    done = paid.api.post("/shop/payments/authorize", {**body, "paymentMethod": "tok_approved"})
    assert outcome(done) == (200, "AUTHORIZED")
    assert paid.asked(done.json()["paymentId"]) == ["authorization"]


def test_what_is_counted(paid: Platform, merchant: Merchant) -> None:
    before = samples(paid.api)
    merchant.authorize()
    merchant.authorize(token="tok_declined")
    after = samples(paid.api)
    for name, number in {
        'payments_total{operation="authorize",outcome="succeeded"}': 1,
        'payments_total{operation="authorize",outcome="declined"}': 1,
        'payments_total{operation="authorize",outcome="processing"}': 0,
        'acquirer_operations_total{kind="authorization",outcome="approved"}': 1,
        'acquirer_operations_total{kind="authorization",outcome="declined"}': 1,
        'acquirer_call_duration_seconds_count{kind="authorization"}': 2,
        'payments_amount_minor_total{currency="KRW",operation="authorize"}': 10_000,
    }.items():
        assert after[name] - before.get(name, 0) == number, name
    assert after['acquirer_breaker_state{connector="simulator",state="closed"}'] == 1
    assert after['acquirer_breaker_state{connector="simulator",state="open"}'] == 0
    assert after["acquirer_calls_in_flight"] == 0
