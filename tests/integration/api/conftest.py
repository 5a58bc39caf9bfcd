"""The application in this process, on a fresh database, with Redis in the state that a test needs."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from app import identity as platform
from app.commit import money_request
from app.factory import Options, create_app
from app.services import EXTENSION, Services
from payments.platform.redis import client as redis_client
from stack.ports import free_port
from stack.redis import RedisServer

TOKEN = "a-token-of-24-characters"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Api:
    """An application and its test client."""

    flask: Flask
    http: FlaskClient

    @property
    def services(self) -> Services:
        found: Services = self.flask.extensions[EXTENSION]
        return found

    def settle(self) -> None:
        """Flush pending writes to Redis."""
        self.services.admission.flush()

    def post(self, path: str, body: dict[str, Any], **headers: str) -> TestResponse:
        answer = self.http.post(
            path, json=body, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
        self.settle()
        return answer

    def authorize(self, key: str, merchant_id: str = "M1", amount: int = 100, **more: Any) -> TestResponse:
        body = {"merchantId": merchant_id, "amount": amount, "currency": "KRW", "idempotencyKey": key, **more}
        return self.post("/payments/authorize", body)


Make = Callable[..., AbstractContextManager[Api]]


@contextmanager
def serving(database_url: str, redis_url: str, **changes: Any) -> Iterator[Api]:
    options = {
        "database_url": database_url,
        "redis_url": redis_url,
        "limits": dict.fromkeys(("authorize", "capture", "refund"), (1000, 60)),
        "answer_ttl": 600,
        "read_capacity": 6000,
        "writers": 2,
        "queue_size": 100,
        "authorization_lifetime": 3600.0,
        "admin_token": TOKEN,
        "trusted_proxies": 0,
    }
    flask = create_app(Options(**{**options, **changes}))
    try:
        yield Api(flask, flask.test_client())
    finally:
        found: Services = flask.extensions[EXTENSION]
        with flask.app_context():
            for engine in found.database.engines.values():
                engine.dispose()


@pytest.fixture
def make_api(sqlite_url: str, redis_url: str) -> Make:
    """Makes applications with other options, on SQLite."""
    return lambda **changes: serving(sqlite_url, redis_url, **changes)


@pytest.fixture
def api(database_url: str, redis_url: str) -> Iterator[Api]:
    """An application on each database, with Redis up."""
    with serving(database_url, redis_url) as made:
        yield made


@pytest.fixture(autouse=True)
def patient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long Redis timeout, for a busy machine may be late; except where Redis is to be frozen."""
    if FROZEN.intersection(request.fixturenames):
        return
    monkeypatch.setattr(redis_client, "TIMEOUT", 10.0)
    monkeypatch.setattr(money_request, "REDIS_PATIENCE", 20.0)
    monkeypatch.setattr(platform, "PATIENCE", 20.0)


@pytest.fixture(scope="session")
def frozen_redis() -> Iterator[str]:
    """The URL of a Redis that accepts connections and never answers."""
    with RedisServer() as server:
        server.freeze()
        yield server.url
        server.thaw()


FROZEN = frozenset({"frozen_redis", "own_redis", "redis_state"})
"""Fixtures with a Redis that does not answer."""


@dataclass
class RedisState:
    """A Redis, and a function to call before each request to keep its state."""

    url: str
    keep: Callable[[], object]
    up: bool


@pytest.fixture(params=["up", "empty", "down", "frozen"])
def redis_state(request: pytest.FixtureRequest) -> Iterator[RedisState]:
    """Redis in each possible state."""
    if request.param in ("down", "frozen"):
        down = f"redis://127.0.0.1:{free_port()}/0"
        yield RedisState(down if request.param == "down" else request.getfixturevalue("frozen_redis"), int, up=False)
        return
    url = request.getfixturevalue("redis_url")
    with Redis.from_url(url) as client:
        yield RedisState(url, client.flushdb if request.param == "empty" else int, up=True)
