"""A fake platform for load tests, for answers that the real one gives only when it is broken."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from payments.merchants.key_form import Prefix, new_key
from tests.serving import Answer, Request, Server, serving

OK = Answer(200, {"paymentId": 7, "status": "AUTHORIZED"})
UNKNOWN = Answer(503, {"code": "OUTCOME_UNKNOWN"})
REFUSED = Answer(401, {"code": "API_KEY_INVALID"})
TOKEN = "0123456789abcdef"
OPERATOR_KEY = new_key(Prefix.OPERATOR).text


@dataclass
class FakePlatform:
    """Answers authorizations with `answer`, by key and number of attempts; posts those that `books` accepts.

    With `keys` (key → merchant) it needs them: each payment is of its key's merchant, or refused.
    """

    answer: Callable[[str, int], Answer] = lambda _key, _times: OK
    books: Callable[[str], bool] = lambda _key: True
    differences: int = 0
    keys: Mapping[str, str] = field(default_factory=dict)
    authorized: dict[str, int] = field(default_factory=dict)
    """key → amount, of each that was answered with 200 or has an unknown outcome."""
    times: dict[str, int] = field(default_factory=dict)
    payers: dict[str, set[str]] = field(default_factory=dict)
    """key → the merchants that used it; empty without API keys."""
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, request: Request, _url: str) -> Answer:
        path, _, query = request.path.partition("?")
        merchant = self.keys.get(self._sent(request), "")
        if path == "/payments/authorize":
            body = json.loads(request.body)
            if self.keys and (not merchant or "merchantId" in body):
                return REFUSED
            return self._authorize(body, request.headers["idempotency-key"], merchant)
        if path == "/api-keys/current":
            return Answer(200, {"merchantId": merchant}) if merchant else REFUSED
        if self.keys and path != "/health" and self._sent(request) != OPERATOR_KEY:
            return REFUSED
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        bodies: dict[str, Any] = {
            "/health": {"status": "UP", "auth": "required" if self.keys else "open"},
            "/operations": {"outboxPending": 0, "ledgerLagSeconds": 0.0},
            "/ledger/balances": {"items": self._accounts(query.removeprefix("merchantId="))},
            "/ledger/trial-balance": {"asOf": now, "audit": {"at": now, "differences": self.differences}},
        }
        return Answer(200, bodies[path])

    @staticmethod
    def _sent(request: Request) -> str:
        return request.headers.get("authorization", "").removeprefix("Bearer ")

    def _authorize(self, body: dict[str, Any], key: str, merchant: str) -> Answer:
        with self._lock:
            self.times[key] = self.times.get(key, 0) + 1
            self.payers.setdefault(key, set()).add(merchant)
            answer = self.answer(key, self.times[key])
            if answer in (OK, UNKNOWN) and self.books(key):
                self.authorized[key] = body["amount"]
            return answer

    def _accounts(self, merchant: str) -> list[dict[str, Any]]:
        """Of the merchant's payments; without API keys the tests have one merchant only."""
        sums = [amount for key, amount in self.authorized.items() if not self.keys or merchant in self.payers[key]]
        return [{"account": "customer_hold", "debits": sum(sums), "credits": 0}]


@contextmanager
def faking(platform: FakePlatform) -> Iterator[Server]:
    """Serve it."""
    with serving(platform) as server:
        yield server
