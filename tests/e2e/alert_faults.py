"""Twelve faults of a real platform, each with its alert; each is undone when its block ends.

Those of payments at the acquirer are in acquirer_faults.py.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

import requests
from confluent_kafka import Producer

from stack.platform import DATABASE
from stack.server import Server
from tests.e2e.small_disk import DEVICE
from tests.e2e.watching import Expected, Watched

DELAY_SECONDS = 0.15
"""Seconds added to every answer from MariaDB. An authorization needs several answers."""
BETWEEN_REFUNDS = 0.05
_numbers = itertools.count()


@dataclass(frozen=True)
class Fault:
    """A fault, its alert and the alert's receiver. `labels` distinguish alerts of the same name.

    `meanwhile`: what goes on from before the fault until its alert is gone.
    """

    name: str
    alert: str
    receiver: str
    happens: Callable[[Watched], AbstractContextManager[None]]
    labels: dict[str, str] = field(default_factory=dict)
    meanwhile: Callable[[Watched], AbstractContextManager[None]] = lambda _watched: nullcontext()

    @property
    def expected(self) -> Expected:
        """Its alert."""
        return Expected(self.alert, self.labels)


@contextmanager
def done(harm: Callable[[], None], fix: Callable[[], None]) -> Iterator[None]:
    """Do it, and undo it in the end."""
    harm()
    try:
        yield
    finally:
        fix()


def poison(watched: Watched) -> AbstractContextManager[None]:
    """Messages on a payments topic that are not JSON; in the end an operator discards their dead letters."""
    admin = {"Authorization": f"Bearer {watched.platform.admin_token}"}
    letters = f"{watched.platform.api.url}/dead-letters"

    def send() -> None:
        producer = Producer({"bootstrap.servers": watched.platform.kafka.bootstrap})
        for _ in range(2):
            producer.produce("payment.captured", f"this is not JSON {next(_numbers)}".encode())
        assert producer.flush(15) == 0

    def discard() -> None:
        for letter in requests.get(letters, params={"state": "OPEN"}, headers=admin, timeout=5).json()["items"]:
            url, body = f"{letters}/{letter['id']}/discard", {"reason": "sent by a test"}
            requests.post(url, json=body, headers=admin, timeout=5).raise_for_status()

    return done(send, discard)


def slow_database(watched: Watched) -> AbstractContextManager[None]:
    """The line between api and MariaDB is slow: payments succeed, late."""

    def delay(seconds: float) -> None:
        watched.line.delay = seconds

    return done(lambda: delay(DELAY_SECONDS), lambda: delay(0.0))


def wrong_amount(watched: Watched) -> AbstractContextManager[None]:
    """The amount of a payment is changed in the database by hand."""
    body = {"merchantId": "M9", "amount": 500, "currency": "KRW", "idempotencyKey": f"audited-{next(_numbers)}"}
    answer = requests.post(f"{watched.platform.api.url}/payments/authorize", json=body, timeout=10)
    change = f"UPDATE {DATABASE}.payment SET amount = {{}} WHERE payment_id = {answer.json()['paymentId']}"
    execute = watched.platform.mariadb.execute
    return done(lambda: execute(change.format(501)), lambda: execute(change.format(500)))


def flood(watched: Watched) -> AbstractContextManager[None]:
    """A merchant sends more refunds than its limit."""
    over = threading.Event()

    def send() -> None:
        with requests.Session() as session:
            while not over.wait(BETWEEN_REFUNDS):
                session.post(f"{watched.platform.api.url}/payments/refund/1", json={"merchantId": "flood"}, timeout=10)

    thread = threading.Thread(target=send)

    def end() -> None:
        over.set()
        thread.join()

    return done(thread.start, end)


def stopped(server: Server) -> AbstractContextManager[None]:
    """A server or program is stopped cleanly."""
    return done(server.stop, server.start)


def killed(server: Server) -> AbstractContextManager[None]:
    """A server or program is ended by SIGKILL and not restarted."""
    return done(server.kill, server.start)


KAFKA = Fault("Kafka stopped", "KafkaUnreachable", "page", lambda w: stopped(w.platform.kafka))
REDIS = Fault("Redis stopped", "RedisDown", "page", lambda w: stopped(w.platform.redis))
FAULTS = (
    KAFKA,
    REDIS,
    Fault("database stopped", "MariaDBDown", "page", lambda w: stopped(w.platform.mariadb)),
    Fault("worker killed", "WorkerDown", "page", lambda w: killed(w.platform.ledger), {"job": "ledger"}),
    Fault("poison sent", "DeadLettersOpen", "ticket", poison),
    Fault("latency injected", "LatencyBurnsVeryFast", "page", slow_database),
    Fault("5xx injected", "AvailabilityBurnsVeryFast", "page", lambda w: done(w.line.cut, w.line.fix)),
    Fault("disk filling", "DiskAlmostFull", "page", lambda w: done(w.disk.fill, w.disk.empty), {"device": DEVICE}),
    Fault("relay stopped", "RelayStale", "page", lambda w: stopped(w.platform.relay)),
    Fault("audit difference planted", "AuditDifferences", "page", wrong_amount, {"kind": "ledger"}),
    Fault("exporter down", "ExporterDown", "ticket", lambda w: killed(w.exporters["mariadb"]), {"job": "mariadb"}),
    Fault("rate-limit flood", "RateLimitFlood", "ticket", flood, {"operation": "refund"}),
)
