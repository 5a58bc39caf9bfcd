"""The platform under measurement: stack's real one with a production-sized database, and what its processes use."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import psutil
import requests

from stack.platform import Platform, real_platform
from stack.server import Server

UP_SECONDS: Final = 60.0
UNLIMITED: Final = "1000000000"
"""A capacity that is never reached: the limiter's script does all its work and refuses nobody."""
LIMITS: Final = {
    f"APP_RATE_LIMIT_{name}_CAPACITY": UNLIMITED for name in ("AUTHORIZE", "CAPTURE", "REFUND", "ADDRESS", "READ")
}
MARIADB: Final = ("--innodb-buffer-pool-size=512M", "--innodb-log-file-size=256M")
SERVER_NICENESS: Final = 5
WORKER_NICENESS: Final = 12
"""Of sessions: 335 and 70 to the api's 1,024 (sched(7)), about as the units' CPUWeight=100 and 20 to its 300."""


@contextmanager
def running() -> Iterator[Platform]:
    """The whole platform, up and healthy; gone afterwards."""
    with real_platform(LIMITS, MARIADB) as platform:
        wait_until(lambda: is_up(platform.api.url), UP_SECONDS, "the platform is up")
        lower_others(platform)
        yield platform


def lower_others(platform: Platform) -> None:
    """Give all but the api less CPU weight, as their units have. Call it after each start.

    Each has a session of its own here.
    """
    for server in platform.servers.values():
        lower(server.pid, SERVER_NICENESS)
    for worker in (platform.relay, platform.ledger, platform.housekeeping):
        lower(worker.pid, WORKER_NICENESS)


def lower(pid: int, niceness: int) -> None:
    """Lower the CPU weight of a process's session: Linux weighs sessions, not the niceness in them (autogroup)."""
    session = Path(f"/proc/{pid}/autogroup")
    if session.exists():
        wait_until(partial(_set_weight, session, niceness), UP_SECONDS, "a session has its weight")


def _set_weight(session: Path, niceness: int) -> bool:
    """Whether the kernel accepted it."""
    try:
        session.write_text(str(niceness))
    except BlockingIOError:  # the kernel limits how many a second it accepts from others than root
        return False
    return True


def processes(platform: Platform, name: str) -> list[psutil.Process]:
    """A program or server and its children."""
    return processes_of({**platform.programs, **platform.servers}[name])


def processes_of(program: Server) -> list[psutil.Process]:
    """It and its children."""
    parent = psutil.Process(program.pid)
    return [parent, *parent.children(recursive=True)]


def cpu_of(program: Server) -> float:
    """CPU seconds that it has used since its start, user and system."""
    return sum(sum(each.cpu_times()[:2]) for each in processes_of(program))


def cpu_seconds(platform: Platform) -> dict[str, float]:
    """CPU seconds that each program and server has used since its start, user and system."""
    return {name: cpu_of(program) for name, program in {**platform.programs, **platform.servers}.items()}


def memory_bytes(platform: Platform) -> int:
    """Resident memory of our own processes together."""
    return sum(each.memory_info().rss for name in platform.programs for each in processes(platform, name))


def move_breaker(platform: Platform, to: str) -> None:
    """Move the breaker as an operator does. TimeoutError when it is not in state `to` after 5 s."""
    answer = requests.post(
        f"{platform.api.url}/circuit-breaker/kafka-publisher/transition",
        json={"to": to, "reason": "benchmark"},
        headers={"Authorization": f"Bearer {platform.admin_token}"},
        timeout=5,
    )
    answer.raise_for_status()
    url = f"{platform.api.url}/circuit-breaker/kafka-publisher"
    wait_until(lambda: bool(requests.get(url, timeout=5).json()["state"] == to), 5, f"the breaker is {to}")


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Check until `condition` holds. TimeoutError saying `what` was waited for after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain until {what}")
        time.sleep(0.1)


def is_up(base_url: str) -> bool:
    """Whether every component of /health is UP."""
    try:
        return bool(requests.get(f"{base_url}/health", timeout=2).json()["status"] == "UP")
    except requests.RequestException:
        return False
