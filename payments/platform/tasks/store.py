"""When housekeeping's tasks last succeeded (`task_run`): for /health, and for housekeeping itself after a restart."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from payments.platform.database import upsert
from payments.platform.tables.housekeeping import task_run as table


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task that should succeed every `interval` seconds; before its first success, time is counted from `since`."""

    name: str
    interval: float
    since: datetime
    last_success: datetime | None

    @property
    def counted_from(self) -> datetime:
        """The last success; before the first, `since`."""
        return self.last_success or self.since


def save(connection: Connection, runs: Iterable[TaskRun]) -> None:
    """Store these in the caller's transaction; one that is stored already is updated."""
    rows = [
        {
            "name": run.name,
            "interval_seconds": run.interval,
            "since": run.since,
            "last_success_at": run.last_success,
        }
        for run in sorted(runs, key=lambda run: run.name)
    ]
    if rows:
        connection.execute(upsert(connection, table, ["name"], ["interval_seconds", "since", "last_success_at"]), rows)


def runs(connection: Connection) -> dict[str, TaskRun]:
    """The stored tasks by name."""
    return {
        row.name: TaskRun(row.name, row.interval_seconds, row.since, row.last_success_at)
        for row in connection.execute(select(table))
    }
