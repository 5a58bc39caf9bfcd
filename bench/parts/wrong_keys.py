"""How much slower authorizations are answered while another address tries 10,000 wrong keys a minute."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from itertools import cycle
from typing import Final

import requests

from bench.progress import say
from bench.ratio import to_each_neighbours
from bench.repetition import LOW_RATE, REPEATS, RUN_SECONDS
from bench.report.table import Figure
from bench.session import Session
from payments.merchants.key_form import Prefix, new_key

A_MINUTE: Final = 10_000
CLIENTS: Final = 4
"""Connections that try keys."""
ADDRESS: Final = "127.0.0.2"
"""Loopback, and not the address that k6 pays from."""
_BODY: Final = '{"amount":1,"currency":"KRW","idempotencyKey":"wrong"}'


def figures(session: Session) -> list[Figure]:
    """p95 (ms) without and beside wrong keys, in turn, their ratios, and how many were refused a minute."""
    known = _known_id(session)
    without, beside, refused = [session.load(LOW_RATE, RUN_SECONDS).p95], [], []
    for _ in range(REPEATS):
        begun = time.monotonic()
        with _guessing(session.platform.api.port, known) as answers:
            beside.append(session.load(LOW_RATE, RUN_SECONDS).p95)
        refused.append(answers.total() * 60 / (time.monotonic() - begun))
        without.append(session.load(LOW_RATE, RUN_SECONDS).p95)
        say(f"{refused[-1]:.0f} wrong keys a minute: p95 {beside[-1]:.1f} ms, {without[-1]:.1f} ms without")
    return [
        Figure(f"p95 at {LOW_RATE}/s", without, "ms"),
        Figure(f"p95 at {LOW_RATE}/s beside wrong keys of another address", beside, "ms"),
        Figure("p95 beside wrong keys to p95 without (A-B-A)", to_each_neighbours(without, beside), "×"),
        Figure("wrong keys refused meanwhile", refused, "1/min"),
    ]


def _known_id(session: Session) -> str:
    """The id of a key that is stored, so that its secret can be guessed."""
    operators = {"Authorization": f"Bearer {session.platform.admin_token}"}
    url = session.platform.api.url
    requests.post(
        f"{url}/merchants", json={"merchantId": "GUESSED", "name": "x", "mode": "TEST"}, headers=operators, timeout=10
    )
    made = requests.post(
        f"{url}/api-keys", json={"merchantId": "GUESSED", "name": "x"}, headers=operators, timeout=10
    ).json()
    return str(made["keyId"])


@contextmanager
def _guessing(port: int, known: str) -> Iterator[Counter[int]]:
    """Try keys until the end of the block; then the statuses of the answers are counted.

    RuntimeError when one was not refused.
    """
    stop, answers = threading.Event(), Counter[int]()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(_guess, port, known, stop) for _ in range(CLIENTS)]
        try:
            yield answers
        finally:
            stop.set()
        for client in clients:
            answers.update(client.result())
    if answers.keys() - {401, 429}:
        raise RuntimeError(f"nothing was measured: wrong keys were answered {dict(answers)}")


def _guess(port: int, known: str, stop: threading.Event) -> Counter[int]:
    answers, due = Counter[int](), time.monotonic()
    with closing(HTTPConnection("127.0.0.1", port, timeout=10, source_address=(ADDRESS, 0))) as http:
        for key in _wrong_keys(known):
            if stop.wait(max(due - time.monotonic(), 0)):
                break
            due += 60 * CLIENTS / A_MINUTE
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            http.request("POST", "/payments/authorize", _BODY, headers)
            answer = http.getresponse()
            answer.read()
            answers[answer.status] += 1
    return answers


def _wrong_keys(known: str) -> Iterator[str]:
    """Junk, keys of unknown ids, and other secrets of the id `known`, in turn; the last two with right checksums."""
    for kind in cycle(("junk", "unknown", "known")):
        key_id = iter(known if kind == "known" else "")
        key = new_key(Prefix.TEST, lambda letters: next(key_id, None) or secrets.choice(letters)).text  # noqa: B023  (called at once)
        yield key[:-1] + ("0" if key[-1] != "0" else "1") if kind == "junk" else key
