"""`python -m bench.calls_without_http NAME`: calls a WSGI application as a function, prints CPU milliseconds of a call.

Imports nothing of the product by itself: `app.wsgi` must be the first that does.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from io import BytesIO
from typing import Final
from uuid import uuid4
from wsgiref.types import WSGIApplication, WSGIEnvironment

import gevent

APPLICATIONS: Final = {"an authorization": "app.wsgi", "a Flask view that answers a constant": "bench.constant_view"}
GREENLETS: Final = 10
"""They call at the same time, so what they ask for is committed together."""
WARM_CALLS, CALLS = 50, 300
"""Calls of each greenlet, before and while it is measured."""
_REQUEST: Final[WSGIEnvironment] = {
    "REQUEST_METHOD": "POST",
    "PATH_INFO": "/payments/authorize",
    "QUERY_STRING": "",
    "CONTENT_TYPE": "application/json",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
}


def call(application: WSGIApplication, api_key: str = "") -> None:
    """One authorization, of a named merchant or by its key. RuntimeError with status and body when it is not 200."""
    status, text = ask(application, api_key)
    if status != "200 OK":
        raise RuntimeError(f"{status}: {text}")


def ask(application: WSGIApplication, api_key: str, address: str = "127.0.0.1") -> tuple[str, str]:
    """Status and body of one authorization from `address`; an empty `api_key`: of a named merchant."""
    named = {} if api_key else {"merchantId": "BENCH"}
    body = json.dumps({**named, "amount": 10000, "currency": "KRW", "idempotencyKey": uuid4().hex}).encode()
    environ = {**_REQUEST, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body), "REMOTE_ADDR": address}
    if api_key:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {api_key}"
    statuses: list[str] = []

    def start_response(status: str, _headers: object, _error: object = None, /) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _part: None

    answer = application(environ, start_response)
    text = b"".join(answer).decode()
    getattr(answer, "close", lambda: None)()
    return " ".join(statuses), text


def cpu_per_call(application: WSGIApplication, count: int, api_key: str = "") -> float:
    """CPU milliseconds of a call, when each of the greenlets makes `count`."""

    def calls() -> None:
        for _ in range(count):
            call(application, api_key)

    before = time.process_time()
    gevent.joinall([gevent.spawn(calls) for _ in range(GREENLETS)], raise_error=True)
    return (time.process_time() - before) * 1000 / (count * GREENLETS)


def main(name: str) -> None:
    """Warm up, then measure the application of APPLICATIONS called `name`."""
    application: WSGIApplication = importlib.import_module(APPLICATIONS[name]).app
    cpu_per_call(application, WARM_CALLS)
    print(cpu_per_call(application, CALLS))


if __name__ == "__main__":
    main(*sys.argv[1:])
