"""The whole platform on real servers, as plain processes: MariaDB, Redis, Kafka, api, relay, ledger, housekeeping; and
the acquirer's simulator for who asks for it.

For end-to-end tests and benchmarks; `make run` is in `stack/run.py`.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack.acquirer import AcquirerServer
from stack.certificates import Authority, Leaf
from stack.kafka import KafkaServer
from stack.mariadb import MariaDBServer
from stack.ports import is_free
from stack.programs import BEHIND
from stack.readiness import get_json
from stack.redis import RedisServer
from stack.server import Server, ServerError

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "paydb"


class Api(Server):
    """The HTTP API, under gunicorn as in production."""

    name = "api"

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def _prepare(self) -> None:
        metrics = self.folder / "metrics"  # a killed api cannot remove its folder
        self.environment = {**self.environment, "PORT": str(self.port), "PROMETHEUS_MULTIPROC_DIR": str(metrics)}

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "app" / "gunicorn.conf.py"), "app.wsgi:app"]

    def _answers(self) -> bool:
        return get_json(f"{self.url}/health/live", seconds=1) is not None


class Worker(Server):
    """One worker process: relay, ledger or housekeeping. Ready when it serves its metrics."""

    def __init__(self, name: str) -> None:
        """Pick a port and a folder; nothing runs yet."""
        self.name = name
        super().__init__()

    def _prepare(self) -> None:
        self.environment = {**self.environment, "WORKER_METRICS_PORT": str(self.port)}

    def _command(self) -> list[str]:
        return [*BEHIND, sys.executable, "-m", "worker", self.name]

    def _answers(self) -> bool:
        return not is_free(self.port)


@dataclass(frozen=True)
class Platform:
    """All servers and processes, each of which can be stopped, killed, frozen and started again."""

    mariadb: MariaDBServer
    redis: RedisServer
    kafka: KafkaServer
    api: Api
    relay: Worker
    ledger: Worker
    housekeeping: Worker
    admin_token: str
    acquirer: AcquirerServer | None = None

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the platform's database."""
        return self.mariadb.database_url(DATABASE)

    @property
    def programs(self) -> dict[str, Server]:
        """The platform's processes by name."""
        return {part.name: part for part in (self.api, self.relay, self.ledger, self.housekeeping)}

    @property
    def servers(self) -> dict[str, Server]:
        """MariaDB, Redis and Kafka by name; and the acquirer's simulator, `psp`, if there is one."""
        parts = (self.mariadb, self.redis, self.kafka, self.acquirer)
        return {part.name: part for part in parts if part is not None}

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of the platform's processes, for commands that need the same."""
        return self.relay.environment


@contextmanager
def real_platform(
    settings: Mapping[str, str] | None = None,
    mariadb_options: tuple[str, ...] = (),
    accounts: Callable[[MariaDBServer], Mapping[str, str]] | None = None,
    *,
    with_acquirer: bool = False,
    authority: Authority | None = None,
) -> Iterator[Platform]:
    """The platform, up; stopped and removed afterwards. `settings` are added to the environment of its processes.

    `authority`: signs a leaf for each server, and every link is TLS; without it all are plain.
    `with_acquirer`: also the acquirer's simulator, for merchants whose connector it is.
    `accounts` creates database accounts and returns process → DATABASE_URL; without it all use one with all rights.
    """
    with ExitStack() as stack:
        mariadb, redis, kafka = _servers(stack, mariadb_options, authority.leaf() if authority else None)
        mariadb.execute(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
        api = Api()
        acquirer = stack.enter_context(_acquirer(api.url)) if with_acquirer else None
        token = secrets.token_urlsafe(24)
        environment = {
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": mariadb.database_url(DATABASE),
            "REDIS_URL": redis.url,
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap,
            "ADMIN_TOKEN": token,
            "APP_KEY_PEPPER": f"1:{secrets.token_hex(32)}",
            **(acquirer.access.of_platform() if acquirer else {}),
            **(_verified_by(authority) if authority else {}),
            **(settings or {}),
        }
        migrate(environment)
        urls = accounts(mariadb) if accounts else {}
        relay, ledger, housekeeping = Worker("relay"), Worker("ledger"), Worker("housekeeping")
        for program in (api, relay, ledger, housekeeping):
            program.environment = {**environment, "DATABASE_URL": urls.get(program.name, environment["DATABASE_URL"])}
            stack.enter_context(program)
        yield Platform(mariadb, redis, kafka, api, relay, ledger, housekeeping, token, acquirer)


def _servers(
    stack: ExitStack, mariadb_options: tuple[str, ...], leaf: Leaf | None
) -> tuple[MariaDBServer, RedisServer, KafkaServer]:
    return (
        stack.enter_context(MariaDBServer(mariadb_options, leaf)),
        stack.enter_context(RedisServer(leaf)),
        stack.enter_context(KafkaServer(tls=leaf)),
    )


def _verified_by(authority: Authority) -> dict[str, str]:
    cas = dict.fromkeys(("APP_DATABASE_CA", "APP_REDIS_CA", "KAFKA_CA"), str(authority.file))
    return {**cas, "KAFKA_SECURITY_PROTOCOL": "SSL"}


def _acquirer(shop: str) -> AcquirerServer:
    """`shop`: the origin of the shop's pages."""
    key, publishable_key, control_token = (secrets.token_urlsafe(24) for _ in range(3))
    return AcquirerServer(key, publishable_key, control_token, [shop])


def migrate(environment: Mapping[str, str]) -> None:
    """Migrate the database as an operator does. ServerError with the command's output."""
    command = [sys.executable, "-m", "payments", "migrate"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ServerError(f"The database could not be migrated.\n{done.stdout}{done.stderr}")
