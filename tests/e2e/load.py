"""A steady stream of payments from threads, which records answers and open outcomes."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

THREADS = 10
ANSWER_SECONDS = 15


@dataclass
class Load:
    """Authorizations, every second one captured. `open_keys`: requests whose outcome is unknown.

    `authority`: the CA's file that an https URL is verified by, in place of the system's.
    """

    url: str
    per_second: int
    authority: Path | None = None
    payments: dict[str, int] = field(default_factory=dict)
    captured: set[int] = field(default_factory=set)
    open_keys: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def answered(self) -> int:
        """Payments whose authorization was answered 200."""
        return len(self.payments)

    def run(self) -> None:
        """One thread's share of the stream, at an even rate, until stopped."""
        interval, session = THREADS / self.per_second, requests.Session()
        session.trust_env = False  # else each request reads the environment, which other tests may change
        session.verify = str(self.authority) if self.authority else True
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due += interval
            self.pay(session, f"key-{next(self._numbers)}")

    def pay(self, session: requests.Session, key: str) -> None:
        """Authorize with `key`, and capture every second payment."""
        answer = self._post(session, "authorize", amount=1000, currency="KRW", idempotencyKey=key)
        if answer is None:
            self.open_keys.add(key)
            return
        self.open_keys.discard(key)
        payment_id = self.payments[key] = answer["paymentId"]
        if payment_id % 2 and self._post(session, f"capture/{payment_id}", idempotencyKey=f"c-{key}"):
            self.captured.add(payment_id)

    def _post(self, session: requests.Session, path: str, **body: Any) -> dict[str, Any] | None:
        try:
            answer = session.post(
                f"{self.url}/payments/{path}", json={"merchantId": "M1", **body}, timeout=ANSWER_SECONDS
            )
        except requests.RequestException:  # the api was killed: the outcome is unknown until it is repeated
            return None
        assert answer.status_code in (200, 409, 503), answer.text
        return dict(answer.json()) if answer.status_code == 200 else None

    def stop(self) -> None:
        """Let the threads end after their current request."""
        self._stop.set()


@contextmanager
def running(url: str, per_second: int, authority: Path | None = None) -> Iterator[Load]:
    """A load until the end of the block."""
    load = Load(url, per_second, authority)
    threads = [threading.Thread(target=load.run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop()
        for thread in threads:
            thread.join(2 * ANSWER_SECONDS)
