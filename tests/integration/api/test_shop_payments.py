"""/shop/payments: the shop's merchant is paid without a key, in both modes, and nothing else can be done there."""

from collections.abc import Iterator
from typing import Any

import pytest

from payments.merchants.hashing import Peppers
from payments.platform.errors import ServiceUnavailable
from tests.integration.api.conftest import TOKEN, Api, Make, serving

PEPPERS = Peppers([(1, b"p" * 32)])
BODY = {"amount": 100, "currency": "KRW", "idempotencyKey": "k"}


def answered(answer: Any) -> tuple[int, str | None]:
    """(status, code)."""
    return answer.status_code, answer.get_json().get("code")


def operator(api: Api) -> dict[str, str]:
    """The headers of an operator with all scopes."""
    made = api.post("/api-keys", {"name": "kim"}, Authorization=f"Bearer {TOKEN}")
    assert made.status_code == 200, made.get_json()
    return {"Authorization": f"Bearer {made.get_json()['key']}"}


def add(api: Api, merchant_id: str, mode: str = "TEST") -> None:
    body = {"merchantId": merchant_id, "name": merchant_id, "mode": mode}
    assert api.post("/merchants", body, **operator(api)).status_code == 200
    api.services.key_watch.ask()


def suspend(api: Api, merchant_id: str) -> None:
    body = {"state": "SUSPENDED", "reason": "a test"}
    assert api.http.patch(f"/merchants/{merchant_id}", json=body, headers=operator(api)).status_code == 200
    api.services.key_watch.ask()


@pytest.fixture(params=["open", "required"])
def api(request: pytest.FixtureRequest, database_url: str, redis_url: str) -> Iterator[Api]:
    """An application with the shop's merchant STORE, and the merchant M1."""
    required = request.param == "required"
    with serving(database_url, redis_url, peppers=PEPPERS, auth_required=required, shop_merchant="STORE") as api:
        add(api, "STORE")
        add(api, "M1")
        yield api


def test_the_shop_pays_for_its_merchant_without_a_key(api: Api) -> None:
    made = api.post("/shop/payments/authorize", BODY)
    assert made.status_code == 200, made.get_json()
    payment = made.get_json()
    assert payment["merchantId"] == "STORE"
    again = api.post("/shop/payments/authorize", {**BODY, "merchantId": "STORE"})
    assert (again.data, again.headers["Idempotency-Replayed"]) == (made.data, "true")
    number = payment["paymentId"]
    steps = [
        api.post(f"/shop/payments/capture/{number}", {"amount": 60}),
        api.post(f"/shop/payments/refund/{number}", {"amount": 10, "reason": "late"}),
        api.post(f"/shop/payments/void/{number}", {}),
    ]
    assert [step.status_code for step in steps] == [200] * 3
    shown = api.http.get(f"/shop/payments/{number}?merchantId=STORE").get_json()
    assert (shown["paymentId"], shown["merchantId"]) == (number, "STORE")
    assert [item["paymentId"] for item in api.http.get("/shop/payments?limit=1").get_json()["items"]] == [number]


def test_the_shop_never_acts_for_another_merchant(api: Api) -> None:
    for body in ({**BODY, "merchantId": "M1"}, {**BODY, "merchantId": "store"}):
        assert answered(api.post("/shop/payments/authorize", body)) == (403, "MERCHANT_MISMATCH")
    assert answered(api.http.get("/shop/payments?merchantId=M1")) == (403, "MERCHANT_MISMATCH")
    assert answered(api.http.get("/shop/payments/1?merchantId=M1")) == (403, "MERCHANT_MISMATCH")
    headers = operator(api)
    key = api.post("/api-keys", {"name": "k", "merchantId": "M1"}, **headers).get_json()["key"]
    other = api.post("/payments/authorize", BODY, Authorization=f"Bearer {key}").get_json()["paymentId"]
    assert answered(api.http.get(f"/shop/payments/{other}")) == (404, "NOT_FOUND")
    for step in ("capture", "refund", "void"):
        assert answered(api.post(f"/shop/payments/{step}/{other}", {})) == (404, "NOT_FOUND")


@pytest.mark.parametrize("sent", ["Bearer po_test_junk", "Bearer", "Basic !", "po", "operator", "merchant"])
def test_a_credential_is_not_looked_at(api: Api, sent: str) -> None:
    headers = {"Authorization": sent}
    if sent == "operator":
        headers = operator(api)
    elif sent == "merchant":
        key = api.post("/api-keys", {"name": "k", "merchantId": "M1"}, **operator(api)).get_json()["key"]
        headers = {"Authorization": f"Bearer {key}"}
    answers = [api.http.get("/shop/payments", headers=headers) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" in answers[0].headers, "an operator's key lifts no limit here"
    assert api.post("/shop/payments/authorize", BODY, **headers).get_json()["merchantId"] == "STORE"


def test_a_suspended_merchant_pays_no_more(api: Api) -> None:
    assert api.post("/shop/payments/authorize", BODY).status_code == 200
    suspend(api, "STORE")
    refused = api.post("/shop/payments/authorize", {**BODY, "idempotencyKey": "k2"})
    assert answered(refused) == (403, "MERCHANT_SUSPENDED")
    assert answered(api.http.get("/shop/payments")) == (403, "MERCHANT_SUSPENDED")


def test_a_missing_or_live_merchant_makes_the_shop_unusable(sqlite_url: str, redis_url: str) -> None:
    with serving(sqlite_url, redis_url, peppers=PEPPERS, shop_merchant="STORE") as api:
        missing = api.post("/shop/payments/authorize", BODY)
        assert answered(missing) == (503, "SHOP_MERCHANT_UNUSABLE")
        assert "Retry-After" in missing.headers
        add(api, "STORE", "LIVE")
        assert answered(api.post("/shop/payments/authorize", BODY)) == (503, "SHOP_MERCHANT_UNUSABLE")
        assert answered(api.http.get("/shop/payments")) == (503, "SHOP_MERCHANT_UNUSABLE")


@pytest.mark.parametrize("required", [False, True])
def test_without_a_merchant_the_shop_is_off(make_api: Make, required: bool) -> None:
    with make_api(auth_required=required, peppers=PEPPERS) as api:
        assert answered(api.post("/shop/payments/authorize", {**BODY, "merchantId": "M1"})) == (404, "SHOP_OFF")
        assert answered(api.post("/shop/payments/authorize", {})) == (404, "SHOP_OFF"), "before the body"
        assert answered(api.http.get("/shop/payments/1")) == (404, "SHOP_OFF")
        assert answered(api.http.get("/shop/payments/x")) == (404, "NOT_FOUND")
        assert answered(api.http.get("/shop/payments/authorize")) == (405, "METHOD_NOT_ALLOWED")
        assert answered(api.http.get("/shop/payments/1?merchantId=a&merchantId=b")) == (400, "VALIDATION_FAILED")


def test_without_the_database_what_is_known_goes_on_and_else_it_is_503(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api.http.get("/shop/payments").status_code == 200
    reads: list[str] = []

    def down(merchant_id: str) -> None:
        reads.append(merchant_id)
        raise ServiceUnavailable("The database does not answer.")

    monkeypatch.setattr(api.services.shop, "_read", down)
    assert api.post("/shop/payments/authorize", BODY).status_code == 200
    assert reads == []
    suspend(api, "M1")  # moves the epoch
    assert answered(api.post("/shop/payments/authorize", BODY)) == (503, "SERVICE_UNAVAILABLE")
    assert reads == ["STORE"]


def test_it_counts_for_the_same_limits_and_metrics(sqlite_url: str, redis_url: str) -> None:
    limits = dict.fromkeys(("authorize", "capture", "refund"), (2, 60))
    with serving(sqlite_url, redis_url, peppers=PEPPERS, shop_merchant="STORE", limits=limits) as api:
        add(api, "STORE")
        statuses = [
            api.authorize("a", "STORE").status_code,
            api.post("/shop/payments/authorize", BODY).status_code,
            api.post("/shop/payments/authorize", {**BODY, "idempotencyKey": "k3"}).status_code,
            api.authorize("k4", "STORE").status_code,
        ]
        assert statuses == [200, 200, 429, 429]
        text = api.http.get("/metrics").text
    assert (
        'flask_http_request_duration_seconds_count{method="POST",status="200",url_rule="/payments/authorize"} 2.0'
        in text
    )
    assert "/shop" not in text


def test_it_is_not_described(make_api: Make) -> None:
    with make_api(shop_merchant="STORE") as api:
        text = api.http.get("/openapi.json").text
    assert "/shop/" not in text
    assert "/payments/authorize" in text
