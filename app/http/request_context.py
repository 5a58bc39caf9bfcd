"""A request's ids (X-Request-Id, W3C traceparent) and its deadline."""

import re
import secrets
import time
from typing import Final

from flask import Flask, Response, g, request

from payments import logs
from payments.platform import sensitive, trace

ANSWERED_WITHIN: Final = 4.3
"""Seconds from arrival to answer: below the promised 5 s, above two network timeouts."""

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)


def install(app: Flask) -> None:
    """Give each request its ids and deadline, each answer its X-Request-Id and the headers of `answer_headers`."""
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    g.deadline = time.monotonic() + ANSWERED_WITHIN
    g.request_id = request_id(request.headers.get("X-Request-Id"))
    g.answer_headers = {}
    logs.bind(request_id=g.request_id)


def request_id(given: str | None) -> str:
    """The client's id, if it is valid, else a new one."""
    if given is not None and _REQUEST_ID.fullmatch(given) and sensitive.fault(given) is None:
        return given
    return secrets.token_hex(16)


def _finish(response: Response) -> Response:
    complete(response, g.request_id)
    response.headers.update(g.answer_headers)
    return response


def complete(response: Response, request_id: str) -> Response:
    """Set the headers that every answer has."""
    headers = response.headers
    headers["X-Request-Id"] = request_id
    headers.setdefault("Cache-Control", "no-store")  # pages and the API's description set their own
    headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def traceparent() -> str:
    """The request's trace context, or a new one."""
    given = request.headers.get(trace.HEADER)
    if given is not None and trace.is_valid(given):
        return given
    made = secrets.token_hex(24)
    return f"00-{made[:32]}-{made[32:]}-01"
