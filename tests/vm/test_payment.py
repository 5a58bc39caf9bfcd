"""A client pays through the gate, and the posting appears; what is not for clients is not there for them."""

import uuid
from typing import Any

import pytest
import requests

from tests.servers import until
from tests.vm.machines import Machines
from tests.vm.platform import Front

BOOKED_SECONDS = 30
ACCESS_LOG = "/var/log/envoy/access.log"


def pay(session: requests.Session, url: str, key: str, **headers: str) -> requests.Response:
    body = {"amount": 10000, "currency": "KRW", "idempotencyKey": key}
    return session.post(f"{url}/payments/authorize", json=body, headers=headers, timeout=10)


def test_a_payment_is_booked(front: Front, session: requests.Session) -> None:
    url = front.url
    answer = pay(session, url, uuid.uuid4().hex)
    assert answer.status_code == 200, answer.text
    number = answer.json()["paymentId"]
    capture = session.post(f"{url}/payments/capture/{number}", json={}, timeout=10)
    assert capture.json()["status"] == "CAPTURED"

    def booked() -> list[dict[str, Any]]:
        entries = front.payment(number)["ledgerEntries"]
        return entries if len(entries) == 3 else []

    entries = until(booked, "three postings of authorization and capture", seconds=BOOKED_SECONDS)
    entries.sort(key=lambda e: (e["eventId"], e["postingNo"]))  # topics have no order among each other
    assert [(e["debitAccount"], e["creditAccount"], e["amount"]) for e in entries] == [
        ("customer_hold", "hold_clearing", 10000),
        ("hold_clearing", "customer_hold", 10000),
        ("acquirer_receivable", "merchant_payable", 10000),
    ]


def test_a_repeated_key_gets_the_same_answer_from_either_instance(front: Front, session: requests.Session) -> None:
    key = uuid.uuid4().hex
    answers = [pay(session, front.url, key) for _ in range(6)]
    assert {a.status_code for a in answers} == {200}
    assert len({a.content for a in answers}) == 1
    assert [a.headers.get("Idempotency-Replayed") for a in answers] == [None] + ["true"] * 5


def test_a_request_keeps_its_id_from_client_to_logs(
    front: Front, session: requests.Session, machines: Machines
) -> None:
    request_id = f"outside-{uuid.uuid4().hex}"
    answer = pay(session, front.url, uuid.uuid4().hex, **{"X-Request-Id": request_id})
    assert answer.headers["X-Request-Id"] == request_id
    count = ("grep", "-c", f'"requestId":"{request_id}"', ACCESS_LOG)
    # Envoy writes its log every ten seconds
    until(lambda: machines.on("application", *count).code == 0, "it is logged", seconds=60, interval=1)
    assert machines.on("application", *count).well().strip() == "1"


def test_an_id_that_is_none_is_replaced(front: Front, session: requests.Session) -> None:
    answer = pay(session, front.url, uuid.uuid4().hex, **{"X-Request-Id": 'no"id'})
    assert answer.status_code == 200
    assert answer.headers["X-Request-Id"].replace("-", "").isalnum()


def test_a_payment_without_tls_is_refused_and_not_redirected(front: Front, session: requests.Session) -> None:
    """A client that follows redirects would go on sending its key in clear, and nobody would notice."""
    plain = front.url.replace("https:", "http:")
    answer = pay(session, plain, uuid.uuid4().hex)
    assert (answer.status_code, answer.json()["code"]) == (403, "GATEWAY_FORBIDDEN")
    assert session.get(f"{plain}/payments?limit=1", timeout=10).status_code == 403
    read = requests.get(f"{plain}/shop/payments?limit=1", timeout=10, allow_redirects=False)
    there = read.headers["Location"].replace(":443/", "/")
    assert (read.status_code, there) == (308, f"{front.url}/shop/payments?limit=1")
    with pytest.raises(requests.ConnectionError):
        session.get(f"{plain}:8080/health/live", timeout=2)


def test_a_body_beyond_all_measure_is_a_problem_like_any_other(front: Front, session: requests.Session) -> None:
    answer = session.post(f"{front.url}/payments/authorize", data=b"x" * 100_000, timeout=10)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "GATEWAY_BODY_TOO_LARGE"
