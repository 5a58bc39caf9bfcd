"""The connector for the acquirer's simulator (docs/simulator.md)."""

import json
from typing import Any, Final
from urllib.parse import quote

from payments.acquiring.connections import Connections, NoReply
from payments.acquiring.connector import Answer, Operation, Repeated, Seen

_STATES: Final = {
    "APPROVED": Seen.APPROVED,
    "DECLINED": Seen.DECLINED,
    "PROCESSING": Seen.PROCESSING,
    "CANCELLED": Seen.CANCELLED,
}
_OF_STATUS: Final = {
    200: frozenset(_STATES),  # enquiries and cancels
    201: frozenset({"APPROVED"}),
    202: frozenset({"PROCESSING"}),
    402: frozenset({"DECLINED"}),
}
"""Status → the states of which it may tell."""
_LONGEST: Final = 64
"""Characters of a text in an answer."""


class SimulatorConnector:
    """Implements `Connector`."""

    def __init__(self, url: str, key: str, connections: int, ca: str | None = None) -> None:
        """`url`: http(s)://host[:port]; `connections`: at the same time; `ca`: its CA file (None: the system's).

        Raises ValueError, without the key.
        """
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "User-Agent": "payops"}
        self._connections = Connections(url, headers, connections, ca)

    def authorize(self, operation: Operation, payment_method: str, within: float) -> Answer:
        """Hold the amount."""
        return self._operate("authorizations", operation, {"token": payment_method}, within)

    def capture(self, operation: Operation, authorization: str, within: float) -> Answer:
        """Take an amount that is held."""
        return self._operate("captures", operation, {"authorization": authorization}, within)

    def refund(self, operation: Operation, authorization: str, within: float) -> Answer:
        """Give back an amount that was captured."""
        return self._operate("refunds", operation, {"authorization": authorization}, within)

    def void(self, operation: Operation, authorization: str, within: float) -> Answer:
        """Release all that is still held."""
        return self._operate("voids", operation, {"authorization": authorization}, within)

    def enquire(self, operation: Operation, within: float) -> Answer:
        """What became of the operation."""
        return self._ask("GET", f"operations?reference={quote(operation.reference, safe='')}", {}, None, within)

    def cancel(self, operation: Operation, within: float) -> Answer:
        """Make sure that the operation never happens."""
        return self._ask("POST", "operations/cancel", {}, {"reference": operation.reference}, within)

    def close(self) -> None:
        """Close the connections that no call uses."""
        self._connections.close()

    def _operate(self, path: str, operation: Operation, more: dict[str, str], within: float) -> Answer:
        body: dict[str, str | int] = {"reference": operation.reference, "amount": operation.amount, **more}
        body["currency"] = operation.currency
        return self._ask("POST", path, {"Idempotency-Key": operation.reference}, body, within)

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, str | int] | None, within: float
    ) -> Answer:
        encoded = None if body is None else json.dumps(body).encode()
        try:
            reply = self._connections.ask(method, f"/v1/{path}", headers, encoded, within)
        except NoReply as failure:
            return Answer(failure.seen)
        return _read(reply.status, _object(reply.body))


def _read(status: int, body: dict[str, Any]) -> Answer:
    if status in _OF_STATUS:
        return _told(status, body)
    if status == 404 and body.get("code") == "NOT_FOUND":
        return Answer(Seen.NOT_FOUND)
    if status == 429:
        return Answer(Seen.RATE_LIMITED)
    return Answer(Seen.SERVER_ERROR if status >= 500 else Seen.UNREADABLE)


def _told(status: int, body: dict[str, Any]) -> Answer:
    told = body.get("operation", body)
    state = _text(told.get("state")) if isinstance(told, dict) else None
    if state not in _OF_STATUS[status]:
        return Answer(Seen.UNREADABLE)
    reference, amount = told.get("reference"), told.get("amount")
    kind, currency, acquirer_reference = (_text(told.get(name)) for name in ("kind", "currency", "id"))
    cancelled = body.get("cancelled", state == "CANCELLED")  # a cancel says it twice
    if cancelled is not (state == "CANCELLED") or not isinstance(reference, str) or acquirer_reference is None:
        return Answer(Seen.UNREADABLE)
    about = Repeated(reference, kind, amount if type(amount) is int else None, currency)
    return Answer(_STATES[state], about, acquirer_reference, _text(told.get("declineCode")))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= _LONGEST else None


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object of an answer; an empty one when there is none, which says nothing."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
