"""Refusals of a money request before Redis and the database, their order and their bodies."""

import json
from typing import Any

import pytest
from redis import Redis

from tests.integration.api.conftest import Api, Make

GOOD = {"merchantId": "M1", "amount": 1, "currency": "KRW", "idempotencyKey": "k"}


@pytest.fixture
def api(make_api: Make) -> Any:
    with make_api(limits=dict.fromkeys(("authorize", "capture", "refund"), (2, 60))) as made:
        yield made


def code(api: Api, path: str = "/payments/authorize", **request: Any) -> tuple[int, str]:
    answer = api.http.post(path, **{"content_type": "application/json", **request})
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == answer.status_code
    assert problem["requestId"] == answer.headers["X-Request-Id"]
    assert {"type", "title", "status", "detail", "instance", "code", "message", "requestId", "errors"} <= set(problem)
    return answer.status_code, problem["code"]


MALFORMED = {
    "nothing": b"",
    "half": b'{"merchantId":',
    "NaN": b'{"amount":NaN}',
    "Infinity": b'{"amount":-Infinity}',
    "not UTF-8": b'{"merchantId":"\xff"}',
    "UTF-16": '{"merchantId":"M1"}'.encode("utf-16"),
    "lone surrogate": b'{"merchantId":"\\ud800"}',
    "too deep": b"[" * 2000 + b"]" * 2000,
    "trailing": b"{} {}",
    "single quotes": b"{'merchantId':'M1'}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_json(api: Api, body: bytes) -> None:
    assert code(api, data=body) == (400, "MALFORMED_JSON")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"1", b"{}", b'{"merchantId":1}'])
def test_json_that_is_no_request(api: Api, body: bytes) -> None:
    assert code(api, data=body) == (400, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/xml", "application/problem+json", "multipart/form-data"]
)
def test_other_media_types(api: Api, media_type: str) -> None:
    assert code(api, data=json.dumps(GOOD), content_type=media_type) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_by_its_names(api: Api, media_type: str) -> None:
    assert api.http.post("/payments/authorize", data=json.dumps(GOOD), content_type=media_type).status_code == 200


def test_16_kib_is_the_largest_body(api: Api) -> None:
    body = json.dumps(GOOD).encode()
    assert (
        api.http.post("/payments/authorize", data=body.ljust(16 * 1024), content_type="application/json").status_code
        == 200
    )
    assert code(api, data=body.ljust(16 * 1024 + 1)) == (413, "PAYLOAD_TOO_LARGE")


def test_size_comes_before_media_type_before_json_before_model(api: Api) -> None:
    large = b"x" * (16 * 1024 + 1)
    assert code(api, data=large, content_type="text/plain") == (413, "PAYLOAD_TOO_LARGE")
    assert code(api, data=b"x", content_type="text/plain") == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert code(api, data=b"x") == (400, "MALFORMED_JSON")


def test_what_is_refused_for_its_form_is_not_counted(api: Api, redis_url: str) -> None:
    for body in (b"x", b"{}", json.dumps({**GOOD, "amount": 0}).encode()):
        code(api, data=body)
    with Redis.from_url(redis_url) as client:
        assert client.keys("payops:*:window:*") == []


def test_a_replay_is_neither_counted_nor_limited(api: Api) -> None:
    first = api.authorize("k0")
    assert first.headers["X-RateLimit-Remaining"] == "1"
    assert api.authorize("k0").headers["X-RateLimit-Remaining"] == "1"
    assert api.authorize("k1").headers["X-RateLimit-Remaining"] == "0"
    refused = api.authorize("k2")
    assert (refused.status_code, refused.get_json()["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert (refused.headers["X-RateLimit-Limit"], refused.headers["X-RateLimit-Remaining"]) == ("2", "0")
    assert api.authorize("k0").data == first.data
    assert api.authorize("k0", amount=7).status_code == 422


def test_the_model_comes_before_the_limit_and_the_limit_before_the_payment(api: Api) -> None:
    payment_id = api.authorize("k").get_json()["paymentId"]
    body = {"merchantId": "M1", "amount": 1}
    path = f"/payments/capture/{payment_id}"
    assert [api.post(path, body).status_code for _ in range(3)] == [200, 200, 429]
    assert api.post("/payments/capture/99", body).status_code == 429
    assert api.post(path, {"merchantId": ""}).status_code == 400


@pytest.mark.parametrize("payment_id", ["0", "-1", "1.0", "abc", "01", str(2**63), "9" * 30, "%C2%B2", "\u0661"])
def test_an_id_that_no_payment_can_have_is_not_found(api: Api, payment_id: str) -> None:
    assert code(api, f"/payments/capture/{payment_id}", data=b"x")[0] == 404


def test_the_largest_id_is_an_id(api: Api) -> None:
    assert api.post(f"/payments/capture/{2**63 - 1}", {"merchantId": "M1"}).get_json()["code"] == "NOT_FOUND"


@pytest.mark.parametrize("path", ["/payments/", "/payments//1", "/nothing", "/payments/1/", "/PAYMENTS"])
def test_unknown_paths_are_problems_and_never_redirects(api: Api, path: str) -> None:
    answer = api.http.get(path)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_name_the_right_one(api: Api, method: str) -> None:
    answer = api.http.open("/payments/authorize", method=method)
    assert (answer.status_code, answer.get_json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("given", ["abc", "A-b_c.9", "x" * 128])
def test_a_request_id_is_taken_over(api: Api, given: str) -> None:
    assert api.http.get("/health/live", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "\u00e9", "a;b"])
def test_another_request_id_is_replaced(api: Api, given: str) -> None:
    made = api.http.get("/health/live", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert made != given
    assert len(made) == 32
