"""How the api is best cut into web workers and writers, at one steady rate: each split in turn, several times."""

from collections.abc import Mapping
from typing import Final

from bench.platform import cpu_seconds
from bench.rates import REPEATS, RUN_SECONDS, SEARCH_SECONDS
from bench.report import Figure
from bench.session import Session
from bench.steady import RATE

SPLITS: Final[Mapping[str, Mapping[str, str]]] = {
    "1 web worker with 1 writer": {"WEB_WORKERS": "1", "APP_COMMIT_WRITERS": "1"},
    "1 web worker with 2 writers": {"WEB_WORKERS": "1", "APP_COMMIT_WRITERS": "2"},
    "2 web workers with 1 writer each": {"WEB_WORKERS": "2", "APP_COMMIT_WRITERS": "1"},
}


def figures(session: Session) -> list[Figure]:
    """p95, and the api's CPU for an authorization, of each split."""
    api = session.platform.api
    usual = api.environment
    p95s: dict[str, list[float]] = {name: [] for name in SPLITS}
    spent: dict[str, list[float]] = {name: [] for name in SPLITS}
    for _ in range(REPEATS):
        for name, settings in SPLITS.items():
            api.environment = {**usual, **settings}
            api.restart()
            session.run(RATE // 2, SEARCH_SECONDS)  # warm
            session.drained()
            before = cpu_seconds(session.platform)["api"]
            seen = session.run(RATE, RUN_SECONDS)
            p95s[name].append(seen.p95)
            spent[name].append((cpu_seconds(session.platform)["api"] - before) * 1000 / seen.requests)
    api.environment = usual
    api.restart()
    return [
        figure
        for name in SPLITS
        for figure in (
            Figure(f"p95 at {RATE}/s, {name}", p95s[name], "ms"),
            Figure(f"CPU of api per authorization at {RATE}/s, {name}", spent[name], "ms"),
        )
    ]
