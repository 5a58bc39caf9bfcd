"""The Python client against the real API: each call, each family of errors, and what is never sent."""

from decimal import Decimal
from typing import Any

import pytest

import payops_client
from payops_client import Payops, PayopsError
from tests.clients.conftest import Front, Merchant, NewMerchant


def test_from_an_authorization_to_a_refund(merchant: Merchant) -> None:
    with merchant.payops() as payops:
        made = payops.authorize(amount=10_000, currency="KRW")
        number = made["paymentId"]
        assert (made["status"], made["merchantId"]) == ("AUTHORIZED", merchant.name)
        assert payops.capture(number, amount=6_000)["status"] == "PARTIALLY_CAPTURED"
        assert payops.void(number)["releasedAmount"] == 4_000
        assert payops.refund(number, amount=1_000, reason="a cup was broken")["refundedAmount"] == 1_000
        shown = payops.show(number)
    steps = [event["eventType"].removeprefix("PAYMENT_") for event in shown["events"]]
    assert (shown["status"], steps) == ("PARTIALLY_REFUNDED", ["AUTHORIZED", "CAPTURED", "VOIDED", "REFUNDED"])


def test_all_that_is_open_is_taken_and_given_back_without_an_amount(merchant: Merchant) -> None:
    with merchant.payops() as payops:
        number = payops.authorize(amount=500, currency="USD")["paymentId"]
        assert payops.capture(number)["capturedAmount"] == 500
        assert payops.refund(number)["refundedAmount"] == 500


def test_a_list_goes_on_over_its_pages(merchant: Merchant) -> None:
    with merchant.payops() as payops:
        made = [payops.authorize(amount=n, currency="KRW")["paymentId"] for n in range(1, 6)]
        payops.void(made[0])
        assert [item["paymentId"] for item in payops.list(page_size=2)] == made[::-1]
        assert [item["paymentId"] for item in payops.list(status="VOIDED")] == made[:1]


def test_a_key_that_is_given_twice_pays_once(merchant: Merchant) -> None:
    with merchant.payops() as payops:
        answers = [payops.authorize(amount=5, currency="KRW", idempotency_key="order-1") for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(merchant.payments()) == 1


def test_commands_without_a_key_are_two(merchant: Merchant) -> None:
    with merchant.payops() as payops:
        assert payops.authorize(amount=5, currency="KRW") != payops.authorize(amount=5, currency="KRW")


def test_each_error_has_its_class_its_code_and_its_request(merchant: Merchant, new_merchant: NewMerchant) -> None:
    reader, other = new_merchant(scopes=["payments:read"]), new_merchant()
    with merchant.payops() as payops:
        number = payops.authorize(amount=5, currency="KRW", idempotency_key="k")["paymentId"]
        raised: list[tuple[Any, dict[str, Any]]] = [
            (payops.authorize, {"amount": 6, "currency": "KRW", "idempotency_key": "k"}),
            (payops.capture, {"payment_id": number, "amount": 6}),
            (payops.refund, {"payment_id": number, "amount": 6}),
            (payops.authorize, {"amount": 0, "currency": "KRW"}),
            (other.payops().show, {"payment_id": number}),
            (reader.payops().authorize, {"amount": 5, "currency": "KRW"}),
            (Payops("po_test_wrong", merchant.url).show, {"payment_id": number}),
        ]
        errors = [error_of(call, arguments) for call, arguments in raised]
    assert [(type(error).__name__, error.status, error.code) for error in errors] == [
        ("IdempotencyKeyUnusable", 422, "IDEMPOTENCY_KEY_REUSED"),
        ("Conflict", 409, "CAPTURE_CONFLICT"),
        ("Conflict", 409, "REFUND_CONFLICT"),
        ("InvalidRequest", 400, "VALIDATION_FAILED"),
        ("NotFound", 404, "NOT_FOUND"),
        ("NotAllowed", 403, "INSUFFICIENT_SCOPE"),
        ("AuthenticationFailed", 401, "API_KEY_INVALID"),
    ]
    assert all(error.request_id for error in errors)
    assert [error.payment_id for error in errors[1:3]] == [number, number]
    assert [detail.field for detail in errors[3].details] == ["amount"]
    assert [error.idempotency_key for error in errors[:1]] == ["k"]


def error_of(call: Any, arguments: dict[str, Any]) -> PayopsError:
    with pytest.raises(PayopsError) as caught:
        call(**arguments)
    return caught.value


def refund_all(payops: Payops, number: int) -> None:
    """By ones: more than the limit, for those are not counted for which Redis was late."""
    for _ in range(100):
        payops.refund(number, amount=1)


def test_a_limit_of_a_day_is_told_at_once(merchant: Merchant) -> None:
    pauses: list[float] = []
    with merchant.payops(pause=pauses.append) as payops:
        number = payops.authorize(amount=100, currency="KRW")["paymentId"]
        payops.capture(number)
        with pytest.raises(payops_client.RateLimited) as caught:
            refund_all(payops, number)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 60, "longer than the client may wait"
    assert pauses == []


@pytest.mark.parametrize("amount", [10.0, True, "10", Decimal(10)])
def test_an_amount_that_is_no_integer_is_not_sent(front: Front, merchant: Merchant, amount: Any) -> None:
    payops = merchant.payops(front.url)
    for call in (
        lambda: payops.authorize(amount=amount, currency="KRW"),
        lambda: payops.capture(1, amount=amount),
        lambda: payops.refund(1, amount=amount),
    ):
        with pytest.raises(TypeError, match=f"must be an int, not {type(amount).__name__}"):
            call()
    assert front.requests == []


@pytest.mark.parametrize("number", ["1", "1/../2", True, None])
def test_an_id_that_is_no_integer_is_not_sent(front: Front, merchant: Merchant, number: Any) -> None:
    payops = merchant.payops(front.url)
    for call in (payops.capture, payops.refund, payops.void, payops.show):
        with pytest.raises(TypeError):
            call(number)
    assert front.requests == []
