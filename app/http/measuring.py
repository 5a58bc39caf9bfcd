"""prometheus-flask-exporter, with a bounded set of label values: routes, known methods, statuses."""

from collections.abc import Iterable
from typing import Any, Final

from flask import Flask, Request
from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector
from prometheus_flask_exporter import PrometheusMetrics  # type: ignore[import-untyped]
from prometheus_flask_exporter.multiprocess import (  # type: ignore[import-untyped]
    GunicornInternalPrometheusMetrics,
)

from app.http.describing import Description, describe
from payments.platform.problems import PROBLEMS

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
ENDPOINT: Final = "prometheus_metrics"
"""The endpoint of the exporter's view."""
SHOP: Final = "/shop"
"""Under it are the operations of the API that the shop's pages call; they are counted as those."""
WATCHED_STATUSES: Final = tuple(sorted({200, 500, *(status for status, _ in PROBLEMS.values() if status >= 500)}))
"""Statuses that alerts read one by one; 500 would be a bug, and must page. Of refusals alerts read only the sum, and
each status here adds 16 series for each route to every scrape."""

_DURATION: Final = "flask_http_request_duration_seconds"
_TOTAL: Final = "flask_http_request"
"""The exporter's metrics, by the names of their families."""


class KnownMethods(Request):
    """A request whose method label is a known one or OTHER. Routing uses the real method."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Parameters as for Flask's Request."""
        super().__init__(*arguments, **options)
        if self.method not in METHODS:
            self.method = "OTHER"


def url_rule(request: Request) -> str:
    """The label `url_rule`: the route as declared, so that ids do not create series; without SHOP."""
    return "unmatched" if request.url_rule is None else _label(request.url_rule.rule)


def _label(rule: str) -> str:
    return rule.removeprefix(SHOP)


class RequestMetrics(CollectorRegistry):
    """The registry of the exporter's metrics; captures the exporter's private metrics."""

    def __init__(self) -> None:
        """An empty registry."""
        super().__init__()
        self._by_name: dict[str, Any] = {}

    def register(self, collector: Collector) -> None:
        """Register a collector."""
        super().register(collector)
        describe = getattr(collector, "describe", list)  # the collector of the multiprocess files has none
        self._by_name.update((family.name, collector) for family in describe())

    def count(self, method: str, rule: str, status: int, seconds: float) -> None:
        """Count and time a request as the exporter does those that Flask answers; `rule`: the route as declared."""
        self._by_name[_DURATION].labels(method=method, url_rule=_label(rule), status=status).observe(seconds)
        self._by_name[_TOTAL].labels(method=method, status=status).inc()

    def start_at_zero(self, method: str, url_rules: Iterable[str]) -> None:
        """Create these routes' series of watched statuses: a rate misses a burst with which a series begins."""
        for url_rule in url_rules:
            for status in WATCHED_STATUSES:
                self._by_name[_DURATION].labels(method=method, url_rule=url_rule, status=status)


def measure(app: Flask, *, multiprocess: bool) -> RequestMetrics:
    """Count and time every request, and serve /metrics; for all web workers when `multiprocess`."""
    registry = RequestMetrics()
    exporter = GunicornInternalPrometheusMetrics if multiprocess else PrometheusMetrics
    exporter(app, group_by=url_rule, buckets=BUCKETS, registry=registry)
    describe(Description("What Prometheus scrapes", "operations", answers={200: "text/plain"}, limited=False))(
        app.view_functions[ENDPOINT]
    )
    return registry
