"""A steady stream of requests through the gate, each one recorded; none is sent twice unless a test does so.

One exception, as in every HTTP client: a read whose connection was closed is sent again on another one.
"""

import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from urllib3.exceptions import ProtocolError

from tests.vm.platform import Front

THREADS: Final = 10
ANSWER_SECONDS: Final = 15
Body = dict[str, Any]
"""JSON that is sent or answered."""


@dataclass
class Stream:
    """Authorizations, and as many reads. `paid`: key → payment id; `unsettled`: keys to repeat.

    `reopened`: connections that were closed while a read was on its way; of a payment that is a failure.
    """

    front: Front
    per_second: int
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    sent: int = 0
    reopened: int = 0
    paid: dict[str, int] = field(default_factory=dict)
    unsettled: set[str] = field(default_factory=set)
    failures: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self) -> requests.Session:
        """A client of the merchant."""
        return self.front.session(self.front.merchant)

    def run(self) -> None:
        """One thread's share, at an even rate, until stopped."""
        interval, session = THREADS / self.per_second, self.client()
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due += interval
            number = next(self._numbers)
            last = next(reversed(self.paid.values()), None) if number % 2 else None
            if last is None:
                self.pay(session, f"{self.run_id}-{number}")
            else:
                self._note(*self._ask(session, "get", f"/payments/{last}")[:2])

    def pay(self, session: requests.Session, key: str) -> bool:
        """Authorize with `key`; whether it was answered 200."""
        body = {"amount": 1000, "currency": "KRW", "idempotencyKey": key}
        status, seconds, answer = self._ask(session, "post", "/payments/authorize", body)
        self._note(status, seconds)
        if answer is None or status != "200":
            self.unsettled.add(key)
            return False
        self.paid[key] = answer["paymentId"]
        self.unsettled.discard(key)
        return True

    def _ask(
        self, session: requests.Session, method: str, path: str, body: Body | None = None
    ) -> tuple[str, float, Body | None]:
        begun = time.monotonic()
        try:
            answer = self._request(session, method, self.front.url + path, body)
        except requests.RequestException as error:
            return type(error).__name__, time.monotonic() - begun, None
        return str(answer.status_code), time.monotonic() - begun, answer.json() if answer.ok else None

    def _request(self, session: requests.Session, method: str, url: str, body: Body | None) -> requests.Response:
        try:
            return session.request(method, url, json=body, timeout=ANSWER_SECONDS)
        except requests.ConnectionError as error:
            if method != "get" or not isinstance(error.args[0], ProtocolError):
                raise
        with self._lock:
            self.reopened += 1
        return session.request(method, url, json=body, timeout=ANSWER_SECONDS)

    def _note(self, status: str, seconds: float) -> None:
        with self._lock:
            self.sent += 1
            self.slowest = max(self.slowest, seconds)
            if status != "200":
                self.failures[status] += 1

    def settle(self) -> None:
        """Repeat requests with unknown outcomes, with the same keys; each must succeed now."""
        session = self.client()
        for key in sorted(self.unsettled):
            assert self.pay(session, key), f"{key} is still refused: {self.failures}"

    def stop(self) -> None:
        """Let the threads end after their current request."""
        self._stop.set()


@contextmanager
def streaming(front: Front, per_second: int = 20) -> Iterator[Stream]:
    """A stream that goes on until the end of the block."""
    stream = Stream(front, per_second)
    threads = [threading.Thread(target=stream.run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield stream
    finally:
        stream.stop()
        for thread in threads:
            thread.join(2 * ANSWER_SECONDS)
