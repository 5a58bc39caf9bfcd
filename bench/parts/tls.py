"""What TLS costs: a new connection, and an authorization in one process, over TCP and over TLS in turn.

Called without HTTP, at two MariaDB and two Redis that differ by it; no request waits for Kafka.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from bench.progress import say
from bench.ratio import to_each_neighbours
from bench.report.table import Figure
from bench.session import Session
from payments.platform.database import create_engine, with_ca
from payments.platform.redis import client as redis_client
from stack.certificates import Authority, Leaf
from stack.mariadb import MariaDBServer
from stack.platform import DATABASE, ROOT, migrate
from stack.redis import RedisServer

TURNS: Final = 5
CONNECTS: Final = 50
PLAIN, OVER_TLS = "TCP", "TLS"
UNLIMITED: Final = {f"APP_RATE_LIMIT_{name}_CAPACITY": "0" for name in ("AUTHORIZE", "ADDRESS")}
Environment = Mapping[str, str]


def figures(_session: Session) -> list[Figure]:
    """Milliseconds of a connection, and of an authorization: its median one by one, and its CPU among ten."""
    with _servers() as kinds:
        measured: dict[str, Callable[[Environment], float]] = {
            "a new connection to MariaDB": _to_mariadb,
            "a new connection to Redis": _to_redis,
            "an authorization, one by one, called without HTTP": lambda at: _run(at, "bench.one_by_one"),
            "CPU of an authorization, called without HTTP": lambda at: _run(
                at, "bench.calls_without_http", "an authorization"
            ),
        }
        return [figure for what, measure in measured.items() for figure in _in_turn(what, measure, kinds)]


def _in_turn(what: str, measure: Callable[[Environment], float], kinds: Mapping[str, Environment]) -> list[Figure]:
    plain, tls = [measure(kinds[PLAIN])], []
    for _ in range(TURNS):
        tls.append(measure(kinds[OVER_TLS]))
        plain.append(measure(kinds[PLAIN]))
        say(f"{what}: {plain[-1]:.2f} ms over {PLAIN}, {tls[-1]:.2f} ms over {OVER_TLS}")
    return [
        Figure(f"{what}, over {PLAIN}", plain, "ms"),
        Figure(f"{what}, over {OVER_TLS}", tls, "ms"),
        Figure(f"{what}: the one to the other (A-B-A)", to_each_neighbours(plain, tls), "×"),
    ]


@contextmanager
def _servers() -> Iterator[dict[str, Environment]]:
    """The environments of an api over TCP and of one over TLS."""
    with TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        verified = dict.fromkeys(("APP_DATABASE_CA", "APP_REDIS_CA"), str(authority.file))
        with _environment(None, {}) as plain, _environment(authority.leaf(), verified) as tls:
            yield {PLAIN: plain, OVER_TLS: tls}


@contextmanager
def _environment(leaf: Leaf | None, more: Environment) -> Iterator[Environment]:
    with MariaDBServer(tls=leaf) as mariadb, RedisServer(leaf) as redis:
        mariadb.execute(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
        urls = {"DATABASE_URL": mariadb.database_url(DATABASE), "REDIS_URL": redis.url, "PYTHONPATH": str(ROOT)}
        migrate({**urls, **more})
        yield {**urls, **UNLIMITED, **more}


def _to_mariadb(at: Environment) -> float:
    ca = at.get("APP_DATABASE_CA")
    engine = create_engine(with_ca(at["DATABASE_URL"], ca) if ca else at["DATABASE_URL"])

    def connect() -> None:
        engine.connect().close()
        engine.dispose()

    return _median(connect)


def _to_redis(at: Environment) -> float:
    with redis_client.connect(at["REDIS_URL"], at.get("APP_REDIS_CA")) as client:

        def connect() -> None:
            client.ping()
            client.connection_pool.disconnect()

        return _median(connect)


def _median(connect: Callable[[], None]) -> float:
    taken = []
    for _ in range(CONNECTS):
        before = time.perf_counter()
        connect()
        taken.append((time.perf_counter() - before) * 1000)
    return median(taken)


def _run(at: Environment, *module: str) -> float:
    """The number that a module prints last. RuntimeError with its output when it failed."""
    environment = {**os.environ, **at}
    done = subprocess.run(
        [sys.executable, "-m", *module], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(module)} failed:\n{done.stdout}{done.stderr}")
    return float(done.stdout.splitlines()[-1])
