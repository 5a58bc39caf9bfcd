"""The HTTP requests of the audit. k6 makes those of the load."""

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

SECONDS: Final = 10.0


class NoAnswer(RuntimeError):
    """The platform did not answer as expected; the message has the request."""


@dataclass(frozen=True, slots=True)
class Api:
    """A platform at `url`, with the admin token of its operators' routes."""

    url: str
    token: str

    def balances(self, merchant_id: str) -> dict[str, dict[str, int]]:
        """Account → its `debits` and `credits` of one merchant, in minor units, over all currencies."""
        sums: dict[str, dict[str, int]] = {}
        for item in self._get(f"/ledger/balances?merchantId={quote(merchant_id)}")["items"]:
            account = sums.setdefault(item["account"], {"debits": 0, "credits": 0})
            for side in account:
                account[side] += item[side]
        return sums

    def in_flight(self) -> bool:
        """Whether there are events that wait for publication or for their posting."""
        numbers = self._get("/operations")
        return bool(numbers["outboxPending"] or numbers["ledgerLagSeconds"])

    def trial_balance(self) -> dict[str, Any]:
        """The trial balance: its time (`asOf`), and housekeeping's newest audit (`audit`, None before the first)."""
        return self._get("/ledger/trial-balance")

    def post(self, path: str, body: dict[str, Any], key: str) -> int:
        """Send a command; returns the status of the answer."""
        status, _ = self._ask(path, json.dumps(body).encode(), {"Idempotency-Key": key})
        return status

    def _get(self, path: str) -> dict[str, Any]:
        status, text = self._ask(path, None, {"Authorization": f"Bearer {self.token}"})
        if status == 401:
            raise NoAnswer(f"{self.url} does not take the admin token; set ADMIN_TOKEN to the one that it was given.")
        if status != 200:
            raise NoAnswer(f"{self.url}{path} answers {status}.")
        try:
            return dict(json.loads(text))
        except ValueError:
            raise NoAnswer(f"{self.url}{path} does not answer with JSON.") from None

    def _ask(self, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(self.url + path, body, headers)  # noqa: S310 (http or https: k6/lib/config.js)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(f"{self.url}{path} does not answer: {error}") from None
