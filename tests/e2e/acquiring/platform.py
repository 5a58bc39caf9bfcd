"""The platform and its acquirer as merchants and operators use them, and what the acquirer's journal says of it."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import requests

from tests.e2e.gunicorn import ADMIN, ApiServer
from tests.psp.simulator import APPROVED, Simulator

_keys = count(1)


def new_key(prefix: str = "k") -> str:
    """An idempotency key that no test has used."""
    return f"{prefix}-{next(_keys)}"


@dataclass(frozen=True)
class Merchant:
    """A merchant with a key of its own."""

    api: ApiServer
    name: str
    headers: dict[str, str] = field(repr=False)

    def authorize(self, key: str = "", token: str | None = APPROVED, **more: Any) -> requests.Response:
        """Authorize 10000 KRW with a card."""
        body = {"amount": 10_000, "currency": "KRW", "idempotencyKey": key or new_key(), "paymentMethod": token, **more}
        return self.post("/payments/authorize", {name: value for name, value in body.items() if value is not None})

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        """One POST with the key."""
        return self.api.post(path, body, headers=self.headers)

    def step(self, name: str, payment_id: int, key: str = "", **more: Any) -> requests.Response:
        """Capture, refund or void."""
        return self.post(f"/payments/{name}/{payment_id}", {"idempotencyKey": key or new_key(), **more})

    def show(self, payment_id: int) -> dict[str, Any]:
        """The payment."""
        return dict(self.api.get(f"/payments/{payment_id}", headers=self.headers).json())


@dataclass(frozen=True)
class Desk:
    """An operator with a key."""

    api: ApiServer
    headers: dict[str, str] = field(repr=False)

    def post(self, path: str, **body: Any) -> requests.Response:
        """One POST with the key."""
        return self.api.post(path, body, headers=self.headers)

    def get(self, path: str) -> Any:
        """The JSON of a GET that succeeds."""
        answer = self.api.get(path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def operation(self, payment_id: int, kind: str = "authorization") -> dict[str, Any]:
        """The newest operation of its kind."""
        items = self.get(f"/acquirer-operations?paymentId={payment_id}")["items"]
        return dict(next(item for item in items if item["kind"] == kind))


@dataclass
class Platform:
    """An api instance and a simulator. `operators`: each key's headers by its name."""

    api: ApiServer
    psp: Simulator
    operators: dict[str, dict[str, str]] = field(default_factory=dict)

    def desk(self, name: str) -> Desk:
        """The operator of this name."""
        if name not in self.operators:
            made = self.api.post("/api-keys", {"name": name}, headers=ADMIN)
            assert made.status_code == 200, made.text
            self.operators[name] = {"Authorization": f"Bearer {made.json()['key']}"}
        return Desk(self.api, self.operators[name])

    def add_merchant(self, name: str, connector: str = "simulator") -> Merchant:
        """A new merchant with a key."""
        desk = self.desk("kim")
        made = desk.post("/merchants", merchantId=name, name=name, mode="TEST", connector=connector)
        assert made.status_code == 200, made.text
        key = desk.post("/api-keys", name="shop", merchantId=name)
        assert key.status_code == 200, key.text
        return Merchant(self.api, name, {"Authorization": f"Bearer {key.json()['key']}"})

    def asked(self, payment_id: int) -> list[str]:
        """The kinds of requests about a payment that the acquirer has had, oldest first."""
        start = f"00-{payment_id}-"
        return [entry["kind"] for entry in self.psp.api.journal() if str(entry["reference"]).startswith(start)]


def outcome(answer: requests.Response) -> tuple[int, str]:
    """(status, code of a problem or status of a payment)."""
    body = answer.json()
    return answer.status_code, body.get("code") or body.get("status")
