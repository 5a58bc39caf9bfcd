"""As many requests as 50 users get answered, one after the other: beside the Java original's, with keys and without."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from bench import k6, merchants_keys
from bench.k6 import LoadResult
from bench.platform import cpu_seconds
from bench.progress import say
from bench.repetition import REPEATS, RUN_SECONDS, SEARCH_SECONDS, USERS
from bench.report.table import Figure
from bench.session import Session

ORIGINAL: Final = {k6.AUTHORIZE: 858, k6.FLOWS: 949}
"""Requests a second of the Java original: the same users on one machine, on which a Flask view that answers a constant
cost 0.29 ms of CPU at 500/s (28 November 2026)."""
_NAMES: Final = {k6.AUTHORIZE: "authorizations", k6.FLOWS: "requests of flows"}


def figures(session: Session) -> list[Figure]:
    """Requests a second, p95 and CPU of each process, by keys that are required and of named merchants."""
    with _keys(session) as keys:
        by_keys = [figure for script in ORIGINAL for figure in _measured(session, script, keys)]
    return [*by_keys, *(figure for script in ORIGINAL for figure in _measured(session, script, None)[:2])]


@contextmanager
def _keys(session: Session) -> Iterator[Path]:
    """Merchants' keys, at an api that requires them; afterwards it is as it was."""
    api = session.platform.api
    default = api.environment
    api.environment = {**default, "APP_AUTH": "required"}
    api.restart()
    try:
        with merchants_keys.in_file(api.url, session.platform.admin_token) as keys:
            yield keys
    finally:
        api.environment = default
        api.restart()


def _measured(session: Session, script: str, keys: Path | None) -> list[Figure]:
    session.drain()
    k6.of_users(session.platform.api.url, USERS, SEARCH_SECONDS, script, keys)  # warms up
    runs, spent = zip(*(_run(session, script, keys) for _ in range(REPEATS)), strict=True)
    name, how = _NAMES[script], "without keys" if keys is None else "by keys"
    rates = [float(run.rate) for run in runs]
    say(f"{name} of {USERS} users, {how}: {median(rates):.0f}/s")
    return [
        Figure(f"{name} of {USERS} users, {how}", rates, "1/s"),
        Figure(f"to the Java original's {ORIGINAL[script]}/s, {how}", [rate / ORIGINAL[script] for rate in rates], "×"),
        Figure(f"p95 of these {name}", [run.p95 for run in runs], "ms"),
        *(
            Figure(f"CPU of {process} for one of these {name}", [cpu[process] for cpu in spent], "ms")
            for process in spent[0]
        ),
    ]


def _run(session: Session, script: str, keys: Path | None) -> tuple[LoadResult, Mapping[str, float]]:
    """What k6 saw, and CPU milliseconds of each process for a request. RuntimeError when a request failed."""
    session.drain()
    before = cpu_seconds(session.platform)
    run = k6.of_users(session.platform.api.url, USERS, RUN_SECONDS, script, keys)
    after = cpu_seconds(session.platform)
    if run.failed:
        raise RuntimeError(f"{run.failed} of {run.requests} requests failed: nothing was measured")
    return run, {name: (after[name] - before[name]) * 1000 / run.requests for name in after}
