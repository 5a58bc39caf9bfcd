"""What an acquirer decides, as the client tells it: declined is an error with its code, and 202 is asked for again."""

import pytest

from payops_client import PaymentDeclined, Processing
from tests.clients.conftest import Front, Merchant
from tests.serving import Answer

PROCESSING = Answer(202, {"paymentId": 7, "status": "PROCESSING"}, {"Retry-After": "2"})


def test_what_is_processed_is_asked_for_with_the_same_request(front: Front, merchant: Merchant) -> None:
    front.planned[:] = [PROCESSING] * 2
    pauses: list[float] = []
    with merchant.payops(front.url, pause=pauses.append) as payops:
        payment = payops.authorize(amount=10_000, currency="KRW", payment_method="tok_approved")
    sent = [request.json for request in front.requests]
    assert (payment["status"], len(sent), len(pauses)) == ("AUTHORIZED", 3, 2)
    assert sent[0] == sent[1] == sent[2]
    assert sent[0]["paymentMethod"] == "tok_approved"
    assert all(pause >= 2 for pause in pauses)


def test_what_stays_unknown_has_its_payment_and_its_key(front: Front, merchant: Merchant) -> None:
    front.planned[:] = [PROCESSING] * 9
    payops = merchant.payops(front.url, tries=3, pause=lambda _: None)
    with payops, pytest.raises(Processing) as caught:
        payops.authorize(amount=10_000, currency="KRW", idempotency_key="mine")
    assert (caught.value.status, caught.value.payment_id, caught.value.idempotency_key) == (202, 7, "mine")


def test_why_it_was_declined(front: Front, merchant: Merchant) -> None:
    value = {"code": "PAYMENT_DECLINED", "message": "No.", "declineCode": "insufficient_funds", "paymentId": 7}
    front.planned[:] = [Answer(402, value, {"Content-Type": "application/problem+json"})]
    with merchant.payops(front.url) as payops, pytest.raises(PaymentDeclined) as caught:
        payops.authorize(amount=10_000, currency="KRW")
    assert (caught.value.decline_code, caught.value.payment_id) == ("insufficient_funds", 7)
    assert len(front.requests) == 1
