"""`Payops`: the calls that a merchant may make. Each method is one operation, its arguments are the fields."""

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, cast
from uuid import uuid4

from payops_client.answers import CommandAnswer, PaymentAnswer, PaymentItem, PaymentPage, Status
from payops_client.errors import PayopsError
from payops_client.retrying import Retries
from payops_client.transport import Transport


class Payops:
    """One merchant's access. A context manager: its connections are closed on exit. Threads may share it.

    `ca_file`: the only CAs that the server's certificate is verified by, a PEM file; None: the system's.
    `timeout`: seconds for the connection and the beginning of an answer, and between its parts. `tries`,
    `total_seconds`: of one call, beyond which no try begins. `pause` waits between tries. Every method raises
    PayopsError.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str,
        *,
        timeout: float = 10.0,
        tries: int = 5,
        total_seconds: float = 60.0,
        allow_http: bool = False,
        ca_file: str | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect to nothing yet. Raises ValueError for a key, an address or a file that cannot be used."""
        self._transport = Transport(api_key, base_url, allow_http=allow_http, ca_file=ca_file)
        self._timeout = timeout
        self._retries = Retries(tries, total_seconds, pause)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._transport.close()

    def authorize(
        self, *, amount: int, currency: str, payment_method: str | None = None, idempotency_key: str | None = None
    ) -> CommandAnswer:
        """Hold an amount, in minor units of the currency. `payment_method`: the acquirer's token of a card."""
        fields = {"amount": amount, "currency": currency, "paymentMethod": payment_method}
        return self._command("/payments/authorize", idempotency_key, **fields)

    def capture(
        self, payment_id: int, *, amount: int | None = None, idempotency_key: str | None = None
    ) -> CommandAnswer:
        """Take the held money, or a part of it."""
        return self._command(f"/payments/capture/{_whole(payment_id)}", idempotency_key, amount=amount)

    def refund(
        self,
        payment_id: int,
        *,
        amount: int | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> CommandAnswer:
        """Give captured money back, or a part of it."""
        return self._command(f"/payments/refund/{_whole(payment_id)}", idempotency_key, amount=amount, reason=reason)

    def void(self, payment_id: int, *, idempotency_key: str | None = None) -> CommandAnswer:
        """Release all that is still held."""
        return self._command(f"/payments/void/{_whole(payment_id)}", idempotency_key)

    def show(self, payment_id: int) -> PaymentAnswer:
        """A payment with its postings and its events."""
        return cast(PaymentAnswer, self._call("GET", f"/payments/{_whole(payment_id)}"))

    def list(self, *, status: Status | None = None, page_size: int = 50) -> Iterator[PaymentItem]:
        """All payments, newest first; asks for the next page when it is reached."""
        query = {"limit": str(_whole(page_size))} | ({} if status is None else {"status": str(status)})
        while True:
            page = cast(PaymentPage, self._call("GET", "/payments", query=query))
            yield from page["items"]
            if page["nextCursor"] is None:
                return
            query["cursor"] = page["nextCursor"]

    def _command(self, path: str, idempotency_key: str | None, **fields: Any) -> CommandAnswer:
        """Send one command. All its tries have one key, so that it is carried out once."""
        key = str(uuid4()) if idempotency_key is None else idempotency_key
        if fields.get("amount") is not None:
            _whole(fields["amount"])
        body = {name: value for name, value in fields.items() if value is not None}
        try:
            return cast(CommandAnswer, self._call("POST", path, body={**body, "idempotencyKey": key}))
        except PayopsError as error:
            error.idempotency_key = key
            raise

    def _call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        request_id = uuid4().hex
        return self._retries.run(
            lambda left: self._transport.send(
                method, path, request_id=request_id, timeout=min(self._timeout, left), query=query, body=body
            )
        )


def _whole(value: int) -> int:
    """The number. Raises TypeError for what is no int, also for bool: an amount is never rounded here."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"an amount or an id must be an int, not {type(value).__name__}")
    return value
