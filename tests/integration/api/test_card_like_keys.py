"""A key that looks like a card number or an API key works like any other, and is nowhere stored as sent."""

import logging
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select

from payments.merchants.key_form import Prefix, new_key
from payments.platform.database import create_engine
from payments.platform.tables.every import metadata
from payments.platform.values.sensitive import storable_key
from tests.integration.api.conftest import ADMIN, Api, serving

CARD = "4111111111111111"
GROUPED = "4111-1111-1111-1111"
API_KEY = new_key(Prefix.LIVE).text


def everything(database_url: str, redis_url: str) -> str:
    """The content of all tables and of Redis, keys and values."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        rows = [str(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    engine.dispose()
    with Redis.from_url(redis_url) as client:
        held = [(name, client.dump(name)) for name in client.keys("*")]
    return "\n".join([*rows, *map(str, held)])


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("key", [CARD, GROUPED, f"order {CARD}", API_KEY], ids=["card", "grouped", "order", "API key"])
def test_it_makes_one_payment_and_is_not_kept(
    database_url: str, redis_url: str, key: str, header: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(database_url, redis_url) as api:
        first, again = (send(api, "/payments/authorize", key, header, amount=9, currency="KRW") for _ in range(2))
        assert (first.status_code, again.status_code, again.data) == (200, 200, first.data)
        assert again.headers["Idempotency-Replayed"] == "true"
        path = f"/payments/capture/{first.get_json()['paymentId']}"
        captures = [send(api, path, key, header, amount=1) for _ in range(2)]
        assert [answer.get_json()["capturedAmount"] for answer in captures] == [1, 1]
        reused = send(api, path, key, header, amount=2)
        assert (reused.status_code, reused.get_json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
        named = send(api, "/payments/authorize", storable_key(key), header, amount=9, currency="KRW")
        assert "Idempotency-Replayed" not in named.headers, "the hash is another key"
        shown = "\n".join([first.text, again.text, reused.text, named.text, caplog.text])
    for kept in (everything(database_url, redis_url), shown):
        assert CARD not in kept
        assert GROUPED not in kept
        assert API_KEY not in kept


@pytest.mark.parametrize("key", [CARD, API_KEY], ids=["card", "API key"])
def test_an_adjustment_does_not_keep_it_either(database_url: str, redis_url: str, key: str) -> None:
    with serving(database_url, redis_url) as api:
        api.authorize("k")
        body = {"merchantId": "M1", "currency": "KRW", "amount": 5, "reason": "late"}
        first, again = (api.post("/settlement-adjustments", body, **ADMIN, Idempotency_Key=key) for _ in range(2))
        assert (first.status_code, again.get_json()) == (201, first.get_json())
        assert again.headers["Idempotency-Replayed"] == "true"
    kept = everything(database_url, redis_url)
    assert CARD not in kept
    assert API_KEY not in kept


def send(api: Api, path: str, key: str, header: bool, **body: Any) -> Any:
    if header:
        return api.post(path, {"merchantId": "M1", **body}, Idempotency_Key=key)
    return api.post(path, {"merchantId": "M1", "idempotencyKey": key, **body})


def test_what_people_write_is_refused_still(api: Api) -> None:
    assert api.authorize("k", merchant_id=CARD).status_code == 400
    assert api.authorize("k", merchant_id=API_KEY[:30]).status_code == 400
    payment_id = api.authorize("k").get_json()["paymentId"]
    for secret in (GROUPED, API_KEY):
        body = {"merchantId": "M1", "amount": 1, "reason": f"paid with {secret}"}
        assert api.post(f"/payments/refund/{payment_id}", body).status_code == 400
        answer = api.http.get("/health/live", headers={"X-Request-Id": secret})
        assert answer.headers["X-Request-Id"] != secret
