"""Checks a request's head before any view: lists where one value is allowed, codings, bad queries.

`app.server.framing` refuses duplicate header lines, which WSGI joins by commas, as proxies may.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIEnvironment

from flask import Request

from app import messages
from app.http.errors import Problem, invalid

_ONE_VALUE: Final = {
    "CONTENT_LENGTH": "Content-Length",
    "CONTENT_TYPE": "Content-Type",
    "HTTP_HOST": "Host",
    "HTTP_IDEMPOTENCY_KEY": "Idempotency-Key",
    "HTTP_TRACEPARENT": "traceparent",
    "HTTP_X_REQUEST_ID": "X-Request-Id",
}
_TWO_CREDENTIALS: Final = re.compile(r",\s*[A-Za-z]+ ")
"""A second scheme after a comma; a comma alone may be part of a token."""


def check(environ: WSGIEnvironment, trusted_proxies: int) -> None:
    """Check a request's headers. Raises ValidationFailed or Problem."""
    _check_headers(environ, trusted_proxies)
    _check_codings(environ)


def check_query(request: Request) -> None:
    """Check the query of a request to a described operation. Raises ValidationFailed."""
    if not request.query_string:
        return
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise invalid("query", messages.UTF_8) from None
    for name, values in request.args.lists():
        if len(values) > 1:
            raise invalid(name, messages.NOT_GIVEN_TWICE)


def _check_headers(environ: WSGIEnvironment, trusted_proxies: int) -> None:
    for key, name in _ONE_VALUE.items():
        if "," in environ.get(key, ""):
            raise invalid(name, messages.ONE_VALUE_WITHOUT_COMMA)
    if _TWO_CREDENTIALS.search(environ.get("HTTP_AUTHORIZATION", "")):
        raise invalid("Authorization", messages.ONE_VALUE)
    if environ.get("HTTP_X_FORWARDED_FOR", "").count(",") >= trusted_proxies > 0:
        raise invalid("X-Forwarded-For", messages.forwarded_for(trusted_proxies))


def _check_codings(environ: WSGIEnvironment) -> None:
    if environ.get("HTTP_TRANSFER_ENCODING", "chunked").strip().lower() != "chunked":
        raise Problem("NOT_IMPLEMENTED", messages.TRANSFER_CODING)
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        only = {"Accept-Encoding": "identity"}
        raise Problem("UNSUPPORTED_MEDIA_TYPE", messages.CONTENT_CODING, only)
