"""What the database itself says of a measurement: lags by its own time stamps, backlogs. And payments without HTTP."""

import time
from datetime import timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import Engine, text

from payments.payment.commands import Command, Operation
from payments.payment.execution import execute

BATCH: Final = 200
"""Commands in a commit, as many as the api commits at most."""


def newest_event(engine: Engine) -> int:
    """The highest event id so far; 0 when there is none."""
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT COALESCE(MAX(event_id), 0) FROM outbox_event")).scalar_one())


def unposted(engine: Engine) -> int:
    """Events that the ledger has not posted."""
    query = "SELECT (SELECT COUNT(*) FROM outbox_event WHERE aggregate_type='payment') - COUNT(*) FROM inbox_event"
    with engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


def lags(engine: Engine, after: int) -> list[float]:
    """Seconds from commit to posting of each event above id `after`, ascending."""
    query = text(
        "SELECT TIMESTAMPDIFF(MICROSECOND, o.created_at, i.posted_at) FROM outbox_event o"
        " JOIN inbox_event i ON i.event_id = o.event_id WHERE o.event_id > :after"
    )
    with engine.connect() as connection:
        return sorted(value / 1e6 for value in connection.execute(query, {"after": after}).scalars())


def per_second(engine: Engine, after: int, table: str, column: str) -> float:
    """Rows of `table` for events above id `after`, by the time from the first to the last `column`."""
    query = text(f"SELECT COUNT(*), MIN({column}), MAX({column}) FROM {table} WHERE event_id > :after")  # noqa: S608
    with engine.connect() as connection:
        count, first, last = connection.execute(query, {"after": after}).one()
    took: timedelta = last - first
    return int(count) / took.total_seconds()


def authorize(engine: Engine, count: int, size: int) -> None:
    """Authorize `count` payments without HTTP, `size` in a commit, as fast as one process can."""
    for _ in range(count // size):
        commands = [
            Command(Operation.AUTHORIZE, "BENCH", uuid4().hex, "-", 0, 10000, "KRW", timedelta(days=7))
            for _ in range(size)
        ]
        results = execute(engine, commands, time.monotonic() + 30, time.monotonic, time.sleep)
        assert all(result.status == 200 for result in results), results[0]
