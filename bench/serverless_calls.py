"""`python -m bench.serverless_calls NAME`: calls one application as a function and prints the CPU (ms) of a call.

Imports nothing of the product by itself: `app.wsgi` must be the first that does.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, Final
from uuid import uuid4

import gevent

APPLICATIONS: Final = {"an authorization": "app.wsgi", "a Flask view that answers a constant": "bench.constant"}
TOGETHER: Final = 10
"""Greenlets that call at the same time: what they ask for is committed together."""
WARM, CALLS = 50, 300
"""Calls of each greenlet, before and while it is measured."""
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_REQUEST: Final = {
    "REQUEST_METHOD": "POST",
    "PATH_INFO": "/payments/authorize",
    "QUERY_STRING": "",
    "CONTENT_TYPE": "application/json",
    "REMOTE_ADDR": "127.0.0.1",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
}


def _call(application: Application) -> None:
    body = json.dumps(
        {"merchantId": "BENCH", "amount": 10000, "currency": "KRW", "idempotencyKey": uuid4().hex}
    ).encode()
    environ = {**_REQUEST, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
    statuses: list[str] = []
    answer = application(environ, lambda status, _headers: statuses.append(status))
    said = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    if statuses != ["200 OK"]:
        raise RuntimeError(f"{statuses}: {said.decode()}")


def _calls(application: Application, count: int) -> None:
    for _ in range(count):
        _call(application)


def _together(application: Application, count: int) -> float:
    """CPU milliseconds of a call, when each of TOGETHER greenlets makes so many."""
    before = time.process_time()
    gevent.joinall([gevent.spawn(_calls, application, count) for _ in range(TOGETHER)], raise_error=True)
    return (time.process_time() - before) * 1000 / (count * TOGETHER)


def main(name: str) -> None:
    """Warm, then measured."""
    application: Application = importlib.import_module(APPLICATIONS[name]).app
    _together(application, WARM)
    print(_together(application, CALLS))


if __name__ == "__main__":
    main(*sys.argv[1:])
