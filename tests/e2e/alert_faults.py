"""Twelve faults done to a real platform from outside, each with its alert, and mended when its block ends."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import requests
from confluent_kafka import Producer

from stack.platform import DATABASE
from stack.server import Server
from tests.e2e.watching import Expected, Watched

DELAY_SECONDS = 0.15
"""Of every answer from MariaDB. An authorization asks it several things, one after the other."""
BETWEEN_REFUNDS = 0.05
_numbers = itertools.count()


@dataclass(frozen=True)
class Fault:
    """What is done, and the alert. `labels` is asked for when it has happened: some say where."""

    name: str
    alert: str
    receiver: str
    happens: Callable[[Watched], AbstractContextManager[None]]
    labels: dict[str, str] = field(default_factory=dict)

    def expected(self, watched: Watched) -> Expected:
        """The alert that tells of it."""
        place = {"mountpoint": str(watched.disk.mountpoint)} if self.alert == "DiskAlmostFull" else {}
        return Expected(self.alert, self.labels | place)


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """A server or program ended in order."""
    server.stop()
    yield
    server.start()


@contextmanager
def killed(server: Server) -> Iterator[None]:
    """A server or program ended by SIGKILL, and kept dead."""
    server.kill()
    yield
    server.start()


@contextmanager
def poison(watched: Watched) -> Iterator[None]:
    """Messages on a topic of ours that are no JSON; in the end an operator discards their letters."""
    producer = Producer({"bootstrap.servers": watched.platform.kafka.bootstrap})
    for _ in range(2):
        producer.produce("payment.captured", f"this is not JSON {next(_numbers)}".encode())
    assert producer.flush(15) == 0
    yield
    admin = {"Authorization": f"Bearer {watched.platform.admin_token}"}
    letters = f"{watched.platform.api.url}/dead-letters"
    for letter in requests.get(letters, params={"state": "OPEN"}, headers=admin, timeout=5).json()["items"]:
        discard = f"{letters}/{letter['id']}/discard"
        requests.post(discard, json={"reason": "sent by a test"}, headers=admin, timeout=5).raise_for_status()


@contextmanager
def slow_database(watched: Watched) -> Iterator[None]:
    """The line between api and MariaDB is slow: payments succeed, late."""
    watched.line.delay = DELAY_SECONDS
    yield
    watched.line.delay = 0.0


@contextmanager
def cut_database(watched: Watched) -> Iterator[None]:
    """The line between api and MariaDB is cut: payments are answered 503, while MariaDB runs."""
    watched.line.cut()
    yield
    watched.line.mend()


@contextmanager
def full_disk(watched: Watched) -> Iterator[None]:
    """A file takes nearly all of a small disk."""
    watched.disk.fill()
    yield
    watched.disk.empty()


@contextmanager
def wrong_amount(watched: Watched) -> Iterator[None]:
    """Somebody changes the amount of a payment in the database, past the application."""
    body = {"merchantId": "M9", "amount": 500, "currency": "KRW", "idempotencyKey": f"audited-{next(_numbers)}"}
    answer = requests.post(f"{watched.platform.api.url}/payments/authorize", json=body, timeout=10)
    payment_id = answer.json()["paymentId"]
    change = f"UPDATE {DATABASE}.payment SET amount = {{}} WHERE payment_id = {payment_id}"
    watched.platform.mariadb.execute(change.format(501))
    yield
    watched.platform.mariadb.execute(change.format(500))


@contextmanager
def flood(watched: Watched) -> Iterator[None]:
    """A merchant asks for many more refunds than it may."""
    over = threading.Event()

    def send() -> None:
        with requests.Session() as session:
            while not over.wait(BETWEEN_REFUNDS):
                session.post(f"{watched.platform.api.url}/payments/refund/1", json={"merchantId": "flood"}, timeout=10)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


KAFKA = Fault("Kafka stopped", "KafkaUnreachable", "page", lambda watched: stopped(watched.platform.kafka))
REDIS = Fault("Redis stopped", "RedisDown", "page", lambda watched: stopped(watched.platform.redis))
FAULTS = (
    KAFKA,
    REDIS,
    Fault(
        "worker killed", "WorkerDown", "page", lambda watched: killed(watched.platform.ledger), {"job": "ledger"}
    ),
    Fault("poison sent", "DeadLettersOpen", "ticket", poison),
    Fault("latency injected", "LatencyBurnsVeryFast", "page", slow_database),
    Fault("5xx injected", "AvailabilityBurnsVeryFast", "page", cut_database),
    Fault("disk filling", "DiskAlmostFull", "page", full_disk),
    Fault("relay stopped", "RelayStale", "page", lambda watched: stopped(watched.platform.relay)),
    Fault("audit difference planted", "AuditDifferences", "page", wrong_amount, {"kind": "ledger"}),
    Fault(
        "exporter down", "ExporterDown", "ticket", lambda watched: killed(watched.exporters["mariadb"]),
        {"job": "mariadb"},
    ),
    Fault("rate-limit flood", "RateLimitFlood", "ticket", flood, {"operation": "refund"}),
    Fault("database stopped", "MariaDBDown", "page", lambda watched: stopped(watched.platform.mariadb)),
)  # fmt: skip
