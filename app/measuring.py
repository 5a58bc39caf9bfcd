"""prometheus-flask-exporter, with label values that no client can multiply: routes, known methods, statuses."""

from typing import Any, Final

from flask import Flask, Request
from prometheus_client import CollectorRegistry
from prometheus_flask_exporter import PrometheusMetrics
from prometheus_flask_exporter.multiprocess import GunicornInternalPrometheusMetrics

from app.describing import Description, describe

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
ENDPOINT: Final = "prometheus_metrics"
"""What the exporter calls its view."""


class KnownMethods(Request):
    """A request whose method, where it is shown, is a known one or OTHER. Routing still sees the real one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Parameters as of Flask's Request."""
        super().__init__(*arguments, **options)
        if self.method not in METHODS:
            self.method = "OTHER"


def url_rule(request: Request) -> str:
    """The label `url_rule`: the route as declared, so that ids make no series."""
    return "unmatched" if request.url_rule is None else request.url_rule.rule


def measure(app: Flask, *, multiprocess: bool) -> None:
    """Count and time every request, and serve /metrics; of all web workers when `multiprocess`."""
    app.request_class = KnownMethods
    options: dict[str, Any] = {"group_by": url_rule, "buckets": BUCKETS}
    if multiprocess:
        GunicornInternalPrometheusMetrics(app, **options)
    else:
        PrometheusMetrics(app, registry=CollectorRegistry(), **options)
    describe(Description("What Prometheus scrapes", "operations", answers={200: "text/plain"}, limited=False))(
        app.view_functions[ENDPOINT]
    )
