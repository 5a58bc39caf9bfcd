"""A wrong request that names a merchant does not count against the merchant's window."""

from typing import Any

import pytest
from redis import Redis

from app.services import Services
from tests.integration.api.conftest import Api, Make

ALL = ("authorize", "capture", "refund")


def limits(capacity: int, address: int = 0) -> dict[str, tuple[int, int]]:
    return {**dict.fromkeys(ALL, (capacity, 60)), "address": (address, 60)}


def remaining(api: Api, operation: str) -> int:
    services: Services = api.services
    return services.admission.windows("M1")[operation].remaining


@pytest.mark.parametrize("operation", ["capture", "refund", "void"])
def test_a_payment_that_is_not_the_merchants_is_not_counted(make_api: Make, operation: str) -> None:
    with make_api(limits=limits(2)) as api:
        others = api.authorize("k", merchant_id="M2").get_json()["paymentId"]
        for payment_id in (others, 99, 2**63 - 1):
            answers = [api.post(f"/payments/{operation}/{payment_id}", {"merchantId": "M1"}) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [404] * 3
            assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2"] * 3
        assert remaining(api, "refund" if operation == "refund" else "capture") == 2


def test_another_request_with_a_used_key_is_not_counted(make_api: Make, redis_url: str) -> None:
    with make_api(limits=limits(2)) as api:
        assert api.authorize("k").status_code == 200
        Redis.from_url(redis_url).flushdb()  # so that the database finds the key
        assert [api.authorize("k", amount=7).status_code for _ in range(3)] == [422] * 3
        assert [api.authorize("k").status_code for _ in range(3)] == [200] * 3
        assert remaining(api, "authorize") == 2


BAD: list[dict[str, Any]] = [{"amount": 0}, {"currency": "xxx"}, {"more": 1}, {"amount": "1"}]


def test_what_is_not_valid_is_not_counted(make_api: Make) -> None:
    with make_api(limits=limits(1)) as api:
        assert [api.authorize("k", **bad).status_code for bad in BAD] == [400] * 4
        assert remaining(api, "authorize") == 1
        assert api.authorize("k").status_code == 200
        assert api.authorize("k2").status_code == 429


def test_conflicts_count_as_they_are_answers_to_right_requests(make_api: Make) -> None:
    with make_api(limits=limits(2)) as api:
        payment_id = api.authorize("k").get_json()["paymentId"]
        body = {"merchantId": "M1", "amount": 10**6}
        statuses = [api.post(f"/payments/capture/{payment_id}", body).status_code for _ in range(3)]
        assert statuses == [409, 409, 429]


def test_an_address_has_a_limit_over_all_merchants_and_operations(make_api: Make) -> None:
    with make_api(limits=limits(100, address=3), trusted_proxies=1) as api:
        first = authorize(api, "M1", "10.0.0.1")
        payment_id = first.get_json()["paymentId"]
        assert authorize(api, "M2", "10.0.0.1").status_code == 200
        capture = f"/payments/capture/{payment_id}"
        wrong = api.post(capture, {"merchantId": "M2"}, X_Forwarded_For="10.0.0.1")
        assert wrong.status_code == 404, "a wrong request counts for its address"
        refused = authorize(api, "M3", "10.0.0.1")
        assert (refused.status_code, refused.get_json()["code"]) == (429, "RATE_LIMIT_EXCEEDED")
        assert "address" in refused.get_json()["message"]
        assert (refused.headers["X-RateLimit-Limit"], refused.headers["X-RateLimit-Remaining"]) == ("3", "0")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert authorize(api, "M1", "10.0.0.1").status_code == 200, "a repetition is not counted"
        assert authorize(api, "M3", "10.0.0.2").headers["X-RateLimit-Remaining"] == "99"
        (rejections,) = api.services.metrics.rejections.labels("authorize").collect()
        assert [sample.value for sample in rejections.samples if sample.name.endswith("_total")] == [1]


def authorize(api: Api, merchant_id: str, address: str) -> Any:
    body = {"merchantId": merchant_id, "amount": 100, "currency": "KRW", "idempotencyKey": "k"}
    return api.post("/payments/authorize", body, X_Forwarded_For=address)


def test_a_limit_by_address_alone(make_api: Make) -> None:
    with make_api(limits=limits(0, address=2)) as api:
        answers = [api.authorize(key) for key in "abc"]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert "X-RateLimit-Limit" not in answers[0].headers
