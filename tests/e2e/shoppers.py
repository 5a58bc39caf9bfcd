"""Customers who authorize, capture, refund and void in parts, each step with its own key, and record the answers.

A step without an answer is repeated with its key: the recorded steps must be in the ledger.
"""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import requests

THREADS: Final = 6
ANSWER_SECONDS: Final = 15
PAUSE: Final = 0.1
"""Seconds between two attempts, and between two payments of one shopper."""
LARGEST: Final = 10_000
CURRENCIES: Final = ("KRW", "USD", "KWD")
UNDECIDED: Final = frozenset({"REQUEST_IN_PROGRESS", "RATE_LIMIT_EXCEEDED"})
"""Codes below 500 after which the same request is sent again."""


class Step(NamedTuple):
    """One successful step: payment and amount (minor units)."""

    operation: str
    payment_id: int
    amount: int


@dataclass
class Shoppers:
    """The steps of `THREADS` shoppers. `steps` counts each success."""

    url: str
    seed: int
    steps: Counter[Step] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _abandoned: threading.Event = field(default_factory=threading.Event)

    @property
    def answered(self) -> int:
        """The number of successful steps."""
        return sum(self.steps.values())

    def shop(self, number: int) -> None:
        """One shopper's payments, one after the other, until stopped."""
        rng, session = random.Random(self.seed * 1000 + number), requests.Session()
        session.trust_env = False
        for serial in itertools.count():
            if self._stop.wait(PAUSE):
                return
            self._payment(session, rng, f"{number}-{serial}")

    def _payment(self, session: requests.Session, rng: random.Random, name: str) -> None:
        """Authorize, then some steps; the open rest expires."""
        amount = rng.randint(1, LARGEST)
        made = self._send(session, "authorize", f"a-{name}", amount=amount, currency=rng.choice(CURRENCIES))
        if made is None:
            return
        payment_id = made["paymentId"]
        self._remember("authorize", payment_id, amount)
        for serial in range(rng.randint(0, 4)):
            operation = rng.choice(("capture", "capture", "refund", "refund", "void"))
            wanted = {} if operation == "void" else {"amount": rng.randint(1, amount)}
            done = self._send(session, f"{operation}/{payment_id}", f"{serial}-{name}", **wanted)
            if done is not None:
                self._remember(operation, payment_id, wanted.get("amount", 0))

    def _remember(self, operation: str, payment_id: int, amount: int) -> None:
        with self._lock:
            self.steps[Step(operation, payment_id, amount)] += 1

    def _send(self, session: requests.Session, path: str, key: str, **body: Any) -> dict[str, Any] | None:
        """Send until the outcome is known; returns the answer of a success, None for a refusal."""
        while not self._abandoned.is_set():
            answer = self._post(session, path, {"merchantId": "M1", "idempotencyKey": key, **body})
            if answer is not None and answer.status_code == 200:
                return dict(answer.json())
            if answer is not None and answer.status_code < 500 and answer.json()["code"] not in UNDECIDED:
                if answer.status_code != 409:
                    self.unexpected.append(answer.text)
                return None
            self._abandoned.wait(PAUSE)
        return None

    def _post(self, session: requests.Session, path: str, body: dict[str, Any]) -> requests.Response | None:
        try:
            return session.post(f"{self.url}/payments/{path}", json=body, timeout=ANSWER_SECONDS)
        except requests.RequestException:  # the api was killed
            return None

    def stop(self) -> None:
        """Let each end after its payment."""
        self._stop.set()

    def abandon(self) -> None:
        """Let each end at once, with unknown outcomes."""
        self._abandoned.set()


@contextmanager
def shopping(url: str, seed: int) -> Iterator[Shoppers]:
    """Shoppers until the end of the block; afterwards each request has its final answer."""
    shoppers = Shoppers(url, seed)
    threads = [threading.Thread(target=shoppers.shop, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield shoppers
    except BaseException:
        shoppers.abandon()  # the api may not answer any more
        raise
    finally:
        shoppers.stop()
        for thread in threads:
            thread.join()
