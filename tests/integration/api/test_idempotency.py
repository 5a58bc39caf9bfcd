"""Every case of idempotency, on every money POST, on both databases, whatever state Redis is in."""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.integration.api.conftest import Api, RedisState, serving

OPERATIONS = ["authorize", "capture", "refund", "void"]


class Desk:
    """Sends one operation again and again to a payment that allows it."""

    def __init__(self, api: Api, redis: RedisState, operation: str) -> None:
        self.api = api
        self.redis = redis
        self.operation = operation
        if operation == "authorize":
            self.path = "/payments/authorize"
            return
        payment = api.authorize("setup").get_json()["paymentId"]
        self.path = f"/payments/{operation}/{payment}"
        if operation == "refund":
            assert api.post(f"/payments/capture/{payment}", {"merchantId": "M1", "amount": 60}).status_code == 200

    def send(self, key: str | None, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        body: dict[str, Any] = {"merchantId": "M1", **more}
        if self.operation == "authorize":
            body = {"amount": 10, "currency": "KRW", **body}
        if key is not None:
            body["idempotencyKey"] = key
        self.redis.keep()
        return self.api.post(self.path, body, **(headers or {}))

    def different(self, key: str) -> TestResponse:
        """Another request with the same key."""
        if self.operation == "void":
            other = self.api.authorize(f"other-{key}").get_json()["paymentId"]
            return self.api.post(f"/payments/void/{other}", {"merchantId": "M1", "idempotencyKey": key})
        return self.send(key, amount=7)


@pytest.fixture(params=OPERATIONS)
def desk(request: pytest.FixtureRequest, database_url: str, redis_state: RedisState) -> Iterator[Desk]:
    with serving(database_url, redis_state.url) as api:
        yield Desk(api, redis_state, request.param)


def test_every_case(desk: Desk) -> None:
    first = desk.send("k")
    assert first.status_code == 200
    assert "Idempotency-Replayed" not in first.headers
    _replays(desk, first)
    _refuses_another_request(desk)
    _takes_the_key_from_the_header(desk, first)
    if desk.operation != "authorize":
        _replays_conflicts(desk)
    _stores_no_other_error(desk)


def _replays(desk: Desk, first: TestResponse) -> None:
    for _ in range(2):
        again = desk.send("k")
        assert (again.status_code, again.data) == (200, first.data)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.content_type == first.content_type


def _refuses_another_request(desk: Desk) -> None:
    answer = desk.different("k")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert "Idempotency-Replayed" not in answer.headers


def _takes_the_key_from_the_header(desk: Desk, first: TestResponse) -> None:
    assert desk.send(None, {"Idempotency-Key": "k"}).data == first.data
    assert desk.send("k", {"Idempotency-Key": "k"}).data == first.data
    differs = desk.send("k", {"Idempotency-Key": "other"})
    assert (differs.status_code, differs.get_json()["code"]) == (400, "VALIDATION_FAILED")
    assert [error["field"] for error in differs.get_json()["errors"]] == ["idempotencyKey"]


def _replays_conflicts(desk: Desk) -> None:
    more: dict[str, Any] = {} if desk.operation == "void" else {"amount": 1000}
    first = desk.send("conflict", **more)
    assert (first.status_code, first.get_json()["code"]) == (409, f"{desk.operation.upper()}_CONFLICT")
    assert first.content_type == "application/problem+json"
    again = desk.send("conflict", **more)
    assert (again.status_code, again.data) == (409, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content_type == "application/problem+json"
    # the answer's request id is the first one's, the header is this request's own
    assert again.get_json()["requestId"] == first.get_json()["requestId"] != again.headers["X-Request-Id"]


def _stores_no_other_error(desk: Desk) -> None:
    wrong = desk.send("fresh", surprise=1)
    assert (wrong.status_code, wrong.get_json()["code"]) == (400, "VALIDATION_FAILED")
    if desk.operation == "authorize":
        assert desk.send("fresh").status_code == 200
        return
    missing = desk.api.post(f"/payments/{desk.operation}/999", {"merchantId": "M1", "idempotencyKey": "fresh"})
    assert (missing.status_code, missing.get_json()["code"]) == (404, "NOT_FOUND")
    assert desk.send("fresh").status_code in (200, 409)


def test_without_a_key_each_capture_is_its_own(api: Api) -> None:
    payment = api.authorize("a").get_json()["paymentId"]
    for captured in (30, 60, 90):
        answer = api.post(f"/payments/capture/{payment}", {"merchantId": "M1", "amount": 30})
        assert answer.get_json()["capturedAmount"] == captured
    assert api.post(f"/payments/capture/{payment}", {"merchantId": "M1", "amount": 30}).status_code == 409


def test_authorize_needs_a_key(api: Api) -> None:
    answer = api.post("/payments/authorize", {"merchantId": "M1", "amount": 1, "currency": "KRW"})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.get_json()["errors"]] == ["idempotencyKey"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("M1", "k"), ("m1", "k")),
        (("M1", "k"), ("M1", "K")),
        (("M1", "k"), ("M1", "k ")),
        (("a", "b:c"), ("a:b", "c")),
        (("a", "1:b"), ("a:1", "b")),
        (("M1", "\u00e9"), ("M1", "e\u0301")),
        (("M1", "k"), ("M1", "k\0")),
        (("M1", "\U0001f600"), ("M1", "\U0001f601")),
    ],
)
def test_keys_and_merchants_are_equal_byte_by_byte(api: Api, one: tuple[str, str], other: tuple[str, str]) -> None:
    payments = {api.authorize(key, merchant).get_json()["paymentId"] for merchant, key in (one, other, one, other)}
    assert len(payments) == 2


def test_a_key_in_the_header_may_hold_any_utf8(api: Api) -> None:
    first = api.authorize("k\u00e9")
    body = {"merchantId": "M1", "amount": 100, "currency": "KRW"}
    header = "k\u00e9".encode().decode("latin-1")
    assert api.post("/payments/authorize", body, Idempotency_Key=header).data == first.data


@pytest.mark.parametrize("key", ["", "k" * 65, "\xff"])
def test_a_wrong_key_in_the_header_is_refused(api: Api, key: str) -> None:
    answer = api.post("/payments/authorize", {"merchantId": "M1", "amount": 1, "currency": "KRW"}, Idempotency_Key=key)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "VALIDATION_FAILED")
    assert answer.get_json()["errors"][0]["field"] == "Idempotency-Key"
