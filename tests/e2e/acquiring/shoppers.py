"""Merchants' programs under faults: each step has a key and is repeated with it, as the API's description says.

Steps of one payment are asked for by several threads at the same time.
"""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, Final, NamedTuple

import requests

from tests.e2e.acquiring.platform import Merchant

THREADS: Final = 24
LONGEST_PAUSE: Final = 2.0
PAUSE: Final = 0.2
"""Seconds before a request is repeated whose answer does not say when."""
PATIENCE: Final = 3
"""How often at most a step is asked for again that is being processed; then its caller goes on, and asks at the end."""
HASTY: Final = 0.1
"""How many first requests are cut off by their caller."""
CUT_OFF_AFTER: Final = 0.05
TOKENS: Final = (*["tok_approved"] * 9, "tok_declined")
STEPS: Final = ("capture", "capture", "refund", "void")
AMOUNT: Final = 9_000
PART: Final = 3_000


class Asked(NamedTuple):
    """One step: `path` after /payments/, and its body with its key."""

    merchant: Merchant
    operation: str
    path: str
    body: dict[str, Any]

    @property
    def key(self) -> tuple[str, str, str]:
        """The scope of its idempotency key."""
        return self.merchant.name, self.operation, self.body["idempotencyKey"]


@dataclass
class Shoppers:
    """Asks for `payments` payments with four steps each. Its threads end with `finish`, or with `abandon`."""

    merchants: Sequence[Merchant]
    payments: int
    seed: int
    answers: dict[tuple[str, str, str], set[tuple[int, str]]] = field(default_factory=dict)
    """By key, all lasting answers."""
    unknown: list[Asked] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _abandoned: Event = field(default_factory=Event)
    _running: list[Future[object]] = field(default_factory=list)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS))

    @property
    def answered(self) -> int:
        """Steps with a lasting answer."""
        return len(self.answers)

    def begin(self) -> None:
        """Let the threads ask."""
        for number in range(self.payments):
            self._later(self._pay, number)

    def finish(self) -> None:
        """Wait until each step was asked for, and raise what a thread has raised."""
        while self._running:
            self._running.pop().result()

    def ask_again(self) -> None:
        """Ask for every step whose outcome was unknown, until it is known."""
        waiting, self.unknown = self.unknown, []
        for step in waiting:
            self._later(self._until_known, step, 0, None)
        self.finish()

    def abandon(self) -> None:
        """End at once."""
        self._abandoned.set()
        self._pool.shutdown(cancel_futures=True)

    def _later(self, work: Callable[..., object], *arguments: Any) -> None:
        def run() -> None:  # a result that is kept would keep its socket open
            work(*arguments)

        self._running.append(self._pool.submit(run))

    def _pay(self, number: int) -> None:
        rng = random.Random(self.seed * 10**6 + number)
        merchant = self.merchants[number % len(self.merchants)]
        key = {"idempotencyKey": f"{self.seed}-{number}"}
        body = {"amount": AMOUNT, "currency": "KRW", "paymentMethod": rng.choice(TOKENS), **key}
        answer = self._until_known(
            Asked(merchant, "authorize", "authorize", body), rng.random(), rng.randint(0, PATIENCE)
        )
        if answer is None or answer.status_code != 200:
            return
        payment_id = answer.json()["paymentId"]
        steps = list(STEPS)
        rng.shuffle(steps)
        for serial, operation in enumerate(steps):
            body = {"idempotencyKey": f"{self.seed}-{number}-{serial}"}
            if operation != "void":
                body["amount"] = rng.randint(1, PART)
            step = Asked(merchant, operation, f"{operation}/{payment_id}", body)
            self._later(self._until_known, step, rng.random(), rng.randint(0, PATIENCE))

    def _until_known(self, step: Asked, drawn: float, patience: int | None) -> requests.Response | None:
        """Repeat until the answer is lasting; None when it is left for `ask_again`. `patience`: None has no end."""
        hasty = drawn < HASTY and patience is not None
        while not self._abandoned.is_set():
            answer = self._ask(step, CUT_OFF_AFTER if hasty else 15.0)
            hasty = False
            if answer is not None and _is_lasting(answer):
                self._remember(step, answer)
                return answer
            if answer is not None and answer.status_code == 202 and patience is not None:
                patience -= 1
                if patience < 0:
                    self.unknown.append(step)
                    return None
            wait = PAUSE if answer is None else float(answer.headers.get("Retry-After", PAUSE))
            self._abandoned.wait(min(wait, LONGEST_PAUSE))
        return None

    def _ask(self, step: Asked, seconds: float) -> requests.Response | None:
        url = f"{step.merchant.api.url}/payments/{step.path}"
        try:
            return requests.post(url, json=step.body, headers=step.merchant.headers, timeout=seconds)
        except requests.RequestException:  # the api was killed, or it was cut off
            return None

    def _remember(self, step: Asked, answer: requests.Response) -> None:
        with self._lock:
            self.answers.setdefault(step.key, set()).add((answer.status_code, answer.text))
        if answer.status_code not in (200, 402, 409):
            self.unexpected.append(f"{step.path}: {answer.status_code} {answer.text}")


def _is_lasting(answer: requests.Response) -> bool:
    if answer.status_code >= 500 or answer.status_code in (202, 429):
        return False
    return answer.status_code != 409 or answer.json()["code"] != "REQUEST_IN_PROGRESS"
