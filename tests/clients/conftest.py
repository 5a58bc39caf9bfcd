"""One API on a port, where keys are required, and a merchant of its own for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from payops_client import Payops
from stack.redis import RedisAddress
from tests.e2e.gunicorn import ADMIN, ApiServer
from tests.serving import Answer, Request, Server, serving

REFUNDS = 4
"""How many refunds of one merchant the API takes in a day."""
_SENT = ("authorization", "content-type", "x-request-id")
_SHOWN = ("Content-Type", "Retry-After", "Idempotency-Replayed")
"""Headers that a front passes on."""


@dataclass(frozen=True)
class Merchant:
    """A merchant with a key, and the API."""

    url: str
    name: str
    key: str

    def payops(self, url: str | None = None, **options: Any) -> Payops:
        """A client of its own; `url`: of what is in front of the API."""
        return Payops(self.key, url or self.url, **options)

    def payments(self) -> list[dict[str, Any]]:
        """Its payments, as the API itself lists them."""
        found = requests.get(f"{self.url}/payments", headers={"Authorization": f"Bearer {self.key}"}, timeout=10)
        return list(found.json()["items"])


NewMerchant = Callable[..., Merchant]


@pytest.fixture(scope="session")
def api(
    sqlite_template: Path, redis_server: RedisAddress, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiServer]:
    """The API, where keys are required."""
    database = shutil.copy(sqlite_template, tmp_path_factory.mktemp("clients") / "payops.db")
    settings: dict[str, Any] = {
        "APP_AUTH": "required",
        "APP_KEY_PEPPER": "1:" + "p" * 32,
        "APP_RATE_LIMIT_REFUND_CAPACITY": REFUNDS,
        "APP_RATE_LIMIT_REFUND_WINDOW_SECONDS": 86400,
    }
    with ApiServer(f"sqlite:///{database}", redis_server.database_url(15), **settings) as server:
        yield server


@pytest.fixture(scope="session")
def new_merchant(api: ApiServer) -> NewMerchant:
    """Makes a merchant with a key; `scopes` limits it."""
    made = api.post("/api-keys", {"name": "tests"}, headers=ADMIN)
    assert made.status_code == 200, made.text
    operator = {"Authorization": f"Bearer {made.json()['key']}"}
    numbers = count(1)

    def new(**fields: Any) -> Merchant:
        name = f"T-{next(numbers)}"
        body = {"merchantId": name, "name": name, "mode": "TEST"}
        assert api.post("/merchants", body, headers=operator).status_code == 200
        key = api.post("/api-keys", {"name": "shop", "merchantId": name, **fields}, headers=operator)
        assert key.status_code == 200, key.text
        return Merchant(api.url, name, key.json()["key"])

    return new


@pytest.fixture
def merchant(new_merchant: NewMerchant) -> Merchant:
    """A merchant without payments."""
    return new_merchant()


@contextmanager
def in_front(api: ApiServer, plan: Callable[[Request], Answer | None]) -> Iterator[Server]:
    """A server that passes requests on to the API where `plan` has no answer."""

    def answer(request: Request, url: str) -> Answer:
        return plan(request) or passed_on(request)

    def passed_on(request: Request) -> Answer:
        headers = {name: text for name, text in request.headers.items() if name in _SENT}
        given = requests.request(request.method, api.url + request.path, data=request.body, headers=headers, timeout=10)
        shown = {name: given.headers[name] for name in _SHOWN if name in given.headers}
        return Answer(given.status_code, given.json(), shown)

    with serving(answer) as server:
        yield server


@dataclass
class Front:
    """What is in front of the API: it gives the `planned` answers first, then passes requests on."""

    server: Server
    planned: list[Answer]

    @property
    def url(self) -> str:
        """Where it is."""
        return self.server.url

    @property
    def requests(self) -> list[Request]:
        """What it received."""
        return self.server.requests


@pytest.fixture
def front(api: ApiServer) -> Iterator[Front]:
    """A front without a plan."""
    planned: list[Answer] = []
    with in_front(api, lambda _: planned.pop(0) if planned else None) as server:
        yield Front(server, planned)


@pytest.fixture
def environment() -> dict[str, str]:
    """The variables of this process, with the client where Python finds it."""
    source = Path(__file__).parents[2] / "clients/python"
    return {**os.environ, "PYTHONPATH": str(source)}
