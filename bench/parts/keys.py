"""What API keys cost: authorizations by merchants' names where keys are optional, by keys where they are required."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.platform import cpu_seconds
from bench.progress import say
from bench.ratio import to_each_neighbours
from bench.repetition import RUN_SECONDS, SEARCH_SECONDS
from bench.report.table import Figure
from bench.session import Session
from load.api import Api

RATE: Final = 200
PAIRS: Final = 5
"""More than elsewhere: the bar is nearer to 1 than two measurements are to each other."""
MERCHANTS: Final = 50
"""k6/bench-authorize.js names as many."""
PROGRAMS: Final = ("api", "mariadb")
Spent = dict[str, float]


def figures(session: Session) -> list[Figure]:
    """CPU (ms) of api and database for an authorization without and with keys, in turn, and their ratios."""
    api = session.platform.api
    default = api.environment
    with _keys(session) as keys:
        without, having = [_spent(session)], []
        for _ in range(PAIRS):
            api.environment = {**default, "APP_AUTH": "required"}
            having.append(_spent(session, keys))
            api.environment = default
            without.append(_spent(session))
            say(f"CPU of api: {having[-1]['api']:.2f} ms with keys, {without[-1]['api']:.2f} ms without")
    return [figure for name in PROGRAMS for figure in _figures(name, _of(name, without), _of(name, having))]


def _of(name: str, measured: list[Spent]) -> list[float]:
    return [spent[name] for spent in measured]


def _figures(name: str, without: list[float], having: list[float]) -> list[Figure]:
    return [
        Figure(f"CPU of {name} per authorization at {RATE}/s, without keys", without, "ms"),
        Figure(f"CPU of {name} per authorization at {RATE}/s, by keys where they are required", having, "ms"),
        Figure("the one to the other, each to its neighbours", to_each_neighbours(without, having), "×"),
    ]


@contextmanager
def _keys(session: Session) -> Iterator[Path]:
    """A file of keys, one for each merchant; they end with the platform."""
    operators = Api(session.platform.api.url, session.platform.admin_token)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "keys"
        with path.open("w", encoding="ascii") as file:
            for number in range(MERCHANTS):
                operators.make_merchant(f"BENCH-{number}")
                file.write(f"{operators.make_key(f'BENCH-{number}')}\n")
        yield path


def _spent(session: Session, keys: Path | None = None) -> Spent:
    """CPU milliseconds for an authorization, by program, of an api that has just started and is warm.

    RuntimeError when a request failed.
    """
    session.platform.api.restart()
    session.load(RATE, SEARCH_SECONDS, keys=keys)
    session.drain()
    before = cpu_seconds(session.platform)
    result = session.load(RATE, RUN_SECONDS, keys=keys)
    after = cpu_seconds(session.platform)
    if result.failed:
        raise RuntimeError(f"{result.failed} of {result.requests} requests failed: nothing was measured")
    return {name: (after[name] - before[name]) * 1000 / result.requests for name in PROGRAMS}
