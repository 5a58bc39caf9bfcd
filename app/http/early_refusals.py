"""Refuses wrong keys of addresses that have used up theirs before Flask is called: the same answer for less CPU.

Flask answers every other request, also one whose path or head has a fault. Refusals here do not count as reads.
"""

from collections.abc import Iterable
from time import perf_counter
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from app.http import request_context, request_head
from app.http.authentication import Guard
from app.http.describing import description_of
from app.http.errors import Problem, answer_problem
from app.http.measuring import RequestMetrics
from payments.platform.errors import ValidationFailed


class EarlyRefusals:
    """A WSGI application before Flask's; it needs the client's address in REMOTE_ADDR."""

    def __init__(self, app: Flask, guard: Guard, requests: RequestMetrics, trusted_proxies: int) -> None:
        """Answers or passes to `app.wsgi_app`; counts its answers in `requests`."""
        self._app = app
        self._next = app.wsgi_app
        self._guard = guard
        self._requests = requests
        self._trusted_proxies = trusted_proxies

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Refuse the request, or pass it on."""
        try:
            self._guard.refuse_early(environ.get("HTTP_AUTHORIZATION", ""), environ.get("REMOTE_ADDR") or "127.0.0.1")
        except Problem as refusal:
            if (answer := self._answer(refusal, environ)) is not None:
                return answer(environ, start_response)
        return self._next(environ, start_response)

    def _answer(self, refusal: Problem, environ: WSGIEnvironment) -> Response | None:
        """None: Flask answers without a look at the key, as the operation needs none or the request has a fault."""
        began = perf_counter()
        request = self._app.request_class(environ)
        try:
            adapter = self._app.create_url_adapter(request)
            if adapter is None:
                return None
            rule, _ = adapter.match(return_rule=True)
            request_head.check(environ, self._trusted_proxies)
            request_head.check_query(request)
        except (HTTPException, Problem, ValidationFailed):
            return None
        description = description_of(self._app.view_functions[rule.endpoint])
        if description is None or not description.scopes:
            return None
        made = request_context.request_id(environ.get("HTTP_X_REQUEST_ID"))
        answer = request_context.complete(answer_problem(refusal, request.path, made), made)
        self._requests.count(request.method, rule.rule, answer.status_code, perf_counter() - began)
        return answer
