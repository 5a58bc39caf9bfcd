"""What an acquirer costs: authorizations at one that takes 50 ms, and others' authorizations while it is frozen.

The simulator runs for this part alone. What `connector` costs payments without an acquirer is in the part `serverless`.
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any, Final

import requests

from bench import k6
from bench.platform import UP_SECONDS, is_up, lower_others, wait_until
from bench.progress import say
from bench.ratio import to_each_neighbours
from bench.repetition import LOW_RATE, REPEATS, RUN_SECONDS, SEARCH_SECONDS
from bench.report.table import Figure
from bench.session import Session
from load.api import Api
from stack.acquirer import AcquirerServer

LATENCY: Final = 0.05
"""Seconds that the acquirer waits before it does anything."""
CARD: Final = "tok_approved"
PAYERS_RATE: Final = 20
"""Payments a second at the acquirer, while others are measured."""
PAYERS_THREADS: Final = 64
MERCHANTS: Final = 50
SECONDS: Final = 10.0


def figures(session: Session) -> list[Figure]:
    """p95 (ms) at an acquirer, without its own latency; p95 of others while it answers and while it is frozen."""
    with _acquirer(session) as psp, _keys(session) as keys:
        at_it = _at_the_acquirer(session, psp, keys)
        return [*at_it, *_while_frozen(session, psp, keys.read_text(encoding="ascii").split()[0])]


def _at_the_acquirer(session: Session, psp: AcquirerServer, keys: Path) -> list[Figure]:
    _set_faults(psp, [{"fault": "latency", "seconds": LATENCY}])
    url, added = session.platform.api.url, []
    k6.run(url, LOW_RATE, SEARCH_SECONDS, keys=keys, payment_method=CARD)
    for _ in range(REPEATS):
        session.drain()
        result = k6.run(url, LOW_RATE, RUN_SECONDS, keys=keys, payment_method=CARD)
        if result.failed:
            raise RuntimeError(f"{result.failed} of {result.requests} requests failed: nothing was measured")
        added.append(result.p95 - 1000 * LATENCY)
        say(f"at an acquirer: p95 {result.p95:.1f} ms, median {result.median:.1f} ms")
    _set_faults(psp, [])
    return [Figure(f"p95 at an acquirer at {LOW_RATE}/s, without the {1000 * LATENCY:.0f} ms it waits", added, "ms")]


def _while_frozen(session: Session, psp: AcquirerServer, api_key: str) -> list[Figure]:
    """The same payments at the acquirer run beside all of it."""
    url = session.platform.api.url
    with _paying(url, api_key):
        answering, frozen = [session.load(LOW_RATE, RUN_SECONDS).p95], []
        for _ in range(REPEATS):
            psp.freeze()
            try:
                frozen.append(session.load(LOW_RATE, RUN_SECONDS).p95)
            finally:
                psp.thaw()
            answering.append(session.load(LOW_RATE, RUN_SECONDS).p95)
            say(f"p95 of others: {frozen[-1]:.1f} ms while it is frozen, {answering[-1]:.1f} ms while it answers")
    beside = f"beside {PAYERS_RATE}/s at an acquirer"
    return [
        Figure(f"p95 at {LOW_RATE}/s without an acquirer, {beside}", answering, "ms"),
        Figure(f"p95 at {LOW_RATE}/s without an acquirer, {beside} that is frozen", frozen, "ms"),
        Figure("p95 while it is frozen to p95 while it answers (A-B-A)", to_each_neighbours(answering, frozen), "×"),
    ]


@contextmanager
def _acquirer(session: Session) -> Iterator[AcquirerServer]:
    """A simulator that api and housekeeping use until the end of the block."""
    programs = (session.platform.api, session.platform.housekeeping)
    before = [program.environment for program in programs]
    with AcquirerServer(*(token_hex(16) for _ in range(3))) as psp:
        _restart(session, [{**one, **psp.access.of_platform()} for one in before])
        try:
            yield psp
        finally:
            _restart(session, before)


def _restart(session: Session, environments: Sequence[Any]) -> None:
    for program, given in zip((session.platform.api, session.platform.housekeeping), environments, strict=True):
        program.environment = given
        program.restart()
    lower_others(session.platform)
    wait_until(lambda: is_up(session.platform.api.url), UP_SECONDS, "the platform is up")


@contextmanager
def _keys(session: Session) -> Iterator[Path]:
    """A file of keys of merchants whose connector is the simulator; they end with the platform."""
    url, token = session.platform.api.url, session.platform.admin_token
    operators = Api(url, token)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "keys"
        with path.open("w", encoding="ascii") as file:
            for number in range(MERCHANTS):
                name = f"ACQUIRED-{number}"
                body = {"merchantId": name, "name": "Benchmark", "mode": "TEST", "connector": "simulator"}
                made = requests.post(
                    f"{url}/merchants", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS
                )
                made.raise_for_status()
                file.write(f"{operators.make_key(name)}\n")
        yield path


@contextmanager
def _paying(url: str, api_key: str) -> Iterator[None]:
    """Payments at the acquirer at an even rate until the end of the block, whatever becomes of them."""
    ended, headers = threading.Event(), {"Authorization": f"Bearer {api_key}"}

    def pay() -> None:
        body = {"amount": 10_000, "currency": "KRW", "paymentMethod": CARD, "idempotencyKey": token_hex(16)}
        requests.post(f"{url}/payments/authorize", json=body, headers=headers, timeout=SECONDS)

    def pay_on() -> None:
        with ThreadPoolExecutor(PAYERS_THREADS) as pool:
            while not ended.wait(1 / PAYERS_RATE):
                pool.submit(pay)

    thread = threading.Thread(target=pay_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _set_faults(psp: AcquirerServer, rules: list[dict[str, Any]]) -> None:
    headers = {"Authorization": f"Bearer {psp.access.control_token}"}
    requests.put(
        f"{psp.access.url}/_control/faults", json={"rules": rules}, headers=headers, timeout=SECONDS
    ).raise_for_status()
