"""Clocks. Business rules use the database's clock, so that all processes agree; waits use the monotonic clock."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, text

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_MARIADB_NOW = text("SELECT UTC_TIMESTAMP(6)")


class Clock(Protocol):
    """Seconds that only go forward, from an arbitrary start."""

    def __call__(self) -> float:
        """Seconds now."""


monotonic: Clock = time.monotonic
wall: Clock = time.time
"""This machine's wall clock, seconds since 1970. It can be set, so it can jump."""


def since_boot() -> float:
    """Seconds since this machine started, including those it slept; the same in all of its processes."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def boot_name() -> str:
    """An id of this machine's current boot; empty where it is not known."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""


def database_now(connection: Connection) -> datetime:
    """UTC now with microseconds, by the database's clock. On SQLite that is this machine's clock."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = connection.execute(_MARIADB_NOW).scalar_one()
    return now.replace(tzinfo=UTC)
