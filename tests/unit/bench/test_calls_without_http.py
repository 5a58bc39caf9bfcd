"""An application called as a function: with a whole request, and its failures are said."""

import json
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from bench import constant_view
from bench.calls_without_http import GREENLETS, call, cpu_per_call


class Application:
    """Answers each call with `status`, and keeps the bodies."""

    def __init__(self, status: str) -> None:
        self.status = status
        self.bodies: list[dict[str, object]] = []
        self.keys: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.bodies.append(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
        self.keys.append(environ.get("HTTP_AUTHORIZATION", ""))
        start_response(self.status, [])
        return [b"why ", b"not"]


def test_each_call_is_a_payment_of_its_own() -> None:
    application = Application("200 OK")
    cpu_per_call(application, 3)
    assert len({body["idempotencyKey"] for body in application.bodies}) == 3 * GREENLETS


def test_a_call_by_a_key_names_no_merchant() -> None:
    application = Application("200 OK")
    call(application, "po_test_key")
    call(application)
    assert ["merchantId" in body for body in application.bodies] == [False, True]
    assert application.keys == ["Bearer po_test_key", ""]


def test_another_answer_is_said() -> None:
    with pytest.raises(RuntimeError, match=r"^503 Service Unavailable: why not$"):
        call(Application("503 Service Unavailable"))


def test_the_constant_view_answers_like_the_platform() -> None:
    call(constant_view.app)
