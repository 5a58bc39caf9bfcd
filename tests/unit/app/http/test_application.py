"""What our Flask leaves out changes nothing: routes and answers are those of Flask and Werkzeug."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, session
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.api.paths import IdConverter, TextConverter
from app.http.application import Answer, Application

METHODS = ("GET", "HEAD", "POST", "PUT", "OPTIONS", "post", "BREW")
PARTS = ("", "payments", "authorize", "capture", "1", "01", "9223372036854775808", "..", "%41", "ä", "\udcff", "\n")


def application() -> Application:
    app = Application("test", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.url_map.converters |= {"id": IdConverter, "text": TextConverter}
    for method, path in (
        ("GET", "/"),
        ("GET", "/payments"),
        ("GET", "/payments/<id:payment_id>"),
        ("POST", "/payments/authorize"),
        ("POST", "/payments/capture/<id:payment_id>"),
        ("GET", "/assets/<path:name>"),
        ("PUT", "/merchants/<text:merchant_id>"),
    ):
        app.add_url_rule(path, f"{method} {path}", lambda **_: "", methods=[method])
    return app


APP = application()


def environ_of(path: str, **more: str) -> dict[str, Any]:
    found = {**EnvironBuilder().get_environ(), **more}
    found["PATH_INFO"] = path.encode("utf-8", "surrogateescape").decode("latin-1")
    return found


def routed(create: Callable[..., Any], environ: dict[str, Any]) -> object:
    request = APP.request_class(environ)
    try:
        rule, values = create(APP, request).match(return_rule=True)
    except HTTPException as error:
        return type(error), sorted(error.get_headers(environ))
    return rule.rule, values


@given(
    method=st.sampled_from(METHODS),
    path=st.lists(st.sampled_from([*PARTS, "merchants", "a b"]), max_size=4).map("/".join),
    start=st.sampled_from(["", "/", "//"]),
    upgrade=st.sampled_from(["", "websocket", "h2c"]),
    host=st.sampled_from(["api", "a b", "", "api:443"]),
)
@example(method="GET", path="", start="", upgrade="", host="api")
@example(method="GET", path="payments", start="/", upgrade="websocket", host="api")
def test_routes_are_flasks(method: str, path: str, start: str, upgrade: str, host: str) -> None:
    more = {"HTTP_UPGRADE": upgrade, "HTTP_CONNECTION": "upgrade"} if upgrade else {}
    environ = environ_of(start + path, REQUEST_METHOD=method, HTTP_HOST=host, QUERY_STRING="a=%ff", **more)
    assert routed(Application.create_url_adapter, environ) == routed(Flask.create_url_adapter, environ)


RESPONSES: dict[str, Callable[[], Response]] = {
    "text": lambda: Response("text", content_type="application/json"),
    "nothing": lambda: Response(""),
    "a list of texts": lambda: Response(["a", "ä"]),
    "a stream": lambda: Response(iter([b"a", b"b"])),
    "no content": lambda: Response("gone", status=204),
    "not modified": lambda: Response("gone", status=304, headers={"Content-Type": "text/plain", "ETag": "x"}),
    "created": lambda: Response("text", status=201, headers={"Location": "/payments/ä b"}),
    "elsewhere": lambda: Response("text", headers={"content-location": "/ä"}),
    "no length": lambda: Response(Response("text").response, headers={"X": "ä"}),
}


@pytest.mark.parametrize("make", RESPONSES.values(), ids=RESPONSES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_answers_are_werkzeugs_to_the_byte(make: Callable[[], Response], method: str) -> None:
    def sent(kind: type[Response]) -> Any:
        body, status, headers = run_wsgi_app(kind.force_type(make()), environ_of("/", REQUEST_METHOD=method))
        return b"".join(body), status, list(headers)

    assert sent(Answer) == sent(Response)


def test_a_response_is_closed() -> None:
    closed: list[int] = []
    response = Answer("text")
    response.call_on_close(lambda: closed.append(1))
    body, _, _ = run_wsgi_app(response, environ_of("/", REQUEST_METHOD="POST"))
    body.close()  # type: ignore[attr-defined]
    assert closed == [1]


def test_nobody_has_a_session() -> None:
    app = application()
    app.config["SECRET_KEY"] = "a key"
    with app.test_request_context():
        assert dict(session) == {}
        with pytest.raises(RuntimeError, match="session is unavailable"):
            session["a"] = 1
