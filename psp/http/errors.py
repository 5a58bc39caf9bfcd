"""Answers errors as JSON with a stable code, and notes refused requests of the acquirer's API in its journal."""

import logging
from typing import Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from psp import answers
from psp.answers import Answer
from psp.bodies import is_reference
from psp.errors import Refused
from psp.http import wire
from psp.http.services import services

_log = logging.getLogger(__name__)
_OF_WERKZEUG: Final = {
    404: ("NOT_FOUND", "There is no such path."),
    405: ("METHOD_NOT_ALLOWED", "The path does not have this method."),
    413: ("BODY_TOO_LARGE", "The body is too large."),
}
_KINDS: Final = {
    "v1.tokens": "token",
    "v1.authorizations": "authorization",
    "v1.captures": "capture",
    "v1.refunds": "refund",
    "v1.voids": "void",
    "v1.operations": "enquiry",
    "v1.cancel": "cancel",
    "v1.settlements": "settlement",
}
"""Endpoint → kind of request in the journal."""


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _of_werkzeug)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: Refused) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if error.code == "UNAUTHENTICATED" else {}
    return _noted(answers.refusal(error.code, error.message, headers=headers))


def _of_werkzeug(error: HTTPException) -> Response:
    code, message = _OF_WERKZEUG.get(error.code or 500, ("VALIDATION_FAILED", "The request was not understood."))
    allow = {name: value for name, value in error.get_headers() if name == "Allow"}
    return _noted(answers.refusal(code, message, headers=allow))


def _unexpected(error: Exception) -> Response:
    _log.error("request_crashed", exc_info=error)
    return wire.plain(answers.refusal("INTERNAL_ERROR", "Something went wrong; ask what came of it."))


def _noted(answer: Answer) -> Response:
    if request.path.startswith("/v1/"):
        named = request.headers.get("Idempotency-Key") or request.args.get("reference") or ""
        reference = named if is_reference(named) else None
        services().acquirer.refuse(_KINDS.get(request.endpoint or "", "unknown"), reference, answer)
    return wire.plain(answer)
