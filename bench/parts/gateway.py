"""What the gateway costs and keeps: time and CPU of a request, a frozen instance, the limits of a thousand keys.

The api is asked directly and through the gateway in turn. It is an instance of its own, which listens as on machines.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench import frozen_instance, k6, limited_keys
from bench.k6 import LoadResult
from bench.links import listen_on_socket
from bench.platform import cpu_of
from bench.progress import say
from bench.ratio import above_each_neighbours
from bench.repetition import REPEATS, RUN_SECONDS, SEARCH_SECONDS
from bench.report.table import Figure
from bench.session import Session
from bench.smallest_envoy import SmallestEnvoy
from stack.certificates import Authority
from stack.envoy import Envoy
from stack.platform import Api
from stack.server import Server

RATE: Final = 200
USERS: Final = 50
"""As in `full-load`."""
TURNS: Final = 8
"""More than elsewhere: the bar is a fraction of what a p95 scatters by."""
WARM_TURNS: Final = 2
ADDED: Final = "that the gateway adds"
"""May be less than nothing, on a machine that drifts by more."""
FROZEN_SECONDS: Final = 24
"""Of the load in which an instance freezes: shorter than gunicorn's 30 s, after which a thawed worker is replaced."""
KEYS: Final = [f"po_test_{number:012d}_secret" for number in range(1000)]
BURST: Final = 5
FILLED_SECONDS: Final = 5
LIMIT_SECONDS: Final = 40


@dataclass(frozen=True, slots=True)
class Instance:
    """An api, and the unix socket where the gateway asks it."""

    api: Api
    address: str


def figures(session: Session) -> list[Figure]:
    """Times and CPU (ms) of a request, seconds until a frozen instance gets nothing, shares (%) of what went wrong."""
    with TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        with _instance(session) as first, _instance(session) as second:
            added = _added(session, authority, first)
            smallest = _smallest(session, first)
            busy = _at_full_load(session, authority, first)
            frozen = _frozen(session, authority, first, second)
        return [*added, smallest, *busy, *frozen, _limits(authority)]


@contextmanager
def _instance(session: Session) -> Iterator[Instance]:
    api = Api()
    api.environment = session.platform.environment
    address = listen_on_socket(api)
    with api:
        yield Instance(api, address)


@contextmanager
def _gate(authority: Authority, *addresses: str, **variables: Any) -> Iterator[Envoy]:
    leaf = authority.leaf()
    instances: dict[str, Any] = {"envoy_instances": list(addresses), "envoy_instance_address": "%s"}
    with Envoy(leaf.certificate, leaf.key, **instances, **variables) as gate:
        yield gate


def _added(session: Session, authority: Authority, instance: Instance) -> list[Figure]:
    """The api alone and through the gateway, in turn."""
    with _gate(authority, instance.address) as gate:
        for _ in range(WARM_TURNS):
            k6.run(instance.api.url, RATE, SEARCH_SECONDS)
            k6.run(gate.url, RATE, SEARCH_SECONDS, authority=authority.file)
        alone, through, spent = [_load(session, instance.api.url)], list[LoadResult](), list[float]()
        for _ in range(TURNS):
            result, cost = _spent(session, gate, gate.url, authority.file)
            through.append(result)
            spent.append(cost)
            alone.append(_load(session, instance.api.url))
            say(f"p95 {result.p95:.2f} ms through the gateway, {cost:.3f} ms of CPU; {alone[-1].p95:.2f} ms without it")
    return [
        *_times("median", [one.median for one in alone], [one.median for one in through]),
        *_times("p95", [one.p95 for one in alone], [one.p95 for one in through]),
        Figure(f"CPU of the gateway per request at {RATE}/s", spent, "ms"),
    ]


def _times(name: str, alone: list[float], through: list[float]) -> list[Figure]:
    return [
        Figure(f"{name} at {RATE}/s, the api alone", alone, "ms"),
        Figure(f"{name} at {RATE}/s, through the gateway", through, "ms"),
        Figure(f"{name} {ADDED} (A-B-A)", above_each_neighbours(alone, through), "ms"),
    ]


def _smallest(session: Session, instance: Instance) -> Figure:
    """What no configuration of Envoy can be below on this machine: the CPU that the gateway's is to be read against."""
    with SmallestEnvoy(instance.address) as envoy:
        k6.run(envoy.url, RATE, SEARCH_SECONDS)
        spent = [_spent(session, envoy, envoy.url)[1] for _ in range(REPEATS)]
    say(f"{min(spent):.3f} to {max(spent):.3f} ms of CPU for a request through the smallest Envoy")
    return Figure(f"CPU of the smallest Envoy per request at {RATE}/s", spent, "ms")


def _at_full_load(session: Session, authority: Authority, instance: Instance) -> list[Figure]:
    """The CPU where it is scarce: Envoy has no time to sleep between two requests, as it has at a low rate."""
    spent: dict[str, list[float]] = {"the gateway": [], "the smallest Envoy": []}
    with _gate(authority, instance.address) as gate, SmallestEnvoy(instance.address) as smallest:
        ways = zip(spent, (gate, smallest), (gate.url, smallest.url), (authority.file, None), strict=True)
        for name, envoy, url, trusted in [*ways] * REPEATS:
            session.drain()
            before = cpu_of(envoy)
            result = _whole(k6.of_users(url, USERS, RUN_SECONDS, authority=trusted))
            spent[name].append((cpu_of(envoy) - before) * 1000 / result.requests)
            say(f"{spent[name][-1]:.3f} ms of CPU for a request through {name}, {result.rate} a second")
    return [Figure(f"CPU of {name} per request of {USERS} users", costs, "ms") for name, costs in spent.items()]


def _spent(session: Session, envoy: Server, url: str, authority: Path | None = None) -> tuple[LoadResult, float]:
    """A load through it, and what of its CPU (ms) each request took."""
    before = cpu_of(envoy)
    result = _load(session, url, authority)
    return result, (cpu_of(envoy) - before) * 1000 / result.requests


def _whole(result: LoadResult) -> LoadResult:
    if result.failed:
        raise RuntimeError(f"{result.failed} of {result.requests} requests failed: nothing was measured")
    return result


def _load(session: Session, url: str, authority: Path | None = None) -> LoadResult:
    """RuntimeError when a request failed: nothing was measured then."""
    session.drain()
    return _whole(k6.run(url, RATE, RUN_SECONDS, authority=authority))


def _frozen(session: Session, authority: Authority, stays: Instance, freezes: Instance) -> list[Figure]:
    with _gate(authority, stays.address, freezes.address) as gate:
        outcomes = [
            frozen_instance.freeze(session, gate, authority.file, freezes.api, freezes.address, RATE, FROZEN_SECONDS)
            for _ in range(REPEATS)
        ]
    return [
        Figure("a frozen one of two instances is left out after", [one.seconds for one in outcomes], "s"),
        Figure(
            f"requests that fail at {RATE}/s for {FROZEN_SECONDS} s in which one of two instances freezes",
            [one.failed for one in outcomes],
            "%",
        ),
    ]


def _limits(authority: Authority) -> Figure:
    """Of each key: how far what passed is from what its limit allows."""
    variables: dict[str, Any] = {
        "envoy_serves_payops": False,
        "envoy_serves_observability": True,
        "envoy_key_requests_per_second": BURST,
        "_envoy_limit_seconds": FILLED_SECONDS,
        "envoy_address_requests_per_second": 10**6,
    }
    with _gate(authority, **variables) as gate:
        uses = limited_keys.use(gate.port, authority.file, KEYS, LIMIT_SECONDS)
    deviations = [one.deviation(BURST, BURST / FILLED_SECONDS) for one in uses]
    say(f"{len(KEYS)} keys: {max(deviations):.1f} % from the limit at most")
    return Figure(f"deviation from the limit of each of {len(KEYS)} keys", deviations, "%")
