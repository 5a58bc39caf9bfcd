"""A fake platform for load tests, for answers that the real one gives only when it is broken."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from tests.serving import Answer, Request, Server, serving

OK = Answer(200, {"paymentId": 7, "status": "AUTHORIZED"})
UNKNOWN = Answer(503, {"code": "OUTCOME_UNKNOWN"})
TOKEN = "0123456789abcdef"


@dataclass
class FakePlatform:
    """Answers authorizations with `answer`, by key and number of attempts; posts those that `books` accepts."""

    answer: Callable[[str, int], Answer] = lambda _key, _times: OK
    books: Callable[[str], bool] = lambda _key: True
    differences: int = 0
    authorized: dict[str, int] = field(default_factory=dict)
    """key → amount, of each that was answered with 200 or has an unknown outcome."""
    times: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, request: Request, _url: str) -> Answer:
        path = request.path.partition("?")[0]
        if path == "/payments/authorize":
            return self._authorize(json.loads(request.body), request.headers["idempotency-key"])
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        bodies: dict[str, Any] = {
            "/health": {"status": "UP"},
            "/operations": {"outboxPending": 0, "ledgerLagSeconds": 0.0},
            "/ledger/balances": {"items": self._accounts()},
            "/ledger/trial-balance": {"asOf": now, "audit": {"at": now, "differences": self.differences}},
        }
        return Answer(200, bodies[path])

    def _authorize(self, body: dict[str, Any], key: str) -> Answer:
        with self._lock:
            self.times[key] = self.times.get(key, 0) + 1
            answer = self.answer(key, self.times[key])
            if answer in (OK, UNKNOWN) and self.books(key):
                self.authorized[key] = body["amount"]
            return answer

    def _accounts(self) -> list[dict[str, Any]]:
        """The accounts of the one merchant of the tests."""
        return [{"account": "customer_hold", "debits": sum(self.authorized.values()), "credits": 0}]


@contextmanager
def faking(platform: FakePlatform) -> Iterator[Server]:
    """Serve it."""
    with serving(platform) as server:
        yield server
