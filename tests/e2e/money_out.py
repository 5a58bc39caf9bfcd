"""People of a platform with an acquirer, over HTTP and at a terminal: a shop, two operators, the acquirer's day."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any, Final

import requests

from stack.platform import Platform
from tests.psp.simulator import Client

_numbers = count(1)
ANSWER_SECONDS: Final = 15


@dataclass(frozen=True)
class Caller:
    """Somebody with a key."""

    url: str
    headers: dict[str, str] = field(repr=False)

    def post(self, path: str, expected: int = 200, **body: Any) -> dict[str, Any]:
        """The JSON of a POST; AssertionError for another status than `expected`."""
        answer = requests.post(self.url + path, json=body, headers=self.headers, timeout=ANSWER_SECONDS)
        assert answer.status_code == expected, (path, answer.text)
        return dict(answer.json())

    def get(self, path: str) -> dict[str, Any]:
        """The JSON of a GET that succeeds."""
        return dict(self.read(path).json())

    def items(self, path: str) -> list[dict[str, Any]]:
        """The first page of a list."""
        return list(self.get(path)["items"])

    def read(self, path: str) -> requests.Response:
        """A GET that succeeds."""
        answer = requests.get(self.url + path, headers=self.headers, timeout=ANSWER_SECONDS)
        assert answer.status_code == 200, (path, answer.text)
        return answer

    def pay(self, amount: int, *captures: int, refund: int = 0) -> int:
        """A card payment in KRW with its captures and a refund; its id."""
        made = self.post("/payments/authorize", **_keyed(), amount=amount, currency="KRW", paymentMethod="tok_approved")
        payment_id = int(made["paymentId"])
        for part in captures:
            self.post(f"/payments/capture/{payment_id}", **_keyed(), amount=part)
        if refund:
            self.post(f"/payments/refund/{payment_id}", **_keyed(), amount=refund)
        return payment_id


def _keyed() -> dict[str, Any]:
    return {"idempotencyKey": f"money-out-{next(_numbers)}"}


@dataclass(frozen=True)
class People:
    """All of them."""

    platform: Platform
    kim: Caller
    lee: Caller

    def shop(self, merchant_id: str, **more: Any) -> Caller:
        """A new merchant whose payments are at the acquirer."""
        body: dict[str, Any] = {
            "merchantId": merchant_id,
            "name": merchant_id,
            "mode": "TEST",
            "connector": "simulator",
        }
        self.kim.post("/merchants", **body, **more)
        key = self.kim.post("/api-keys", name="shop", merchantId=merchant_id)["key"]
        return Caller(self.kim.url, {"Authorization": f"Bearer {key}"})

    def run(self, *words: str) -> dict[str, Any]:
        """What a command of `python -m worker` prints as JSON; AssertionError unless it ends well."""
        environment = {**os.environ, **self.platform.environment}
        command = [sys.executable, "-m", "worker", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return dict(json.loads(done.stdout)) if "--json" in words else {}


def people(platform: Platform) -> People:
    """Two operators of a platform."""
    admin = Caller(platform.api.url, {"Authorization": f"Bearer {platform.admin_token}"})
    keys = [admin.post("/api-keys", name=name)["key"] for name in ("kim", "lee")]
    return People(platform, *(Caller(admin.url, {"Authorization": f"Bearer {key}"}) for key in keys))


@dataclass(frozen=True)
class AcquirersDay:
    """The acquirer's clock, which stops in a day until that day is over."""

    platform: Platform

    def begin(self) -> date:
        """Stop the clock; returns its day."""
        now = self._clock(advance=0, frozen=True)["now"]
        return date.fromisoformat(now[:10])

    def end(self) -> None:
        """The day is over."""
        self._clock(advance=86_400)

    def capture_unasked(self, amount: int) -> str:
        """A capture in KRW that the platform has not asked for, as of another system with the same key."""
        held, taken = (f"elsewhere-{next(_numbers)}" for _ in range(2))
        for path, body in (
            ("authorizations", {"reference": held, "token": "tok_approved"}),
            ("captures", {"reference": taken, "authorization": held}),
        ):
            reply = self._ask("POST", f"/v1/{path}", {"amount": amount, "currency": "KRW", **body}, body["reference"])
            assert reply.status == 201, reply
        return taken

    def _ask(self, method: str, path: str, value: Any, reference: str) -> Any:
        access = self._access
        return Client(access.port).ask(method, path, value, access.key, Idempotency_Key=reference)

    def _clock(self, **change: Any) -> dict[str, Any]:
        access = self._access
        reply = Client(access.port).ask("PUT", "/_control/clock", change, access.control_token)
        assert reply.status == 200, reply
        return dict(reply.json)

    @property
    def _access(self) -> Any:
        assert self.platform.acquirer is not None
        return self.platform.acquirer.access
