"""Reads k6's metrics of a run: a row for each kind of request, each threshold, and the result."""

import re
from dataclasses import dataclass
from typing import Any, Final

from load.recording import KINDS

Metrics = dict[str, Any]
NAMES: Final = {
    "http_req_duration": "latency in ms",
    "errors": "share of errors",
    "limited": "share refused (429)",
    "dropped_iterations": "journeys not started in time",
    "http_req_failed": "share of failed requests",
    "checks": "share of journeys as expected",
}
"""Names of k6's metrics with a threshold, for people."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of request; times in milliseconds."""

    kind: str
    ok: int
    rate: float
    errors: int
    limited: int
    median: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold: its metric (`scenario` empty: of the whole run), the measured value, whether it held."""

    metric: str
    scenario: str
    bound: str
    seen: float
    held: bool

    @property
    def name(self) -> str:
        """Its name in plain words."""
        return NAMES.get(self.metric, self.metric) + (f" of {self.scenario}" if self.scenario else "")


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Whether the run met its profile's goal, and why, in one sentence."""

    good: bool
    text: str


def rows(metrics: Metrics) -> list[Row]:
    """A row for each kind with requests."""
    found = []
    for kind in KINDS:
        if f"{kind}_duration" in metrics:
            times = metrics[f"{kind}_duration"]["values"]
            ok, errors, limited = (_count(metrics, f"{kind}_{name}") for name in ("ok", "errors", "limited"))
            rate = metrics.get(f"{kind}_ok", {"values": {"rate": 0.0}})["values"]["rate"]
            found.append(Row(kind, ok, rate, errors, limited, times["med"], times["p(95)"], times["p(99)"]))
    return found


def answered(metrics: Metrics) -> dict[str, int]:
    """By kind, the sum of the amounts of all requests answered with 200."""
    return {kind: _count(metrics, f"{kind}_amount") for kind in KINDS}


def refused(metrics: Metrics) -> int:
    """The number of requests that the rate limit refused."""
    return sum(_count(metrics, f"{kind}_limited") for kind in KINDS)


def thresholds(metrics: Metrics) -> list[Threshold]:
    """All thresholds, ordered by scenario and metric."""
    found = []
    for name, metric in metrics.items():
        for expression, outcome in metric.get("thresholds", {}).items():
            base, scenario = _parts(name)
            statistic = re.split(r"[<>=!]", expression, maxsplit=1)[0].strip()
            found.append(Threshold(base, scenario, expression, metric["values"].get(statistic, 0.0), outcome["ok"]))
    return sorted(found, key=lambda one: (_natural(one.scenario), one.metric))


def result(metrics: Metrics) -> LoadResult:
    """Stress succeeds when it found a rate that holds; every other profile when all its thresholds did."""
    if "highest_rate" in metrics:
        rate = round(metrics["highest_rate"]["values"]["value"])
        if not rate:
            return LoadResult(False, "Even the lowest rate crossed a threshold.")
        return LoadResult(True, f"The highest rate within the thresholds: {rate:,} journeys a second.")
    crossed = [one for one in thresholds(metrics) if not one.held]
    if not crossed:
        return LoadResult(True, "All thresholds held.")
    named = ", ".join(f"{one.name} {one.bound} ({one.seen:,.4g})" for one in crossed)
    return LoadResult(False, f"Crossed: {named}.")


def _count(metrics: Metrics, name: str) -> int:
    return round(metrics[name]["values"]["count"]) if name in metrics else 0


def _parts(name: str) -> tuple[str, str]:
    found = re.fullmatch(r"(\w+)\{scenario:(\w+)\}", name)
    return (found[1], found[2]) if found else (name, "")


def _natural(text: str) -> tuple[str, int]:
    """rate_100 before rate_1000 before rate_2000, and those after rate_50."""
    found = re.fullmatch(r"(\D*)(\d*)", text)
    return (found[1], int(found[2] or 0)) if found else (text, 0)
