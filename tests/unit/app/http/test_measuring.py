"""Requests are counted as prometheus-flask-exporter counts them by its own hooks."""

import os
from typing import Any, NoReturn

import pytest
from flask import Flask, Response, abort, request
from prometheus_flask_exporter import PrometheusMetrics  # type: ignore[import-untyped]

from app.http.application import Application
from app.http.measuring import BUCKETS, ProcessId, RequestMetrics, measure, url_rule

REQUESTS = (
    ("GET", "/payments/1"),
    ("GET", "/payments/2"),
    ("POST", "/payments/1"),
    ("BREW", "/payments/1"),
    ("GET", "/nothing"),
    ("GET", "/refused"),
    ("GET", "/refused?early=yes"),
    ("GET", "/crash"),
    ("GET", "/spoilt"),
    ("GET", "/spoilt?late=yes"),
    ("GET", "/shop/payments/1"),
    ("GET", "/metrics"),
    ("GET", "/metrics?early=yes"),
)


def crash() -> NoReturn:
    raise ZeroDivisionError


def show(number: str) -> str:
    return number


def with_routes(app: Flask) -> Flask:
    app.add_url_rule("/payments/<number>", "show", show)
    app.add_url_rule("/shop/payments/<number>", "shown", show)
    app.add_url_rule("/refused", "refused", lambda: abort(418))
    app.add_url_rule("/crash", "crash", crash)
    app.add_url_rule("/spoilt", "spoilt", lambda: "")
    return app


def refuse_early() -> None:
    if request.args.get("early"):
        abort(400)


def spoil(response: Response) -> Response:
    if request.path == "/spoilt":
        crash()
    return response


def by_exporter(registry: RequestMetrics) -> Flask:
    app = Application("exporter", static_folder=None)
    app.before_request(refuse_early)
    app.after_request(spoil)
    PrometheusMetrics(app, group_by=url_rule, buckets=BUCKETS, registry=registry)
    return with_routes(app)


def by_us() -> tuple[RequestMetrics, Flask]:
    app = Application("ours", static_folder=None)
    app.before_request(refuse_early)
    app.after_request(spoil)
    registry = measure(app, multiprocess=False)

    @app.before_request
    def begin() -> None:
        registry.begin(request._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001

    @app.after_request
    def end(response: Response) -> Response:
        registry.end(request._get_current_object(), response.status_code)  # type: ignore[attr-defined]  # noqa: SLF001
        return response

    return registry, with_routes(app)


def counted(app: Flask, registry: RequestMetrics) -> dict[tuple[str, Any], float]:
    for method, path in REQUESTS:
        app.test_client().open(path, method=method)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith(("_created", "_sum", "_bucket"))
    }


def test_what_is_counted_is_the_exporters() -> None:
    theirs = RequestMetrics()
    expected = counted(by_exporter(theirs), theirs)
    assert expected["flask_http_request_exceptions_total", (("method", "GET"), ("status", "500"))] > 0
    ours, app = by_us()
    assert counted(app, ours) == expected


def test_a_request_is_timed_from_its_beginning() -> None:
    registry, app = by_us()
    app.test_client().get("/payments/1")
    labels = {"method": "GET", "status": "200", "url_rule": "/payments/<number>"}
    assert 0 < (registry.get_sample_value("flask_http_request_duration_seconds_sum", labels) or 0) < 60


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_child_has_an_id_of_its_own() -> None:
    identify = ProcessId()
    assert identify() == os.getpid()
    child = os.fork()
    if child == 0:
        os._exit(0 if identify() == os.getpid() else 1)
    assert os.waitpid(child, 0)[1] == 0
