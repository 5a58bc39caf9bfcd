"""Clocks. Money reads the database's clock only, so that all processes agree; waits use the monotonic one."""

import time
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Connection, text

_MARIADB_NOW = text("SELECT UTC_TIMESTAMP(6)")


class Clock(Protocol):
    """Seconds that only go forward, from an arbitrary start."""

    def __call__(self) -> float:
        """Seconds now."""


monotonic: Clock = time.monotonic


def database_now(connection: Connection) -> datetime:
    """UTC now with microseconds, by the database's clock. SQLite has none of its own: this machine's clock is its."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = connection.execute(_MARIADB_NOW).scalar_one()
    return now.replace(tzinfo=UTC)
