"""The HTTP requests of the audit, and those that make merchants with keys. k6 makes those of the load."""

import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from load.errors import NoAnswer
from load.keys import id_of, is_operators_key

SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Api:
    """A platform at `url`, with the operator's key or admin token that opens its operators' routes.

    `ca`: the file of the CAs that it is verified by, where it is https; None: the system's.
    """

    url: str
    token: str = field(repr=False)
    ca: str | None = field(default=None, kw_only=True)

    def needs_keys(self) -> bool | None:
        """Whether requests need keys; None when it does not answer."""
        try:
            _, text = self._ask("/health", None, "")
            return bool(json.loads(text).get("auth") == "required")
        except (NoAnswer, ValueError, AttributeError):
            return None

    def merchant_of(self, key: str) -> str:
        """The id of the merchant whose key it is."""
        status, text = self._ask("/api-keys/current", None, key)
        if status != 200:
            raise NoAnswer(f"{self.url} refuses the key {id_of(key)}: {status}{_code(text)}.")
        return str(self._json("/api-keys/current", text)["merchantId"])

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

    def pay(self, path: str, body: dict[str, Any], key: str, api_key: str) -> int:
        """Send a command of a merchant, whose key is `api_key` (empty: none); returns the status of the answer."""
        status, _ = self._ask(path, body, api_key, key)
        return status

    def make_merchant(self, merchant_id: str) -> None:
        """Make a test merchant, unless there is one of this name."""
        body = {"merchantId": merchant_id, "name": "Load test", "mode": "TEST"}
        self._send("/merchants", body, also=(" MERCHANT_EXISTS",))

    def make_key(self, merchant_id: str | None, scopes: Sequence[str] = (), seconds: int = 86_400) -> str:
        """A new key that ends after so many seconds: of the merchant, or an operator's. No scopes: all of its kind."""
        body = {"name": "load test", "scopes": scopes, "expiresInSeconds": seconds}
        made = self._send("/api-keys", body if merchant_id is None else {**body, "merchantId": merchant_id})
        return str(made["key"])

    def revoke(self, key_id: str, reason: str) -> None:
        """End a key; one that is not there any more has ended."""
        self._send(f"/api-keys/{key_id}/revoke", {"reason": reason}, also=(" NOT_FOUND",))

    def _get(self, path: str) -> dict[str, Any]:
        status, text = self._ask(path, None, self.token)
        if status == 401 and not is_operators_key(self.token):
            raise NoAnswer(f"{self.url} does not take the admin token; set ADMIN_TOKEN to the one that it was given.")
        if status != 200:
            raise NoAnswer(f"{self.url}{path} answers {status}{_code(text)}.")
        return self._json(path, text)

    def _send(self, path: str, body: dict[str, Any], also: Sequence[str] = ()) -> dict[str, Any]:
        """`also`: codes of problems that are no errors here."""
        status, text = self._ask(path, body, self.token)
        if status != 200 and _code(text) not in also:
            raise NoAnswer(f"{self.url}{path} answers {status}{_code(text)}.")
        return self._json(path, text)

    def _json(self, path: str, text: bytes) -> dict[str, Any]:
        try:
            return dict(json.loads(text))
        except ValueError:
            raise NoAnswer(f"{self.url}{path} does not answer with JSON.") from None

    def _ask(self, path: str, body: dict[str, Any] | None, token: str, key: str = "") -> tuple[int, bytes]:
        given = {"Authorization": f"Bearer {token}" if token else "", "Idempotency-Key": key}
        headers = {"Content-Type": "application/json", **{name: value for name, value in given.items() if value}}
        data = None if body is None else json.dumps(body).encode()
        try:
            request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310 (http or https: lab.py)
            verified = ssl.create_default_context(cafile=self.ca) if self.ca else None
            with urllib.request.urlopen(request, timeout=SECONDS, context=verified) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(f"{self.url}{path} does not answer: {error}") from None
        except ValueError:  # its text would show the token that no header can carry
            raise NoAnswer(f"{self.url}{path} cannot be asked: the key or token has characters of no header.") from None


def _code(text: bytes) -> str:
    """The code of a problem, behind a blank; empty when there is none."""
    try:
        return f" {json.loads(text)['code']}"
    except (ValueError, KeyError, TypeError):
        return ""
