"""The platform beside two databases on one server, one of which grows; it is pointed to the one or the other."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from bench import load
from bench.load import Load
from bench.platform import LIMITS, UP_SECONDS, cpu_seconds, put_behind, wait_until
from payments.outbox import backlog as backlog_store
from payments.platform.database import create_engine
from stack.platform import DATABASE, Platform, migrate, real_platform
from stack.readiness import get_json

MARIADB: Final = ("--innodb-buffer-pool-size=4G", "--innodb-log-file-size=2G")
FULL: Final = f"{DATABASE}_full"
WARM_SECONDS: Final = 10
DRAIN_SECONDS: Final = 120.0
STATEMENT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Cost:
    """What one authorization took, in milliseconds: CPU of api and MariaDB, and the time of 95 in 100."""

    api: float
    mariadb: float
    p95: float


def say(text: str) -> None:
    """Progress, for whoever waits."""
    print(f"bench-growth: {text}", file=sys.stderr, flush=True)


class TwoDatabases:
    """A platform, the URLs of its databases by name, and which of them it uses."""

    def __init__(self, platform: Platform) -> None:
        """The empty one is there; the one to be filled is made here."""
        self.platform = platform
        self.urls = {"empty": platform.database_url, "full": platform.mariadb.database_url(FULL)}
        platform.mariadb.execute(f"CREATE DATABASE {FULL} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
        migrate({**platform.environment, "DATABASE_URL": self.urls["full"]})

    def engine(self, name: str) -> Engine:
        """For questions of our own; statements over all rows may take long."""
        return create_engine(self.urls[name], timeout=STATEMENT_SECONDS)

    def point_to(self, name: str) -> None:
        """Restart our processes with the other database."""
        for program in self.platform.programs.values():
            program.stop()
            program.environment = {**program.environment, "DATABASE_URL": self.urls[name]}
            program.start()
        wait_until(self._is_up, UP_SECONDS, f"the platform is up with the {name} database")
        put_behind(self.platform)

    def loaded(self, name: str, rate: int, seconds: int) -> Load:
        """A load, and all of it posted. RuntimeError when a request failed: such figures mean nothing."""
        seen = load.run(self.platform.api.url, rate, seconds)
        if seen.failed:
            raise RuntimeError(f"{seen.failed} of {seen.requests} requests failed with the {name} database")
        self.drain(name)
        return seen

    def drain(self, name: str) -> None:
        """Wait until everything is posted."""
        engine = self.engine(name)
        wait_until(lambda: _is_drained(engine), DRAIN_SECONDS, "every event is posted")
        engine.dispose()

    def cost(self, name: str, rate: int, seconds: int) -> Cost:
        """What an authorization takes with this database, once everything is warm."""
        self.point_to(name)
        self.loaded(name, rate, WARM_SECONDS)
        before = cpu_seconds(self.platform)
        seen = self.loaded(name, rate, seconds)
        after = cpu_seconds(self.platform)
        api, mariadb = ((after[part] - before[part]) * 1000 / seen.requests for part in ("api", "mariadb"))
        say(f"{name}: api {api:.2f} ms, MariaDB {mariadb:.2f} ms, p95 {seen.p95:.1f} ms ({seen.dropped} not started)")
        return Cost(api, mariadb, seen.p95)

    def _is_up(self) -> bool:
        health = get_json(f"{self.platform.api.url}/health")
        return health is not None and health["status"] == "UP"


def _is_drained(engine: Engine) -> bool:
    with engine.connect() as connection:
        pending = backlog_store.outbox_backlog(connection).pending
        return pending == 0 and backlog_store.oldest_unposted(connection) is None


@contextmanager
def two_databases() -> Iterator[TwoDatabases]:
    """The platform with a database that can hold millions; gone afterwards."""
    with real_platform(LIMITS, MARIADB) as platform:
        yield TwoDatabases(platform)
