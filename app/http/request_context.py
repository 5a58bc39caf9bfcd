"""A request's ids (X-Request-Id, W3C traceparent) and its deadline."""

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

from flask import Request, Response, request

from payments import logs
from payments.platform.tracing import trace
from payments.platform.values import sensitive

ANSWERED_WITHIN: Final = 4.3
"""Seconds from arrival to answer: below the promised 5 s, above two network timeouts."""

_OF_ALL: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of answers that have none of their own, as pages and the API's description have."""
_NONE: Final[Mapping[str, str]] = {}
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)


def begin(request: Request, context: Any) -> None:
    """Give the request its ids and deadline; `context`: Flask's `g`."""
    context.deadline = time.monotonic() + ANSWERED_WITHIN
    context.request_id = request_id(request.environ.get("HTTP_X_REQUEST_ID"))
    context.answer_headers = {}
    logs.bind(request_id=context.request_id)


def request_id(given: str | None) -> str:
    """The client's id, if it is valid, else a new one."""
    if given is not None and _REQUEST_ID.fullmatch(given) and sensitive.fault(given) is None:
        return given
    return secrets.token_hex(16)


def complete(response: Response, request_id: str, more: Mapping[str, str] = _NONE) -> Response:
    """Set the headers that every answer has, and `more`."""
    headers = response.headers
    given = {name for name, _ in headers}
    added = {"X-Request-Id": request_id, **_OF_ALL, **more}
    headers.extend([header for header in added.items() if header[0] not in given])
    for name in given.intersection(more):
        headers[name] = more[name]
    return response


def traceparent() -> str:
    """The request's trace context, or a new one."""
    given: str | None = request.environ.get("HTTP_TRACEPARENT")
    if given is not None and trace.is_valid(given):
        return given
    made = secrets.token_hex(24)
    return f"00-{made[:32]}-{made[32:]}-01"
