"""Answers what gunicorn refuses like the API: a problem with a stable code, then the connection ends."""

from http import HTTPStatus
from typing import Any, Final

from gunicorn.http import errors
from gunicorn.http.message import Message
from gunicorn.util import http_date

from app.server.framing import ONE_LINE

_CODES: Final = (
    (errors.LimitRequestLine, "URI_TOO_LONG", "REQUEST_LINE_TOO_LONG"),
    (errors.LimitRequestHeaders, "HEADERS_TOO_LARGE", "HEADERS_TOO_LARGE"),
    (errors.ExpectationFailed, "EXPECTATION_FAILED", "EXPECTATION"),
    (errors.UnsupportedTransferCoding, "NOT_IMPLEMENTED", "TRANSFER_CODING"),
    (errors.ParseException, "VALIDATION_FAILED", "NOT_HTTP"),
)
"""(error, code, name in app.messages)."""
_OURS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)  # type: ignore[attr-defined]  # newer than its stubs
"""Errors in headers that the application sends."""

Meaning = tuple[str, str, tuple[tuple[str, str], ...]]
"""(code, message, errors by field)."""


def answer(error: BaseException, request: Any = None) -> tuple[str, bytes]:
    """The code and the raw answer for an `error` of gunicorn's parser, or an uncaught one."""
    # gunicorn's master loads this module; the workers load what a reload replaces
    from app.http.request_context import request_id  # noqa: PLC0415
    from payments.platform.problems import problem_body, status_of  # noqa: PLC0415

    code, message, fields = _meaning(error)
    found = getattr(error, "req", None)
    request = found if isinstance(found, Message) else request
    given = [value for name, value in getattr(request, "headers", ()) if name == "X-REQUEST-ID"]
    made = request_id(given[0] if len(given) == 1 else None)
    path = getattr(request, "path", None) or "/"
    body = problem_body(code, message, instance=path, request_id=made, errors=fields)
    return code, _head(status_of(code), made, len(body)) + body


def _meaning(error: BaseException) -> Meaning:
    from app import messages  # noqa: PLC0415  (as in `answer`)

    if isinstance(error, errors.InvalidHeader) and not isinstance(error, _OURS):
        return _of_header(str(error.hdr), error.req)
    for kind, code, name in _CODES:
        if isinstance(error, kind) and not isinstance(error, _OURS):
            return code, getattr(messages, name), ()
    return "OUTCOME_UNKNOWN", messages.CRASHED_WRITE, ()


def _of_header(name: str, request: Any) -> Meaning:
    from app import messages  # noqa: PLC0415  (as in `answer`)

    if name == "TRANSFER-ENCODING" and _codings(request) - {"chunked"}:
        return "NOT_IMPLEMENTED", messages.TRANSFER_CODING, ()
    if name not in ONE_LINE | {"TRANSFER-ENCODING"}:  # else it may be a whole line, with secrets
        return "VALIDATION_FAILED", messages.BAD_HEADER, ()
    shown = "traceparent" if name == "TRACEPARENT" else name.title()
    missing = name == "HOST" and all(given != name for given, _ in request.headers)
    fault = messages.MISSING if missing else messages.GIVEN_ONCE
    return "VALIDATION_FAILED", f"{shown} {fault}.", ((shown, fault),)


def _codings(request: Any) -> set[str]:
    lines = [value for name, value in request.headers if name == "TRANSFER-ENCODING"]
    return {coding.strip().lower() for line in lines for coding in line.split(",")}


def _head(status: int, request_id: str, length: int) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Server: gunicorn",
        f"Date: {http_date()}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {length}",
        f"X-Request-Id: {request_id}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        *(["Retry-After: 1"] if status == HTTPStatus.SERVICE_UNAVAILABLE else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode()
