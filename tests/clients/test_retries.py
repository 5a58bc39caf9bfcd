"""What the Python client does when an answer is late, lost, cut off, or says: not now. Money moves once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import yaml

from payments.platform.problems import PROBLEMS
from payops_client import (
    Conflict,
    OutcomeUnknown,
    Payops,
    PayopsError,
    RequestInProgress,
    TryAgain,
    UnexpectedAnswer,
)
from payops_client.errors import BY_CODE, OF_GATE
from stack.ports import free_port
from tests.clients.conftest import Front, Merchant
from tests.contracts.line import Cut, Line, line_to
from tests.e2e.gunicorn import ApiServer
from tests.repo.sources import ROOT
from tests.serving import Answer, Request, serving

COMMAND = b"idempotencyKey"
"""What only the body of a command holds."""
GATE = {
    one["code"]: one["status"]
    for one in yaml.safe_load((ROOT / "ansible/roles/envoy/vars/main.yml").read_text(encoding="utf-8"))[
        "_envoy_problems"
    ]
}
"""Code → status of what the gate before the API answers itself."""


def problem(code: str, **headers: str) -> Answer:
    body = {"code": code, "message": "As planned.", "requestId": "r-1", "errors": []}
    return Answer(GATE.get(code) or PROBLEMS[code][0], body, {"Content-Type": "application/problem+json", **headers})


NOT_NOW = [
    "REQUEST_IN_PROGRESS",
    "RATE_LIMIT_EXCEEDED",
    "SERVICE_UNAVAILABLE",
    "ACQUIRER_UNAVAILABLE",
    "OUTCOME_UNKNOWN",
    *OF_GATE,
]


@pytest.fixture
def line(api: ApiServer) -> Iterator[Line]:
    with line_to(api.port) as line:
        yield line


def through(merchant: Merchant, line: Line, **options: Any) -> Payops:
    return merchant.payops(f"http://127.0.0.1:{line.port}", **options)


@pytest.mark.parametrize("cut", Cut)
def test_a_lost_answer_moves_money_once(merchant: Merchant, line: Line, cut: Cut) -> None:
    pauses: list[float] = []
    with through(merchant, line, pause=pauses.append) as payops:
        line.cut_at(COMMAND, cut)
        made = payops.authorize(amount=10_000, currency="KRW")
        line.cut_at(COMMAND, cut)
        payops.capture(made["paymentId"], amount=6_000)
        line.cut_at(COMMAND, cut)
        payops.refund(made["paymentId"], amount=1_000)
    [payment] = merchant.payments()
    assert (payment["capturedAmount"], payment["refundedAmount"]) == (6_000, 1_000)
    assert (line.cuts, len(pauses)) == (3, 3)


def test_an_answer_that_is_late_is_asked_for_again(merchant: Merchant, line: Line) -> None:
    line.delay = 60.0

    def be_quick(_: float) -> None:
        line.delay = 0.0

    with through(merchant, line, timeout=1.0, pause=be_quick) as payops:
        payops.authorize(amount=10_000, currency="KRW")
    assert line.delay == 0.0
    assert len(merchant.payments()) == 1


def test_a_read_is_repeated_too(merchant: Merchant, line: Line) -> None:
    with through(merchant, line, pause=lambda _: None) as payops:
        payops.authorize(amount=1, currency="KRW")
        line.cut_at(b"GET /payments", Cut.AFTER)
        assert len(list(payops.list())) == 1
    assert line.cuts == 1


def test_who_gives_up_can_go_on_with_the_key(merchant: Merchant, line: Line) -> None:
    def cut_again(_: float) -> None:
        line.cut_at(COMMAND, Cut.AFTER)

    cut_again(0)
    with through(merchant, line, tries=3, pause=cut_again) as payops:
        with pytest.raises(OutcomeUnknown) as caught:
            payops.authorize(amount=10_000, currency="KRW")
        assert (line.cuts, caught.value.code, caught.value.status) == (3, "NO_ANSWER", None)
    [payment] = merchant.payments()
    key = caught.value.idempotency_key
    with merchant.payops() as payops:
        again = payops.authorize(amount=10_000, currency="KRW", idempotency_key=key)
    assert again["paymentId"] == payment["paymentId"]
    assert len(merchant.payments()) == 1


@pytest.mark.parametrize("code", NOT_NOW)
def test_not_now_is_repeated_with_the_same_key_and_not_too_early(front: Front, merchant: Merchant, code: str) -> None:
    front.planned[:] = [problem(code, **{"Retry-After": "7"})] * 2
    pauses: list[float] = []
    with merchant.payops(front.url, pause=pauses.append) as payops:
        payops.authorize(amount=10_000, currency="KRW")
    sent = [request.json for request in front.requests]
    assert len(sent) == 3
    assert len({one["idempotencyKey"] for one in sent}) == 1
    assert sent[0] == sent[1] == sent[2]
    assert len(pauses) == 2
    assert all(7 <= pause <= 8 for pause in pauses), pauses
    assert len(merchant.payments()) == 1


def test_a_time_is_an_answer_to_when(front: Front, merchant: Merchant) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=31), usegmt=True)
    front.planned[:] = [problem("SERVICE_UNAVAILABLE", **{"Retry-After": at})]
    pauses: list[float] = []
    with merchant.payops(front.url, pause=pauses.append) as payops:
        payops.void(payops.authorize(amount=1, currency="KRW")["paymentId"])
    assert len(pauses) == 1
    assert 1 < pauses[0] < 32


@pytest.mark.parametrize("code", NOT_NOW)
def test_tries_are_bounded(front: Front, merchant: Merchant, code: str) -> None:
    front.planned[:] = [problem(code, **{"Retry-After": "1"})] * 10
    with merchant.payops(front.url, tries=4, pause=lambda _: None) as payops, pytest.raises(TryAgain) as caught:
        payops.authorize(amount=10_000, currency="KRW", idempotency_key="mine")
    assert len(front.requests) == 4
    assert (caught.value.code, caught.value.request_id, caught.value.retry_after) == (code, "r-1", 1.0)
    assert caught.value.idempotency_key == "mine"


def test_the_time_is_bounded(front: Front, merchant: Merchant) -> None:
    front.planned[:] = [problem("REQUEST_IN_PROGRESS", **{"Retry-After": "31"})]
    pauses: list[float] = []
    payops = merchant.payops(front.url, total_seconds=30, pause=pauses.append)
    with pytest.raises(RequestInProgress):
        payops.authorize(amount=10_000, currency="KRW")
    assert pauses == []


@pytest.mark.parametrize("code", sorted(set(BY_CODE) - set(NOT_NOW)))
def test_a_refusal_is_not_repeated(front: Front, merchant: Merchant, code: str) -> None:
    front.planned[:] = [problem(code)]
    with merchant.payops(front.url) as payops, pytest.raises(PayopsError) as caught:
        payops.authorize(amount=10_000, currency="KRW")
    assert not isinstance(caught.value, TryAgain)
    assert caught.value.code == code
    assert len(front.requests) == 1


def test_a_code_that_is_newer_than_the_client_is_of_its_status_family(front: Front, merchant: Merchant) -> None:
    front.planned[:] = [Answer(409, {"code": "NEW"}, {"Content-Type": "application/problem+json; charset=utf-8"})]
    with merchant.payops(front.url) as payops, pytest.raises(Conflict) as caught:
        payops.authorize(amount=10_000, currency="KRW")
    assert caught.value.code == "NEW"


@pytest.mark.parametrize("status", [502, 503, 504, 429])
def test_what_a_proxy_says_for_a_while_is_repeated(front: Front, merchant: Merchant, status: int) -> None:
    front.planned[:] = [Answer(status, "Bad Gateway", {"Content-Type": "text/html"})]
    with merchant.payops(front.url, pause=lambda _: None) as payops:
        payops.authorize(amount=10_000, currency="KRW")
    assert len(front.requests) == 2
    assert len(merchant.payments()) == 1


@pytest.mark.parametrize("status", [200, 204, 404, 500])
def test_an_answer_of_something_else_is_an_error(front: Front, merchant: Merchant, status: int) -> None:
    front.planned[:] = [Answer(status, ["not", "ours"])]
    with merchant.payops(front.url) as payops, pytest.raises(UnexpectedAnswer) as caught:
        payops.authorize(amount=10_000, currency="KRW", idempotency_key="mine")
    assert (caught.value.status, caught.value.code, caught.value.idempotency_key) == (status, f"HTTP_{status}", "mine")


def test_a_redirect_is_not_followed(front: Front, merchant: Merchant) -> None:
    def answer(request: Request, url: str) -> Answer:
        return Answer(200, {})

    with serving(answer) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            front.planned[:] = [Answer(status, {}, {"Location": elsewhere.url})]
            with merchant.payops(front.url) as payops, pytest.raises(UnexpectedAnswer):
                payops.authorize(amount=10_000, currency="KRW")
    assert elsewhere.requests == [], "the key would go with it"


def test_nobody_listens() -> None:
    pauses: list[float] = []
    gone = f"http://127.0.0.1:{free_port()}"
    with Payops("po_test_x", gone, tries=3, pause=pauses.append) as payops, pytest.raises(OutcomeUnknown):
        payops.show(1)
    assert len(pauses) == 2
