"""What API keys cost: authorizations by merchants' names and by keys, in turn, at one instance of the api.

Its keys are optional, as only there both kinds are served; a key that is sent is checked there like anywhere. Two
instances would differ by more than the keys cost, and so does one on a busy machine; calls without HTTP do not.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench import k6, merchants_keys
from bench.platform import cpu_of
from bench.progress import say
from bench.ratio import to_each_neighbours
from bench.repetition import LOW_RATE, RUN_SECONDS, SEARCH_SECONDS
from bench.report.table import Figure
from bench.session import Session
from stack import platform
from stack.server import Server

TURNS: Final = 10
"""Of the instance with keys. More than elsewhere: the bar is near to 1."""
WARM_TURNS: Final = 2
Spent = dict[str, float]


def figures(session: Session) -> list[Figure]:
    """CPU (ms) of api and database for an authorization without and with keys, in turn, and their ratios."""
    api = session.platform.api
    with merchants_keys.in_file(api.url, session.platform.admin_token) as keys:
        for _ in range(WARM_TURNS):
            k6.run(api.url, LOW_RATE, SEARCH_SECONDS)
            k6.run(api.url, LOW_RATE, SEARCH_SECONDS, keys=keys)
        without, having = [_spent(session)], []
        for _ in range(TURNS):
            having.append(_spent(session, keys))
            without.append(_spent(session))
            say(f"CPU of api: {having[-1]['api']:.2f} ms with keys, {without[-1]['api']:.2f} ms without")
        called = _called(session, keys)
    return [*(figure for name in without[0] for figure in _figures(name, without, having)), *called]


def _figures(name: str, without: list[Spent], having: list[Spent]) -> list[Figure]:
    named, keyed = ([spent[name] for spent in measured] for measured in (without, having))
    return [
        Figure(f"CPU of {name} per authorization at {LOW_RATE}/s, without keys", named, "ms"),
        Figure(f"CPU of {name} per authorization at {LOW_RATE}/s, by keys", keyed, "ms"),
        Figure(f"CPU of {name} with keys to without (A-B-A)", to_each_neighbours(named, keyed), "×"),
    ]


def _called(session: Session, keys: Path) -> list[Figure]:
    """CPU (ms) of a call without HTTP. RuntimeError with the process's output when a call failed."""
    session.drain()
    given = {"BENCH_API_KEY": keys.read_text(encoding="ascii").split()[0], "BENCH_TURNS": str(4 * TURNS)}
    done = subprocess.run(
        [sys.executable, "-m", "bench.keys_without_http"], cwd=platform.ROOT,
        env={**session.platform.api.environment, **given}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"an authorization could not be called:\n{done.stdout}{done.stderr}")
    without, having = json.loads(done.stdout.splitlines()[-1])
    return [
        Figure("CPU of an authorization called without HTTP, without keys", without, "ms"),
        Figure("CPU of an authorization called without HTTP, by a key", having, "ms"),
        Figure("the one to the other, called without HTTP (A-B-A)", to_each_neighbours(without, having), "×"),
    ]


def _spent(session: Session, keys: Path | None = None) -> Spent:
    """CPU milliseconds for an authorization. RuntimeError when a request failed: nothing was measured then."""
    session.drain()
    programs: dict[str, Server] = {"api": session.platform.api, "mariadb": session.platform.mariadb}
    before = {name: cpu_of(program) for name, program in programs.items()}
    result = k6.run(session.platform.api.url, LOW_RATE, RUN_SECONDS, keys=keys)
    if result.failed:
        raise RuntimeError(f"{result.failed} of {result.requests} requests failed: nothing was measured")
    return {name: (cpu_of(program) - before[name]) * 1000 / result.requests for name, program in programs.items()}
