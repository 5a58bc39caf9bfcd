"""The database's clock of a test: it stands where the test puts it, on SQLite and on MariaDB."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

import pytest
from sqlalchemy import Connection, Engine, event

from payments.platform import clock

TICK: Final = timedelta(seconds=1)


class MovedClock:
    """What `database_now` and MariaDB's UTC_TIMESTAMP say in the transactions of one engine. It only goes forward."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch, start: datetime) -> None:
        """`start`: UTC. SQLite has no clock of its own, and there all engines follow this one."""
        self.now = start
        if engine.dialect.name == "sqlite":
            monkeypatch.setattr(clock, "datetime", self._moved_datetime())
        else:
            event.listen(engine, "begin", self._set)
            event.listen(engine, "before_cursor_execute", _without_the_machines_time, retval=True)

    def go(self, to: datetime) -> None:
        """Move it. ValueError for a time that is over."""
        if to < self.now:
            raise ValueError(f"it is {self.now}, and {to} is over")
        self.now = to

    def tick(self) -> datetime:
        """A second passes."""
        self.now += TICK
        return self.now

    def _set(self, connection: Connection) -> None:
        said = f"{self.now.timestamp():.6f}"
        if connection.info.get("clock") != said:
            connection.exec_driver_sql(f"SET timestamp={said}")
            connection.info["clock"] = said

    def _moved_datetime(self) -> type[datetime]:
        moved = self

        class Moved(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a datetime, not a Moved
                return moved.now.astimezone(tz or UTC)

        return Moved


def _without_the_machines_time(
    _connection: Connection, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    """SYSDATE, the time after a wait for locks, does not follow a session's timestamp."""
    return statement.replace("SYSDATE(6)", "NOW(6)"), values
