"""The simulator as a process, and a client that checks each answer against /openapi.json."""

import http.client
import json
import re
import socket
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote, urlsplit

from jsonschema import Draft202012Validator

from stack.acquirer import AcquirerServer

KEY: Final = "sk_test_of_the_simulator"
PUBLISHABLE: Final = "pk_test_of_the_simulator"
CONTROL: Final = "control_of_the_simulator"
APPROVED: Final = "tok_approved"
SHOP: Final = "http://shop.example:8080"
ANSWERED_WITHIN: Final = 20.0
"""Seconds for an answer; one takes 5 ms here, so that only what hangs takes as long."""


@dataclass(frozen=True)
class Reply:
    """An answer: status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.text)


class Simulator(AcquirerServer):
    """`python -m psp` on a free port with a file of its own, which lives as long as this object."""

    def __init__(self, **settings: str) -> None:
        """`settings` are added to those that every simulator has."""
        super().__init__(f"sk_test_of_somebody_else,{KEY}", PUBLISHABLE, CONTROL, [SHOP])
        self.environment = {**self.environment, **settings}
        self.api = Client(self.port)


@dataclass
class Client:
    """Asks one simulator, each time on a new connection."""

    port: int
    schemas: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def document(self) -> dict[str, Any]:
        """Its OpenAPI document."""
        found: dict[str, Any] = self.raw("GET", "/openapi.json").json
        return found

    def raw(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        """One request, unchecked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWERED_WITHIN)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read().decode())
        finally:
            connection.close()

    def ask(self, method: str, path: str, value: Any = None, key: str | None = KEY, **headers: str) -> Reply:
        """One request with a key and a JSON body; the answer is as the document says."""
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        body = None
        if value is not None:
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            sent.setdefault("Content-Type", "application/json")
        reply = self.raw(method, path, body, sent)
        self.check(method, path, reply)
        return reply

    def get(self, path: str, key: str | None = KEY) -> Reply:
        """GET."""
        return self.ask("GET", path, key=key)

    def operate(self, kind: str, reference: str, **fields: Any) -> Reply:
        """An operation under its reference, of 1000 USD; a field that is None is absent."""
        body = {"reference": reference, "amount": 1000, "currency": "USD", **fields}
        body = {name: value for name, value in body.items() if value is not None}
        return self.ask("POST", f"/v1/{kind}s", body, Idempotency_Key=reference)

    def authorize(self, reference: str, token: str = APPROVED, **fields: Any) -> Reply:
        """An authorization."""
        return self.operate("authorization", reference, token=token, **fields)

    def enquire(self, reference: str) -> Reply:
        """What became of a reference."""
        return self.get(f"/v1/operations?reference={quote(reference)}")

    def cancel(self, reference: str) -> Reply:
        """Its tombstone."""
        return self.ask("POST", "/v1/operations/cancel", {"reference": reference})

    def control(self, method: str, path: str, value: Any = None) -> Any:
        """What `/_control` answers, which must be 200."""
        reply = self.ask(method, f"/_control/{path}", value, CONTROL)
        assert reply.status == 200, reply
        return reply.json

    def faults(self, *rules: dict[str, Any]) -> None:
        """These faults and no others."""
        self.control("PUT", "faults", {"rules": list(rules)})

    def journal(self, reference: str | None = None) -> list[dict[str, Any]]:
        """All entries, of one reference or of all."""
        named = f"&reference={reference}" if reference else ""
        entries: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = self.control("GET", f"journal?limit=500&after={after}{named}")
            entries, after = entries + page["entries"], page["next"]
        return entries

    def check(self, method: str, path: str, reply: Reply) -> None:
        """Fail unless the document has this status for this operation, and the body is of its type."""
        plain = re.sub(r"/\d[^/]*\.csv$", "/{day}.csv", urlsplit(path).path)
        operation = self.document["paths"].get(plain, {}).get(method.lower())
        if operation is None:
            return
        told = operation["responses"].get(str(reply.status))
        assert told, f"{method} {path} answers {reply.status}, which the document does not say: {reply.text}"
        schema = told["content"].get("application/json", {}).get("schema")
        if schema:
            root = {**schema, "components": self.document["components"]}
            Draft202012Validator(root).validate(reply.json)


def request_of(kind: str, reference: str, **fields: Any) -> bytes:
    """The bytes of an operation's request, for a raw socket."""
    body = json.dumps({"reference": reference, "amount": 1000, "currency": "USD", **fields}).encode()
    head = (
        f"POST /v1/{kind}s HTTP/1.1\r\nHost: psp\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    )
    return f"{head}Idempotency-Key: {reference}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def raw_answer(port: int, sent: bytes, seconds: float = ANSWERED_WITHIN) -> tuple[bytes, str]:
    """All bytes that come back on a raw socket until it ends, and how: "end", "reset" or "time-out"."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as client:
        client.sendall(sent)
        try:
            while data := client.recv(65536):
                received += data
        except ConnectionResetError:
            return received, "reset"
        except TimeoutError:
            return received, "time-out"
    return received, "end"
