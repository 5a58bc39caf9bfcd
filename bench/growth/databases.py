"""The platform with two databases on one server, one of which grows; it uses the one or the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from sqlalchemy import Engine

from bench import k6
from bench.growth.results import Cost
from bench.growth.steps import WARM_SECONDS
from bench.k6 import LoadResult
from bench.platform import LIMITS, UP_SECONDS, cpu_seconds, is_up, lower_others, wait_until
from bench.progress import say as say_as
from payments.outbox import backlog as backlog_store
from payments.platform.database import create_engine
from stack.platform import DATABASE, Platform, migrate, real_platform

MARIADB: Final = ("--innodb-buffer-pool-size=4G", "--innodb-log-file-size=2G")
FULL: Final = f"{DATABASE}_full"
DRAIN_SECONDS: Final = 120.0
STATEMENT_SECONDS: Final = 600
say = partial(say_as, command="bench-growth")


class TwoDatabases:
    """A platform, the URLs of its databases by name (`empty`, `full`), and which of them it uses."""

    def __init__(self, platform: Platform) -> None:
        """Make the database that will be filled; the empty one is the platform's own."""
        self.platform = platform
        self.urls = {"empty": platform.database_url, "full": platform.mariadb.database_url(FULL)}
        platform.mariadb.execute(f"CREATE DATABASE {FULL} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
        migrate({**platform.environment, "DATABASE_URL": self.urls["full"]})

    def engine(self, name: str) -> Engine:
        """An engine of our own; its statements may read all rows, so they may take long."""
        return create_engine(self.urls[name], timeout=STATEMENT_SECONDS)

    def point_to(self, name: str) -> None:
        """Restart our processes with the database `name`. TimeoutError when they are not up in time."""
        for program in self.platform.programs.values():
            program.stop()
            program.environment = {**program.environment, "DATABASE_URL": self.urls[name]}
            program.start()
        wait_until(lambda: is_up(self.platform.api.url), UP_SECONDS, f"the platform is up with the {name} database")
        lower_others(self.platform)

    def load(self, name: str, rate: int, seconds: int) -> LoadResult:
        """Run k6, then wait until all is posted. RuntimeError when a request failed: such figures mean nothing."""
        result = k6.run(self.platform.api.url, rate, seconds)
        if result.failed:
            raise RuntimeError(f"{result.failed} of {result.requests} requests failed with the {name} database")
        self.drain(name)
        return result

    def drain(self, name: str) -> None:
        """Wait until everything is posted. TimeoutError after 120 s."""
        engine = self.engine(name)
        wait_until(lambda: _is_drained(engine), DRAIN_SECONDS, "every event is posted")
        engine.dispose()

    def cost(self, name: str, rate: int, seconds: int) -> Cost:
        """What an authorization takes with this database, after a load that warms everything up."""
        self.point_to(name)
        self.load(name, rate, WARM_SECONDS)
        before = cpu_seconds(self.platform)
        result = self.load(name, rate, seconds)
        after = cpu_seconds(self.platform)
        api, mariadb = ((after[part] - before[part]) * 1000 / result.requests for part in ("api", "mariadb"))
        say(
            f"{name}: api {api:.2f} ms, MariaDB {mariadb:.2f} ms, p95 {result.p95:.1f} ms"
            f" ({result.dropped} not started)"
        )
        return Cost(api, mariadb, result.p95)


def _is_drained(engine: Engine) -> bool:
    with engine.connect() as connection:
        pending = backlog_store.outbox_backlog(connection).pending
        return pending == 0 and backlog_store.oldest_unposted(connection) is None


@contextmanager
def two_databases() -> Iterator[TwoDatabases]:
    """The platform with a database that can hold millions; gone afterwards."""
    with real_platform(LIMITS, MARIADB) as platform:
        yield TwoDatabases(platform)
