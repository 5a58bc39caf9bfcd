"""Answers every error with application/problem+json; clients never see a stack trace."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from flask import Flask, Response, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from app import messages
from payments.platform.errors import OutcomeUnknown, PaymentsError, ServiceUnavailable, ValidationFailed
from payments.platform.problems import body_of, problem_body, retry_after, status_of

CHALLENGE: Final = "Bearer"
"""What a client that may not pass has to send (RFC 9110, section 11.6.1)."""
PROBLEM_JSON: Final = "application/problem+json"
_OF_WERKZEUG: Final = {
    404: ("NOT_FOUND", messages.NO_PATH),
    405: ("METHOD_NOT_ALLOWED", messages.NO_METHOD),
    413: ("PAYLOAD_TOO_LARGE", messages.BODY_TOO_LARGE),
    415: ("UNSUPPORTED_MEDIA_TYPE", messages.NOT_APPLICATION_JSON),
}
"""Werkzeug's errors by code; any other 4xx is VALIDATION_FAILED."""

_log = logging.getLogger(__name__)


class Problem(Exception):
    """An HTTP error, by its code in `payments.platform.problems`."""

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = headers or {}


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(PaymentsError, answer)
    app.register_error_handler(HTTPException, _of_werkzeug)
    app.register_error_handler(Exception, _unexpected)


def invalid(field: str, message: str) -> ValidationFailed:
    """A ValidationFailed about one field; `message` completes "FIELD …"."""
    return ValidationFailed(f"{field} {message}.", ((field, message),))


def invalid_fields(error: ValidationError, missing: Sequence[str] = ()) -> ValidationFailed:
    """A ValidationFailed with all errors that pydantic found, after `missing` fields; named as in the JSON."""
    errors = tuple((name, messages.MISSING) for name in missing) + tuple(
        (".".join(map(str, found["loc"])), _words(found))
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    )
    return ValidationFailed("; ".join(f"{field or 'The body'} {text}" for field, text in errors[:5]) + ".", errors)


def _words(found: Mapping[str, Any]) -> str:
    kind, message = found["type"], str(found["msg"])
    if kind == "model_type":
        return messages.NOT_AN_OBJECT
    if kind == "missing":
        return messages.MISSING
    if kind == "extra_forbidden":
        return messages.UNKNOWN_FIELD
    for start in ("Value error, ", "Input should ", "String should "):
        if message.startswith(start):
            rest = message.removeprefix(start)
            return rest if start == "Value error, " else f"must {rest}"
    return message


def answer(error: PaymentsError) -> Response:
    """The answer for a business error."""
    body = body_of(error, instance=quote(request.path), request_id=g.request_id)
    response = Response(body, status=status_of(error.code), content_type=PROBLEM_JSON)
    seconds = retry_after(error)
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = CHALLENGE
    return response


def _problem(problem: Problem) -> Response:
    return answer_problem(problem, request.path, g.request_id)


def answer_problem(problem: Problem, path: str, request_id: str) -> Response:
    """The answer to the request of this path and id; needs no request of Flask's."""
    body = problem_body(problem.code, problem.message, instance=quote(path), request_id=request_id)
    response = Response(body, status=status_of(problem.code), content_type=PROBLEM_JSON)
    response.headers.update(problem.headers)
    return response


def _of_werkzeug(error: HTTPException) -> Response:
    status = error.code or 500
    if not 400 <= status < 500:
        return _unexpected(error)
    code, message = _OF_WERKZEUG.get(status, ("VALIDATION_FAILED", messages.NOT_UNDERSTOOD))
    return _problem(Problem(code, message, {name: text for name, text in error.get_headers() if name == "Allow"}))


def _unexpected(error: Exception) -> Response:
    _log.error("request_crashed", extra={"path": request.path}, exc_info=error)
    if request.method in ("POST", "PATCH"):  # it may have been carried out before the error
        return answer(OutcomeUnknown(messages.CRASHED_WRITE))
    return answer(ServiceUnavailable(messages.CRASHED))
