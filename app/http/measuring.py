"""prometheus-flask-exporter, with a bounded set of label values: routes, known methods, statuses."""

import os
from collections.abc import Iterable
from time import perf_counter
from typing import Any, Final

from flask import Flask, Request
from prometheus_client import CollectorRegistry, values
from prometheus_client.registry import Collector
from prometheus_flask_exporter import PrometheusMetrics  # type: ignore[import-untyped]
from prometheus_flask_exporter.multiprocess import (  # type: ignore[import-untyped]
    GunicornInternalPrometheusMetrics,
)

from app.http.describing import Description, describe
from app.http.hooks import remove_hook
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
_HOOK: Final = "PrometheusMetrics.export_defaults.<locals>."
_BEGAN, _UNTRACKED = "prom_start_time", "prom_do_not_track"
_TIMED, _COUNTED = "prom_duration_reported", "prom_total_reported"
"""What the exporter notes in a request. Its hook for exceptions and its own view, which stay, read or write these."""


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
        self._durations: dict[tuple[str, str, int], Any] = {}
        self._totals: dict[tuple[str, int], Any] = {}

    def register(self, collector: Collector) -> None:
        """Register a collector."""
        super().register(collector)
        describe = getattr(collector, "describe", list)  # the collector of the multiprocess files has none
        self._by_name.update((family.name, collector) for family in describe())

    def begin(self, request: Request) -> None:
        """Time a request from now on."""
        vars(request)[_BEGAN] = perf_counter()

    def end(self, request: Request, status: int) -> None:
        """Count a request, once, and time it if it was begun."""
        noted = vars(request)
        if _UNTRACKED in noted or _COUNTED in noted:
            return
        noted[_COUNTED] = noted[_TIMED] = True
        if _BEGAN in noted:
            rule = "unmatched" if request.url_rule is None else request.url_rule.rule
            self._duration(request.method, rule, status).observe(perf_counter() - noted[_BEGAN])
        self._total(request.method, status).inc()

    def count(self, method: str, rule: str, status: int, seconds: float) -> None:
        """Count and time a request that Flask does not answer; `rule`: the route as declared."""
        self._duration(method, rule, status).observe(seconds)
        self._total(method, status).inc()

    def _duration(self, method: str, rule: str, status: int) -> Any:
        key = method, rule, status
        if (found := self._durations.get(key)) is None:
            found = self._by_name[_DURATION].labels(method=method, url_rule=_label(rule), status=status)
            self._durations[key] = found
        return found

    def _total(self, method: str, status: int) -> Any:
        key = method, status
        if (found := self._totals.get(key)) is None:
            found = self._totals[key] = self._by_name[_TOTAL].labels(method=method, status=status)
        return found

    def start_at_zero(self, method: str, url_rules: Iterable[str]) -> None:
        """Create these routes' series of watched statuses: a rate misses a burst with which a series begins."""
        for url_rule in url_rules:
            for status in WATCHED_STATUSES:
                self._by_name[_DURATION].labels(method=method, url_rule=url_rule, status=status)


class ProcessId:
    """`os.getpid` without a system call for each measured value: the id changes only in a new process."""

    def __init__(self) -> None:
        """For this process and those that it forks."""
        self._remember()
        os.register_at_fork(after_in_child=self._remember)

    def __call__(self) -> int:
        """The id of this process."""
        return self._id

    def _remember(self) -> None:
        self._id = os.getpid()


def measure(app: Flask, *, multiprocess: bool) -> RequestMetrics:
    """Serve /metrics; for all web workers when `multiprocess`. Create no metric before: it would be of another kind.

    Requests are counted and timed by RequestMetrics in place of the exporter's hooks, which look up each label anew.
    """
    registry = RequestMetrics()
    if multiprocess:
        values.ValueClass = values.MultiProcessValue(ProcessId())  # type: ignore[no-untyped-call]
    exporter = GunicornInternalPrometheusMetrics if multiprocess else PrometheusMetrics
    exporter(app, group_by=url_rule, buckets=BUCKETS, registry=registry)
    remove_hook(app.before_request_funcs[None], f"{_HOOK}before_request")
    remove_hook(app.after_request_funcs[None], f"{_HOOK}after_request")
    describe(Description("What Prometheus scrapes", "operations", answers={200: "text/plain"}, limited=False))(
        app.view_functions[ENDPOINT]
    )
    return registry
