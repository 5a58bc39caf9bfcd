"""The platform on real servers for a measurement: MariaDB, Redis, Kafka, api, relay, ledger, housekeeping."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import psutil
import requests

from payments.migrations import migrate
from stack import workdir
from stack.kafka import KafkaServer
from stack.mariadb import MariaDBServer
from stack.ports import free_port
from stack.redis import RedisServer
from stack.tether import tethered

ROOT: Final = Path(__file__).resolve().parent.parent
UP_SECONDS: Final = 60.0
UNLIMITED: Final = "1000000000"
"""A capacity that is never reached: the limiter's script does all its work and refuses nobody."""


class Program:
    """One process of ours, started and stopped by its pid."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it ends with us."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                tethered([sys.executable, "-m", *self._command], signal.SIGKILL),
                cwd=ROOT, env=self._environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def stop(self) -> None:
        """SIGTERM, then wait until it is gone."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

    def processes(self) -> list[psutil.Process]:
        """Itself and its children."""
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]


class Platform:
    """The running platform: its URL, its database, and its processes by name."""

    def __init__(self, base_url: str, database_url: str, programs: dict[str, Program], servers: dict[str, int]) -> None:
        self.base_url = base_url
        self.database_url = database_url
        self.programs = programs
        self._servers = servers

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds that each program and server has used since its start, user and system."""
        used = {}
        for name, program in self.programs.items():
            used[name] = sum(sum(process.cpu_times()[:2]) for process in program.processes())
        for name, pid in self._servers.items():
            used[name] = sum(psutil.Process(pid).cpu_times()[:2])
        return used

    def memory_bytes(self) -> dict[str, int]:
        """Resident memory of each program of ours, children included."""
        return {
            name: sum(process.memory_info().rss for process in program.processes())
            for name, program in self.programs.items()
        }


@contextmanager
def running(settings: dict[str, str] | None = None) -> Iterator[Platform]:
    """The whole platform, up and healthy; gone afterwards. `settings` are added to the environment."""
    with ExitStack() as stack:
        mariadb = stack.enter_context(MariaDBServer(["--innodb-buffer-pool-size=512M", "--innodb-log-file-size=256M"]))
        redis = stack.enter_context(RedisServer())
        kafka = stack.enter_context(KafkaServer())
        mariadb.execute("CREATE DATABASE paydb CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
        database_url = mariadb.database_url("paydb")
        migrate(database_url)
        port = free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis.url,
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap,
            "PORT": str(port),
            "WORKER_METRICS_PORT": "0",
            "APP_RATE_LIMIT_AUTHORIZE_CAPACITY": UNLIMITED,
            **(settings or {}),
        }
        logs = workdir.make("bench-logs")
        stack.callback(workdir.remove, logs)
        programs = {
            name: Program(name, command, environment, logs / f"{name}.log")
            for name, command in {
                "api": ["gunicorn", "-c", "app/gunicorn.conf.py", "app.wsgi:app"],
                "relay": ["worker", "relay"],
                "ledger": ["worker", "ledger"],
                "housekeeping": ["worker", "housekeeping"],
            }.items()
        }
        for program in programs.values():
            program.start()
            stack.callback(program.stop)
        base_url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _is_up(base_url), UP_SECONDS, "the platform is up")
        servers = {"mariadb": mariadb.pid, "redis": redis.pid, "kafka": kafka.pid}
        yield Platform(base_url, database_url, programs, servers)


def _is_up(base_url: str) -> bool:
    try:
        return bool(requests.get(f"{base_url}/health", timeout=2).json()["status"] == "UP")
    except requests.RequestException:
        return False


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask until `condition` holds. TimeoutError saying `what` was waited for after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain until {what}")
        time.sleep(0.1)
