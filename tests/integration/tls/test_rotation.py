"""A new leaf, and a new authority in three steps, while clients connect and send all the time: none fails."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from payments.platform.database import create_engine, with_ca
from payments.platform.kafka.answers import OutgoingMessage
from payments.platform.kafka.producer import Publisher
from payments.platform.redis import client as redis_client
from stack.certificates import LOOPBACK, Authority, Leaf
from stack.kafka import KafkaServer
from stack.mariadb import MariaDBServer
from stack.redis import RedisServer
from tests.integration.tls.links import ping
from tests.servers import until

TOPIC = "payment.captured"
BETWEEN = 10
"""Attempts before and after each change."""


class Clients:
    """Repeats `attempt` in a thread; `wait` returns after further attempts, and raises what one of them raised."""

    def __init__(self, attempt: Callable[[], None]) -> None:
        self._attempt = attempt
        self._failures: list[Exception] = []
        self._done = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def wait(self) -> None:
        target = self._done + BETWEEN
        until(lambda: self._failures or self._done >= target, "clients went on")
        for failure in self._failures:
            raise failure

    def _run(self) -> None:
        while not self._stop.is_set() and not self._failures:
            try:
                self._attempt()
                self._done += 1
            except Exception as failure:  # noqa: BLE001  (raised in the test's thread)
                self._failures.append(failure)

    @contextmanager
    def running(self) -> Iterator["Clients"]:
        self._thread.start()
        try:
            yield self
            self.wait()
        finally:
            self._stop.set()
            self._thread.join()


def rotate(attempt: Callable[[], None], use: Callable[[Leaf], None], authority: Authority, trusted: Path) -> None:
    """A new leaf of the same authority; then another authority: trust both, show its leaf, trust it alone."""
    folder = trusted.parent / "next"
    folder.mkdir()
    following = Authority(folder, "the next authority")
    steps: list[Callable[[], object]] = [
        lambda: use(authority.leaf(LOOPBACK)),
        lambda: replace(trusted, authority.file.read_text() + following.file.read_text()),
        lambda: use(following.leaf(LOOPBACK)),
        lambda: replace(trusted, following.file.read_text()),
    ]
    with Clients(attempt).running() as clients:
        for step in steps:
            clients.wait()
            step()
            clients.wait()


def replace(file: Path, text: str) -> None:
    unfinished = file.with_suffix(".new")
    unfinished.write_text(text)
    unfinished.replace(file)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusted(authority: Authority, tmp_path: Path) -> Path:
    """The clients' CA file."""
    file = tmp_path / "trusted.pem"
    file.write_text(authority.file.read_text())
    return file


def test_mariadb(authority: Authority, trusted: Path) -> None:
    with MariaDBServer(tls=authority.leaf()) as server:
        engine = create_engine(with_ca(server.database_url("mysql"), str(trusted)))

        def connect() -> None:
            with engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
            engine.dispose()

        rotate(connect, server.use, authority, trusted)


def test_redis(authority: Authority, trusted: Path) -> None:
    with RedisServer(authority.leaf()) as server, redis_client.connect(server.url, str(trusted)) as client:

        def connect() -> None:
            ping(client)
            client.connection_pool.disconnect()

        rotate(connect, server.use, authority, trusted)


def test_kafka_shows_a_new_leaf_of_its_authority(authority: Authority) -> None:
    with KafkaServer(tls=authority.leaf()) as server:
        Publisher(server.client_options, call_timeout=20, probe_timeout=20).check({TOPIC: 1})

        def send() -> None:
            publisher = Publisher(server.client_options, call_timeout=20, probe_timeout=20)
            sent = [OutgoingMessage(TOPIC, "key", "{}", [])]
            assert publisher.hand_over(sent, lambda: False).confirmed == {0}

        with Clients(send).running() as clients:
            clients.wait()
            server.use(authority.leaf())
            clients.wait()
