"""The links to MariaDB, Redis and Kafka as this platform's processes make them, to servers of a test's own."""

import socket
import ssl
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pymysql
import pytest
from redis import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from payments.platform.database import create_engine, with_ca
from payments.platform.kafka.answers import CallFailed
from payments.platform.kafka.producer import Publisher, client_options
from payments.platform.redis import client as redis_client
from stack.certificates import Authority
from stack.mariadb import USER, MariaDBServer
from stack.redis import RedisServer
from tests.integration.tls.listeners import ManyListeners

OLD: Final = "DEFAULT:@SECLEVEL=0"
"""Ciphers with which OpenSSL still speaks TLS 1.1."""
ANSWER_SECONDS: Final = 3.0


class Link(ABC):
    """One server whose leaf is of 127.0.0.1 alone."""

    expired = "certificate has expired"
    mismatch = "Hostname mismatch"
    """What an operator reads of a leaf that has ended, and of one of another name."""

    def __init__(self, folder: Path) -> None:
        """Make its authority; nothing runs yet."""
        self.authority = Authority(folder)
        self.right = self.authority.leaf(["127.0.0.1"])

    @abstractmethod
    def speak(self, ca: Path, host: str = "127.0.0.1") -> None:
        """Make a new connection, as our processes do, and have one answer. Raises, or logs, why there is none."""

    @abstractmethod
    def speak_plain(self) -> None:
        """The same without TLS."""

    @abstractmethod
    def speak_to_expired(self) -> None:
        """The same with a server whose leaf has ended."""

    @abstractmethod
    def speak_to_old(self) -> None:
        """The same with a server that knows TLS 1.1 alone, and speaks it with others."""

    @abstractmethod
    def __enter__(self) -> Self:
        """Start it."""

    @abstractmethod
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it."""


class MariaDBLink(Link):
    """The database's."""

    def __enter__(self) -> Self:
        self.server = MariaDBServer(tls=self.right)
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def speak(self, ca: Path, host: str = "127.0.0.1") -> None:
        self._speak(self.server, ca, host)

    def _speak(self, server: MariaDBServer, ca: Path, host: str = "127.0.0.1") -> None:
        engine = create_engine(with_ca(server.database_url("mysql").replace("127.0.0.1", host), str(ca)))
        with engine.connect() as connection:
            version = connection.execute(text("SHOW STATUS LIKE 'Ssl_version'")).one()[1]
        engine.dispose()
        assert version in ("TLSv1.2", "TLSv1.3")

    def speak_plain(self) -> None:
        password = self.server.address.password
        pymysql.connect(host="127.0.0.1", port=self.server.port, user=USER, password=password, ssl_disabled=True)

    def speak_to_expired(self) -> None:
        self.server.use(self.authority.leaf(["127.0.0.1"], expired=True))
        try:
            self.speak(self.authority.file)
        finally:
            self.server.use(self.right)

    def speak_to_old(self) -> None:
        options = ("--tls-version=TLSv1.1", f"--ssl-cipher={OLD}")
        with MariaDBServer(options, self.right) as server:
            password, tls = server.address.password, old_context(self.authority)
            known = pymysql.connect(host="127.0.0.1", port=server.port, user=USER, password=password, ssl=tls)
            with known, known.cursor() as cursor:
                cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
                assert cursor.fetchone() == ("Ssl_version", "TLSv1.1")
            self._speak(server, self.authority.file)


class RedisLink(Link):
    """The cache's."""

    def __enter__(self) -> Self:
        self.server = RedisServer(self.right)
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def speak(self, ca: Path, host: str = "127.0.0.1") -> None:
        with redis_client.connect(self.server.url.replace("127.0.0.1", host), str(ca)) as client:
            ping(client)

    def speak_plain(self) -> None:
        with Redis.from_url(self.server.url.replace("rediss", "redis"), socket_timeout=ANSWER_SECONDS) as client:
            client.ping()

    def speak_to_expired(self) -> None:
        self.server.use(self.authority.leaf(["127.0.0.1"], expired=True))
        try:
            self.speak(self.authority.file)
        finally:
            self.server.use(self.right)

    def speak_to_old(self) -> None:
        with RedisServer(self.right, {"tls-protocols": "TLSv1.1", "tls-ciphers": OLD}) as server:
            assert version_of(server.port, self.authority) == "TLSv1.1"
            with redis_client.connect(server.url, str(self.authority.file)) as client:
                ping(client)


class KafkaLink(Link):
    """The relay's; its reasons are in the log, and librdkafka tells no more of a certificate."""

    expired = mismatch = "certificate verify failed"

    def __enter__(self) -> Self:
        expired = self.authority.leaf(["127.0.0.1"], expired=True)
        self.server = ManyListeners(self.right, expired)
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def speak(self, ca: Path, host: str = "127.0.0.1") -> None:
        self._speak(f"{host}:{self.server.port}", "SSL", str(ca))

    def _speak(self, bootstrap: str, protocol: str, ca: str | None) -> None:
        options = client_options(bootstrap, protocol, None, None, ca)
        Publisher(options, call_timeout=ANSWER_SECONDS, probe_timeout=ANSWER_SECONDS).check({})

    def speak_plain(self) -> None:
        self._speak(self.server.bootstrap, "PLAINTEXT", None)

    def speak_to_expired(self) -> None:
        self._speak(f"127.0.0.1:{self.server.expired_port}", "SSL", str(self.authority.file))

    def speak_to_old(self) -> None:
        assert version_of(self.server.old_port, self.authority) == "TLSv1.1"
        self._speak(f"127.0.0.1:{self.server.old_port}", "SSL", str(self.authority.file))


def ping(client: Redis) -> None:
    """Have one answer; a time-out of 50 ms tells of a busy machine, not of a certificate."""
    while True:
        try:
            client.ping()
        except RedisTimeout:
            continue
        return


def old_context(authority: Authority) -> ssl.SSLContext:
    """A client that takes TLS 1.1."""
    context = ssl.create_default_context(cafile=str(authority.file))
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers(OLD)
    return context


def version_of(port: int, authority: Authority) -> str | None:
    """The version that a server speaks with such a client."""
    line = socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS)
    with old_context(authority).wrap_socket(line, server_hostname="127.0.0.1") as spoken:
        return spoken.version()


def reason(error: BaseException, log: pytest.LogCaptureFixture) -> str:
    """Everything that an operator reads of a failure: the error's text and what was logged."""
    logged = [
        f"{record.getMessage()} {getattr(record, 'error', '')} {getattr(record, 'detail', '')}"
        for record in log.records
    ]
    return "\n".join([str(error), *logged])


FAILURES: Final = (OperationalError, pymysql.MySQLError, RedisError, CallFailed)
