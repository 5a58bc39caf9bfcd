"""Validation of request bodies, and their digests."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.api import schemas
from app.api.schemas import AuthorizeBody, CaptureBody, RefundBody, TransitionBody, VoidBody
from app.http.errors import invalid_fields
from payments.breaker.rules import State
from payments.platform.values import card_numbers
from payments.platform.values.money import DECIMALS, MAX_AMOUNT

GOOD = {"merchantId": "M1", "amount": 1, "currency": "KRW", "idempotencyKey": "k"}


def problems(model: type[schemas.Body], data: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return list(invalid_fields(caught.value).errors)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("merchantId", "M" * 32),
        ("merchantId", "é" * 32),
        ("merchantId", "\U0001f600" * 32),
        ("merchantId", " a "),
        ("merchantId", "a\0b"),
        ("amount", MAX_AMOUNT),
        ("idempotencyKey", "\U0001f600" * 64),
    ],
)
def test_values_at_the_edge_are_taken_as_they_are(field: str, value: Any) -> None:
    body = AuthorizeBody.model_validate({**GOOD, field: value})
    assert body.model_dump(by_alias=True)[field] == value


@pytest.mark.parametrize("code", sorted(DECIMALS))
def test_every_circulating_currency_is_taken(code: str) -> None:
    assert AuthorizeBody.model_validate({**GOOD, "currency": code}).currency == code


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("merchantId", "", "must have at least 1 character"),
        ("merchantId", "M" * 33, "must have at most 32 characters"),
        ("merchantId", " \t ", "must not be only white space"),
        ("merchantId", "\x1c\u2003", "must not be only white space"),
        ("merchantId", 1, "must be a valid string"),
        ("merchantId", None, "must be a valid string"),
        ("amount", 0, "must be greater than or equal to 1"),
        ("amount", -1, "must be greater than or equal to 1"),
        ("amount", MAX_AMOUNT + 1, f"must be less than or equal to {MAX_AMOUNT}"),
        ("amount", 1e20, "must be a valid integer"),
        ("amount", 1.0, "must be a valid integer"),
        ("amount", "1", "must be a valid integer"),
        ("amount", True, "must be a valid integer"),
        ("amount", None, "must be a valid integer"),
        ("currency", "krw", "must be the upper case ISO 4217 code of a circulating currency"),
        ("currency", "XAU", "must be the upper case ISO 4217 code of a circulating currency"),
        ("currency", "KRW ", "must be the upper case ISO 4217 code of a circulating currency"),
        ("idempotencyKey", "", "must have at least 1 character"),
        ("idempotencyKey", "k" * 65, "must have at most 64 characters"),
        ("idempotencyKey", None, "must be a valid string"),
        ("amuont", 1, "is not a field of this request"),
        ("paymentMethod", "", "must match pattern '^[A-Za-z0-9_-]{1,64}$'"),
        ("paymentMethod", "x" * 65, "must match pattern '^[A-Za-z0-9_-]{1,64}$'"),
        ("paymentMethod", "tok approved", "must match pattern '^[A-Za-z0-9_-]{1,64}$'"),
        ("paymentMethod", "tok_approved\n", "must match pattern '^[A-Za-z0-9_-]{1,64}$'"),
        ("paymentMethod", None, "must be a valid string"),
        ("paymentMethod", "4242424242424242", card_numbers.REFUSAL),
        ("paymentMethod", "4242-4242-4242-4242", card_numbers.REFUSAL),
    ],
)
def test_a_wrong_value_is_named_as_in_the_json(field: str, value: Any, message: str) -> None:
    assert problems(AuthorizeBody, {**GOOD, field: value}) == [(field, message)]


def test_all_that_is_wrong_is_listed() -> None:
    found = problems(AuthorizeBody, {"merchantId": "", "amount": 0, "extra": 1})
    assert [field for field, _ in found] == ["merchantId", "amount", "currency", "extra"]


@pytest.mark.parametrize("data", [[], None, 1, "text", True])
def test_a_body_is_an_object(data: Any) -> None:
    assert problems(VoidBody, data) == [("", "must be a JSON object")]


def test_an_amount_that_is_null_does_not_mean_everything() -> None:
    assert CaptureBody.model_validate({"merchantId": "M1"}).amount is None
    assert problems(CaptureBody, {"merchantId": "M1", "amount": None}) == [("amount", "must be a valid integer")]


def test_the_digest_tells_requests_apart_but_not_by_their_keys() -> None:
    base = CaptureBody.model_validate({"merchantId": "M1", "amount": 5, "idempotencyKey": "a"})
    same = CaptureBody.model_validate({"idempotencyKey": "b", "amount": 5, "merchantId": "M1"})
    assert base.digest("capture", 1) == same.digest("capture", 1)
    others = [
        base.digest("refund", 1),
        base.digest("capture", 2),
        CaptureBody.model_validate({"merchantId": "M1", "amount": 6}).digest("capture", 1),
        CaptureBody.model_validate({"merchantId": "M1"}).digest("capture", 1),
        RefundBody.model_validate({"merchantId": "M1", "amount": 5, "reason": "x"}).digest("capture", 1),
    ]
    assert len({base.digest("capture", 1), *others}) == 6


def test_a_digest_stays_what_it_was() -> None:
    """Stored answers are compared with digests of this release for 30 days."""
    body = AuthorizeBody.model_validate(GOOD)
    assert body.digest("authorize", 0) == "b89879cc6ac0a684df3d3573d44bd8f28b8494293dc2faeaa5c298d590a52bb4"


def test_another_payment_method_is_another_request() -> None:
    bodies = [AuthorizeBody.model_validate({**GOOD, "paymentMethod": method}) for method in ("tok_a", "tok_b")]
    assert "tok_" not in repr(bodies)
    assert len({body.digest("authorize", 0) for body in [*bodies, AuthorizeBody.model_validate(GOOD)]}) == 3


@pytest.mark.parametrize("state", State)
def test_the_breaker_goes_to_every_state(state: State) -> None:
    assert TransitionBody.model_validate({"to": state.value}).to is state


def test_the_breaker_goes_to_known_states_only() -> None:
    assert problems(TransitionBody, {"to": "METRICS_ONLY"})[0][0] == "to"
