"""What encryption of every link costs: plain, TLS that programs and servers speak themselves, sidecars of a mesh.

The same load in turn on three platforms, which are up all the time; and what fails while certificates are renewed. The
second and the third have the gateway: the part `gateway` says how much of their cost is not the links'.
"""

from functools import partial
from typing import Final

from bench import links
from bench.links import Links
from bench.progress import say
from bench.ratio import to_each_neighbours
from bench.repetition import REPEATS, RUN_SECONDS, SEARCH_SECONDS
from bench.report.table import Figure
from bench.session import Session
from bench.under_load import under_way

RATE: Final = 200
TURNS: Final = 6
"""Even: native TLS and sidecars change places in each, so that a drift of the machine favours neither."""
WARM_TURNS: Final = 2
RENEWED_SECONDS: Final = 20
"""Of the load in which certificates are replaced."""
ENVOYS: Final = "CPU of all Envoys per authorization"
MEGA: Final = 1e6
Measured = dict[str, float]


def figures(session: Session) -> list[Figure]:
    """Times (ms), CPU of an authorization (ms), memory of the Envoys (MB), and requests that failed at a renewal."""
    with links.native() as native, links.through_sidecars() as sidecars:
        plain = links.plain(session)
        for kind in WARM_TURNS * (plain, native, sidecars):
            kind.load(RATE, SEARCH_SECONDS)
        without, during = [_measure(plain)], {native.name: list[Measured](), sidecars.name: list[Measured]()}
        for turn in range(TURNS):
            for kind in (native, sidecars)[:: 1 if turn % 2 else -1]:
                during[kind.name].append(_measure(kind))
            without.append(_measure(plain))
        compared = [figure for what in without[0] for figure in _compared(what, plain.name, without, during)]
        memory = [
            Figure(f"memory of all Envoys, {kind.name}", [kind.envoys_bytes() / MEGA], "MB")
            for kind in (native, sidecars)
        ]
        return [*compared, *memory, _renewed(native), _renewed(sidecars)]


def _measure(kind: Links) -> Measured:
    """Milliseconds. RuntimeError when a request failed: nothing was measured then."""
    kind.session.drain()
    before = kind.cpu_seconds()
    result = kind.load(RATE, RUN_SECONDS)
    if result.failed:
        raise RuntimeError(f"{kind.name}: {result.failed} of {result.requests} requests failed: nothing was measured")
    kind.session.drain()
    spent = {name: (after - before[name]) * 1000 / result.requests for name, after in kind.cpu_seconds().items()}
    say(f"{kind.name}: median {result.median:.1f} ms, p95 {result.p95:.1f} ms; CPU {spent['everything']:.2f} ms each")
    return {
        "median": result.median,
        "p95": result.p95,
        "p99": result.p99,
        "CPU of api per authorization": spent["api"],
        "CPU of MariaDB per authorization": spent["MariaDB"],
        ENVOYS: spent["Envoys"],
        "CPU of the whole platform per authorization": spent["everything"],
    }


def _compared(what: str, plain: str, without: list[Measured], during: dict[str, list[Measured]]) -> list[Figure]:
    values = {plain: without, **during}
    found = [
        Figure(f"{what} at {RATE}/s, {name}", [one[what] for one in measured], "ms")
        for name, measured in values.items()
        if not (what == ENVOYS and name == plain)
    ]
    if what == ENVOYS:
        return found
    base = [one[what] for one in without]
    return found + [
        Figure(f"{what}, {name} to {plain} (A-B-A)", to_each_neighbours(base, [one[what] for one in measured]), "×")
        for name, measured in during.items()
    ]


def _renewed(kind: Links) -> Figure:
    """Requests that failed, of a load in the middle of which every certificate is replaced."""
    failed = [float(_renew_under_load(kind)) for _ in range(REPEATS)]
    return Figure(f"requests that fail at {RATE}/s while every certificate is replaced, {kind.name}", failed, "")


def _renew_under_load(kind: Links) -> int:
    with under_way(kind.session, RATE * RENEWED_SECONDS // 3, partial(kind.load, RATE, RENEWED_SECONDS)) as loaded:
        kind.renew()
        if loaded.done():
            raise RuntimeError(f"{kind.name}: the load ended before every certificate was replaced")
        result = loaded.result()
    say(f"{kind.name}: {result.failed} of {result.requests} requests failed while certificates were replaced")
    return result.failed
