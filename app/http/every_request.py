"""What every request passes around its view, in this order: one function before it and one after it.

Each hook of Flask's, and each look at its proxies `request` and `g`, costs every payment; so they are looked at once.
"""

from typing import Any

from flask import Flask, Request, Response, g, request

from app.http import request_context, request_head
from app.http.authentication import Guard
from app.http.describing import description_of
from app.http.limits import ReadLimits
from app.http.measuring import ENDPOINT, RequestMetrics


def install(app: Flask, trusted_proxies: int, requests: RequestMetrics, limits: ReadLimits, guard: Guard) -> None:
    """Check, count and time each request; give each answer the headers of all. Install it before other hooks.

    X-Forwarded-For may have at most `trusted_proxies` addresses, if there are any.
    """

    def before() -> None:
        current, context = _current()
        view = app.view_functions.get(current.endpoint or "")
        description = None if view is None else description_of(view)  # unknown paths and pages have none
        request_context.begin(current, context)
        request_head.check(current.environ, trusted_proxies)
        if description is not None and current.endpoint != ENDPOINT:  # /metrics takes lists
            request_head.check_query(current)
        requests.begin(current)
        limits.check(current)  # before keys, so that junk ones count
        guard.check(current, context, description)

    def after(response: Response) -> Response:
        current, context = _current()
        requests.end(current, response.status_code)
        return request_context.complete(response, context.request_id, context.answer_headers)

    app.before_request(before)
    app.after_request(after)


def _current() -> tuple[Request, Any]:
    """The objects behind `request` and `g`."""
    return request._get_current_object(), g._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  (documented)
