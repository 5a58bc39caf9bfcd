"""How the api is best divided into web workers and writers: each division in turn, at one steady rate."""

from collections.abc import Mapping
from typing import Final

from bench.platform import cpu_seconds
from bench.repetition import REPEATS, RUN_SECONDS, SEARCH_SECONDS, STEADY_RATE
from bench.report.table import Figure
from bench.session import Session

SPLITS: Final[Mapping[str, Mapping[str, str]]] = {
    "1 web worker with 1 writer": {"WEB_WORKERS": "1", "APP_COMMIT_WRITERS": "1"},
    "1 web worker with 2 writers": {"WEB_WORKERS": "1", "APP_COMMIT_WRITERS": "2"},
    "2 web workers with 1 writer each": {"WEB_WORKERS": "2", "APP_COMMIT_WRITERS": "1"},
}


def figures(session: Session) -> list[Figure]:
    """p95, and the api's CPU for an authorization, of each division."""
    api = session.platform.api
    default = api.environment
    p95s: dict[str, list[float]] = {name: [] for name in SPLITS}
    spent: dict[str, list[float]] = {name: [] for name in SPLITS}
    for _ in range(REPEATS):
        for name, settings in SPLITS.items():
            api.environment = {**default, **settings}
            api.restart()
            session.load(STEADY_RATE // 2, SEARCH_SECONDS)  # warms up
            session.drain()
            before = cpu_seconds(session.platform)["api"]
            result = session.load(STEADY_RATE, RUN_SECONDS)
            p95s[name].append(result.p95)
            spent[name].append((cpu_seconds(session.platform)["api"] - before) * 1000 / result.requests)
    api.environment = default
    api.restart()
    return [
        figure
        for name in SPLITS
        for figure in (
            Figure(f"p95 at {STEADY_RATE}/s, {name}", p95s[name], "ms"),
            Figure(f"CPU of api per authorization at {STEADY_RATE}/s, {name}", spent[name], "ms"),
        )
    ]
