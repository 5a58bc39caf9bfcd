"""Problem details: the members of RFC 9457 and of the contract, and which may be retried."""

import json
from http import HTTPStatus

import pytest

from payments.platform.errors import (
    CaptureConflict,
    NotFound,
    OutcomeUnknown,
    Recoverable,
    RequestInProgress,
    ServiceUnavailable,
    ValidationFailed,
)
from payments.platform.problems import PROBLEMS, body_of, problem_body, retry_after, status_of


def test_members_and_their_order() -> None:
    error = CaptureConflict("Cannot capture 5: only 3 is open.", payment_id=7)
    assert body_of(error, instance="/payments/capture/7", request_id="r-1").decode() == (
        '{"type":"urn:payops:problem:capture-conflict","title":"The payment cannot be captured","status":409,'
        '"detail":"Cannot capture 5: only 3 is open.","instance":"/payments/capture/7","code":"CAPTURE_CONFLICT",'
        '"message":"Cannot capture 5: only 3 is open.","paymentId":7,"requestId":"r-1","errors":[]}'
    )


def test_fields_are_listed() -> None:
    error = ValidationFailed("2 values are wrong.", (("amount", "is missing"), ("currency", "is not known")))
    problem = json.loads(body_of(error, instance="/", request_id="r"))
    assert problem["errors"] == [
        {"field": "amount", "message": "is missing"},
        {"field": "currency", "message": "is not known"},
    ]
    assert "paymentId" not in problem


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_code_has_a_status_a_title_and_a_type(code: str) -> None:
    problem = json.loads(problem_body(code, "Why.", instance="/a", request_id="r"))
    assert problem["status"] == status_of(code) == HTTPStatus(status_of(code))
    assert 400 <= problem["status"] < 600
    assert problem["title"]
    assert problem["type"].removeprefix("urn:payops:problem:").replace("-", "_").upper() == code


@pytest.mark.parametrize("error", [RequestInProgress("a"), ServiceUnavailable("a"), OutcomeUnknown("a")])
def test_what_may_succeed_later_says_when(error: Recoverable) -> None:
    assert retry_after(error) == 1


def test_what_is_permanent_never_asks_for_a_repeat() -> None:
    assert retry_after(NotFound("a")) is None
