"""The secret of an API key, sent right or in every wrong place, is in nothing that the platform stores or says."""

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from redis import Redis

from payments.merchants.key_form import Prefix, new_key
from stack.platform import DATABASE, Platform, real_platform
from tests.e2e.test_commit_log import everything_published, everything_stored
from tests.e2e.test_traces import collector, names
from tests.otlp_collector import Collector
from tests.servers import until

__all__ = ["collector"]
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def platform(collector: Collector) -> Iterator[Platform]:
    """The platform, with required keys and traces."""
    settings = {"APP_AUTH": "required", "APP_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with real_platform(settings) as platform:
        yield platform


@dataclass
class Client:
    """Sends requests with an operator's and a merchant's key."""

    url: str
    operator: str
    merchant: str = ""

    def send(self, verb: str, path: str, key: str | None = None, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.merchant if key is None else key}", **more.pop("headers", {})}
        return requests.request(verb, f"{self.url}{path}", headers=headers, timeout=10, **more)

    def made(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.send("POST", path, self.operator, json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def pay(self, key: str, **headers: str) -> int:
        body = {"amount": 1000, "currency": "KRW", "idempotencyKey": key}
        answer = self.send("POST", "/payments/authorize", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["paymentId"])

    def is_posted(self, payment_id: int) -> bool:
        return all(event["postedAt"] for event in self.send("GET", f"/payments/{payment_id}").json()["events"])


@pytest.fixture
def client(platform: Platform) -> Client:
    first = requests.post(
        f"{platform.api.url}/api-keys",
        json={"name": "kim"},
        headers={"Authorization": f"Bearer {platform.admin_token}"},
        timeout=10,
    )
    client = Client(platform.api.url, first.json()["key"])
    client.made("/merchants", merchantId="M1", name="M1", mode="TEST")
    client.merchant = client.made("/api-keys", merchantId="M1", name="shop")["key"]
    return client


def as_credentials(client: Client, key: str) -> Iterator[requests.Response]:
    """The key as the request's own, in both schemes."""
    yield client.send("GET", "/payments", key)
    yield client.send("GET", "/api-keys/current", key)
    for pair in ((key, ""), ("shop", key)):
        basic = base64.b64encode(":".join(pair).encode()).decode()
        yield client.send("GET", "/payments", headers={"Authorization": f"Basic {basic}"})
    yield client.send("GET", "/payments", headers={"Authorization": f"Token {key}"})
    yield client.send("GET", "/payments", headers={"Authorization": key})


def in_heads(client: Client, key: str) -> Iterator[requests.Response]:
    """In headers, paths and queries that are not for keys, and are logged or traced elsewhere."""
    body = {"amount": 1, "currency": "KRW"}
    for name in (
        "X-Api-Key",
        "Cookie",
        "User-Agent",
        "X-Request-Id",
        "traceparent",
        "tracestate",
        "Referer",
        "baggage",
    ):
        yield client.send(
            "POST", "/payments/authorize", json={**body, "idempotencyKey": f"in {name}"}, headers={name: key}
        )
    yield client.send("POST", "/payments/authorize", json=body, headers={"Idempotency-Key": key})
    for path in ("/payments?key={}", "/payments?cursor={}", "/payments/{}", "/{}", "/payments?merchantId={}"):
        yield client.send("GET", path.format(key))
    for path in ("/operations/payments?q={}", "/operations/payments?requestId={}", "/operator-actions?cursor={}"):
        yield client.send("GET", path.format(key), client.operator)


def in_bodies(client: Client, key: str, payment_id: int) -> Iterator[requests.Response]:
    """In each field of texts, in unknown ones, and in bodies that are none."""
    body = {"amount": 1, "currency": "KRW"}
    for fields in ({"idempotencyKey": key}, {"merchantId": key}, {"currency": key}, {key: key}):
        yield client.send("POST", "/payments/authorize", json={**body, "idempotencyKey": "k", **fields})
    yield client.send("POST", "/payments/authorize", data=f'{{"amount":"{key}', headers=JSON)
    yield client.send("POST", "/payments/authorize", data={"key": key})
    path = f"/payments/capture/{payment_id}"
    yield client.send("POST", path, json={"amount": 10**9, "idempotencyKey": f"c {key[:60]}"})
    yield client.send("POST", f"/payments/refund/{payment_id}", json={"reason": f"by {key}"})
    operator = client.operator
    yield client.send("POST", f"/operations/payments/{payment_id}/void", operator, json={"reason": key})
    yield client.send("POST", "/merchants", operator, json={"merchantId": "x", "name": key, "mode": "TEST"})
    yield client.send("PATCH", "/merchants/M1", operator, json={"state": "ACTIVE", "reason": key})
    yield client.send("POST", "/api-keys", operator, json={"name": key})
    yield client.send("POST", "/api-keys", operator, json={"name": "k", "allowedNetworks": [key]})
    yield client.send("POST", f"/api-keys/{key}/revoke", operator, json={"reason": "x"})


def crash(platform: Platform, client: Client, key: str) -> Iterator[requests.Response]:
    """Requests that end with a traceback, with the key in all that they have."""
    away = f"{DATABASE}.api_key TO {DATABASE}.away", f"{DATABASE}.away TO {DATABASE}.api_key"
    platform.mariadb.execute(f"RENAME TABLE {away[0]}")
    more = {"headers": {"X-Request-Id": key, "User-Agent": key}}
    yield client.send("GET", f"/api-keys?key={key}", client.operator, **more)
    yield client.send("POST", f"/api-keys/{key}/revoke?key={key}", client.operator, json={"reason": "x"}, **more)
    platform.mariadb.execute(f"RENAME TABLE {away[1]}")


def everything_in_redis(platform: Platform) -> str:
    """Keys and values. Not by DUMP, which compresses."""
    with Redis.from_url(platform.redis.url) as redis:
        read = {
            b"string": redis.get,
            b"hash": redis.hgetall,
            b"list": lambda name: redis.lrange(name, 0, -1),
            b"set": redis.smembers,
            b"zset": lambda name: redis.zrange(name, 0, -1, withscores=True),
        }
        return "\n".join(f"{name!r} {read[redis.type(name)](name)!r}" for name in redis.keys("*"))


def places(platform: Platform, collector: Collector) -> dict[str, str]:
    """All that the platform has stored or said, by its place."""
    running = {**platform.programs, **platform.servers}
    metrics = [f"http://127.0.0.1:{part.port}/metrics" for part in platform.programs.values()]
    return {
        **{f"log of {name}": part.log.read_text(errors="replace") for name, part in running.items()},
        "tables": everything_stored(platform),
        "Redis": everything_in_redis(platform),
        "Kafka": everything_published(platform),
        "metrics": "".join(requests.get(url, timeout=10).text for url in metrics),
        "traces": "".join(str(span) for spans in list(collector.spans.values()) for _, span in list(spans)),
    }


def with_another_secret(key: str) -> str:
    """A key with the same id and a right checksum."""
    key_id = iter(key[10:20])
    return new_key(Prefix(key[3:7]), lambda letters: next(key_id, None) or secrets.choice(letters)).text


def test_no_place_has_a_secret_that_was_sent(platform: Platform, client: Client, collector: Collector) -> None:
    payment_id = client.pay("first")
    keys = [client.merchant, client.operator, with_another_secret(client.merchant), client.merchant[:-1]]
    statuses = set()
    for key in keys:
        for answers in (as_credentials(client, key), in_heads(client, key), in_bodies(client, key, payment_id)):
            statuses |= {answer.status_code for answer in answers}
    assert statuses - {429} == {200, 400, 401, 403, 404, 409, 415}, "none of them crashed"
    crashed = [answer.json()["code"] for key in keys for answer in crash(platform, client, key)]
    assert crashed == ["SERVICE_UNAVAILABLE", "OUTCOME_UNKNOWN"] * len(keys)
    last = client.pay("last", traceparent=f"00-{TRACE_ID}-00f067aa0ba902b7-01")
    until(lambda: client.is_posted(last), "all is posted")
    until(lambda: {"commit", "publish", "post"} <= names(collector, TRACE_ID).keys(), "all is traced")

    found = places(platform, collector)
    forms = {text for key in keys for text in (key[21:33], base64.b64encode(key.encode()).decode()[:64])}
    assert {place for place, content in found.items() for text in forms if text in content} == set()
    assert all(part in found["log of api"] for part in ("request_crashed", "Traceback", f'"paymentId":{last}'))
    assert "payops-sha256:" in found["tables"]
    assert "payops-sha256:" in found["Redis"]
    assert keys[0][10:20] in found["tables"], "its public id"
    assert str(last) in found["Kafka"]
