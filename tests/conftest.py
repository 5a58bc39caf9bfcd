"""Fixtures for all tests. The servers are in tests/servers.py.

With xdist the controller starts MariaDB and Redis once and passes their addresses to its workers.
"""

import shutil
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis
from sqlalchemy import Engine

from payments.migrations import migrate
from payments.outbox.rules import DEAD_LETTER_TOPIC, PARTITIONS, TOPICS
from payments.platform.database import create_engine
from stack.kafka import KafkaServer
from stack.mariadb import MariaDBAddress, MariaDBServer
from stack.redis import RedisAddress, RedisServer
from stack.server import ServerError
from tests import server_logs, servers

SHARED = pytest.StashKey[servers.SharedServers]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long variants: more kills, more generated cases")


def pytest_configure(config: pytest.Config) -> None:
    # else an example on a busy machine fails after 0.2 s
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")
    config.stash[SHARED] = servers.SharedServers()


def pytest_unconfigure(config: pytest.Config) -> None:
    if SHARED in config.stash:
        config.stash[SHARED].close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the servers' addresses to an xdist worker before it starts; starts the servers for the first one."""
    shared = node.config.stash[SHARED]
    try:
        mariadb, redis = shared.mariadb(), shared.redis()
        node.workerinput["servers"] = {"mariadb": [mariadb.port, mariadb.password], "redis": redis.port}
    except ServerError as error:  # tests without servers can still run
        node.workerinput["servers"] = {"error": str(error)}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        report.sections += server_logs.sections(item.funcargs.values())
    return report


def _from_controller(config: pytest.Config) -> dict[str, Any] | None:
    settings = getattr(config, "workerinput", {}).get("servers")
    if settings and "error" in settings:
        raise ServerError(settings["error"])
    return settings


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether to run the long variants (`pytest --long`, `make test-long`)."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def mariadb_server(request: pytest.FixtureRequest) -> MariaDBAddress:
    """The MariaDB that all tests share: never stop or freeze it; use `own_mariadb` for that."""
    settings = _from_controller(request.config)
    return MariaDBAddress(*settings["mariadb"]) if settings else request.config.stash[SHARED].mariadb()


@pytest.fixture(scope="session")
def redis_server(request: pytest.FixtureRequest) -> RedisAddress:
    """The Redis that all tests share: never stop or freeze it; use `own_redis` for that."""
    settings = _from_controller(request.config)
    return RedisAddress(settings["redis"]) if settings else request.config.stash[SHARED].redis()


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[KafkaServer]:
    """The Kafka of this xdist worker: never stop or freeze it; use `own_kafka` for that."""
    with KafkaServer() as server:
        yield server


@pytest.fixture
def own_mariadb() -> Iterator[MariaDBServer]:
    """A MariaDB without databases that a test may kill and freeze (`servers.migrated_database(its.address)`)."""
    with MariaDBServer() as server:
        yield server


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis that a test may kill and freeze."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def own_kafka() -> Iterator[KafkaServer]:
    """A Kafka without topics that a test may kill and freeze."""
    with KafkaServer() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_schema(mariadb_server: MariaDBAddress) -> str:
    """All tables as SQL, made by the migrations once per worker."""
    return servers.schema_of_migrations(mariadb_server)


@pytest.fixture
def mariadb_url(mariadb_server: MariaDBAddress, mariadb_schema: str) -> Iterator[str]:
    """The SQLAlchemy URL of a fresh migrated MariaDB database."""
    with servers.migrated_database(mariadb_server, mariadb_schema) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that no process has open."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The SQLAlchemy URL of a fresh migrated SQLite file, with a platform id of its own."""
    file = shutil.copy(sqlite_template, tmp_path / "payops.db")
    # else what a former test wrote to Redis late would be this one's
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE platform SET id = lower(hex(randomblob(16)))")
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database; the test runs once on each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh migrated database; the test runs once on each kind."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def redis_url(redis_server: RedisAddress, worker_id: str) -> str:
    """The URL of an empty Redis database that no other xdist worker uses."""
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    url = redis_server.database_url(number)
    with Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def kafka_bootstrap(kafka_server: KafkaServer) -> str:
    """`host:port` of a Kafka with all topics, empty, and without consumer groups."""
    servers.empty_topics(kafka_server.bootstrap, [*TOPICS.values(), DEAD_LETTER_TOPIC], PARTITIONS)
    return kafka_server.bootstrap
