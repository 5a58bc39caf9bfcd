"""Without the acquirer's word nobody is told that it happened or not; the same key later tells what became of it."""

import pytest
from sqlalchemy import Engine

from payments.acquiring import store
from payments.acquiring.rules import told_by
from payments.acquiring.simulator import SimulatorConnector
from payments.payment import commands
from payments.payment.execution import execute
from payments.platform.clock import monotonic
from tests.e2e.acquiring.platform import Merchant, Platform, new_key, outcome
from tests.psp.simulator import KEY

UNKNOWN = (202, "PROCESSING")
FAULTS = ["error_after_success", "reset_mid_body", "malformed_body", "wrong_amount"]


def ask(paid: Platform, engine: Engine, payment_id: int) -> None:
    """Ask about what is not decided, as housekeeping does."""
    connector = SimulatorConnector(f"http://127.0.0.1:{paid.psp.port}", KEY, 1)
    with engine.connect() as connection:
        (waiting,) = [one for one in store.of_payment(connection, payment_id) if one.decided_at is None]
    told = told_by(waiting.call, connector.enquire(waiting.call, 10), is_repair=True)
    connector.close()
    command = commands.conclude(waiting.merchant_id, payment_id, told, "r", {})
    (result,) = execute(engine, [command], monotonic() + 10, monotonic, lambda _: None)
    assert result.error is None


@pytest.mark.parametrize("fault", FAULTS)
def test_it_has_happened_and_its_answer_was_lost(
    paid: Platform, merchant: Merchant, engine: Engine, fault: str
) -> None:
    paid.psp.api.faults({"fault": fault, "kinds": ["authorization"], "count": 1})
    key = new_key()
    answers = [merchant.authorize(key) for _ in range(2)]
    assert [outcome(answer) for answer in answers] == [UNKNOWN] * 2
    assert answers[0].text == answers[1].text
    number = answers[0].json()["paymentId"]
    for answer in answers:
        assert (answer.headers["Location"], answer.headers["Retry-After"]) == (f"/payments/{number}", "2")
        assert answer.headers["Content-Type"] == "application/json"
    assert merchant.show(number)["status"] == "PROCESSING"
    assert outcome(merchant.step("capture", number)) == (409, "CAPTURE_CONFLICT")
    ask(paid, engine, number)
    assert outcome(merchant.authorize(key)) == (200, "AUTHORIZED")
    assert paid.asked(number) == ["authorization", "enquiry"]


def test_an_acquirer_that_says_nothing_does_not_keep_the_caller(paid: Platform, merchant: Merchant) -> None:
    paid.psp.api.faults({"fault": "timeout_after_success", "kinds": ["authorization"], "count": 1})
    answer = merchant.authorize()
    assert outcome(answer) == UNKNOWN
    assert answer.elapsed.total_seconds() < 15, "5 s are promised, of a machine that is not busy"


@pytest.mark.parametrize("step", ["capture", "refund", "void"])
def test_a_step_whose_answer_was_lost_holds_its_amount(
    paid: Platform, merchant: Merchant, engine: Engine, step: str
) -> None:
    number = merchant.authorize().json()["paymentId"]
    if step == "refund":
        assert merchant.step("capture", number).status_code == 200
    paid.psp.api.faults({"fault": "error_after_success", "kinds": [step], "count": 1})
    key = new_key()
    assert outcome(merchant.step(step, number, key)) == UNKNOWN
    again = merchant.step(step, number)
    assert again.status_code == 409, "the whole amount is on its way"
    ask(paid, engine, number)
    done = merchant.step(step, number, key)
    assert done.status_code == 200
    assert paid.asked(number).count(step) == 1


def test_the_shop_is_told_where_to_look(paid: Platform) -> None:
    paid.psp.api.faults({"fault": "error_after_success", "kinds": ["authorization"], "count": 1})
    body = {"amount": 500, "currency": "KRW", "idempotencyKey": new_key(), "paymentMethod": "tok_approved"}
    answer = paid.api.post("/shop/payments/authorize", body)
    assert outcome(answer) == UNKNOWN
    number = answer.json()["paymentId"]
    assert answer.headers["Location"] == f"/shop/payments/{number}"
    assert paid.api.get(answer.headers["Location"]).json()["status"] == "PROCESSING"
