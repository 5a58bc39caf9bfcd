"""Finds events by the request or the trace that made them, and by the dead letters that they announce or replay."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, bindparam, select

from payments.outbox.rules import Aggregate
from payments.platform.tables.events import outbox_event as table

HOURS_LIMIT: Final = 999
"""Hours in one statement, 41 whole days: from 1,000 values on MariaDB makes a table of them."""
LOOKED_AT_LIMIT: Final = 2_000
"""Events of one request or trace that are looked at: a client may give all of its requests one id."""
_HOURS = (
    select(table.c.created_hour)
    .where(table.c.created_hour.is_not(None))
    .distinct()
    .order_by(table.c.created_hour.desc())
    .limit(HOURS_LIMIT)
)
# one index entry for each hour, whatever the statistics are; DISTINCT reads the whole index when they are old
_HOURS_ON_MARIADB: Final = f"""BEGIN NOT ATOMIC
DECLARE hour, number INT DEFAULT 0;
DECLARE found TEXT CHARACTER SET ascii DEFAULT '';
SELECT MAX(created_hour) INTO hour FROM outbox_event;
hours: WHILE hour IS NOT NULL AND number < {HOURS_LIMIT} DO
  SET found = CONCAT(found, hour, ' '), number = number + 1;
  SELECT MAX(created_hour) INTO hour FROM outbox_event WHERE created_hour < hour;
END WHILE;
SELECT found;
END"""  # noqa: S608  (a number of our own)
_OF_LETTERS = (
    select(table.c.event_id, table.c.aggregate_type, table.c.aggregate_id)
    .where(
        table.c.aggregate_id.in_(bindparam("ids", expanding=True)),
        table.c.aggregate_type.in_((Aggregate.DEAD_LETTER.value, Aggregate.REPLAY.value)),
    )
    .order_by(table.c.event_id)
    .with_hint(table, "FORCE INDEX (ix_outbox_aggregate)", "mysql")
)


class Changed(NamedTuple):
    """The payments that a request or a trace changed, of events that are still stored.

    `back_to` is None, or the time of the oldest event that was looked at where there are more.
    """

    payment_ids: set[int]
    back_to: datetime | None


class LetterEvent(NamedTuple):
    """An event that announces or replays a dead letter, whose id is `aggregate_id`."""

    event_id: int
    aggregate_type: str
    aggregate_id: int


def changed_by_request(connection: Connection, request_id: str) -> Changed:
    """The payments that this request changed."""
    return _changed_by(connection, table.c.request_id, request_id, "ix_outbox_request")


def changed_by_trace(connection: Connection, trace_id: str) -> Changed:
    """The payments that this trace changed."""
    return _changed_by(connection, table.c.trace_id, trace_id, "ix_outbox_trace")


def _changed_by(connection: Connection, column: Column[Any], wanted: str, index: str) -> Changed:
    hours = _hours(connection)
    query = (
        select(table.c.aggregate_id, table.c.event_id)
        .where(table.c.created_hour.in_(hours), column == wanted, table.c.aggregate_type == Aggregate.PAYMENT.value)
        # the order of the index (MariaDB sorts when the constant column is named, too): the newest are read alone
        .order_by(table.c.created_hour.desc(), table.c.event_id.desc())
        .limit(LOOKED_AT_LIMIT)
        .with_hint(table, f"FORCE INDEX ({index})", "mysql")
    )
    rows = connection.execute(query).all()
    back_to = _created_at(connection, rows[-1].event_id) if len(rows) == LOOKED_AT_LIMIT else None
    return Changed({row.aggregate_id for row in rows}, back_to)


def _hours(connection: Connection) -> Sequence[int]:
    """The newest hours that have events. Not all hours of some days: a clock that was wrong once leaves gaps."""
    if connection.dialect.name == "sqlite":
        return connection.execute(_HOURS).scalars().all()
    return [int(hour) for hour in connection.exec_driver_sql(_HOURS_ON_MARIADB).scalar_one().split()]


def _created_at(connection: Connection, event_id: int) -> datetime:
    at: datetime = connection.execute(select(table.c.created_at).where(table.c.event_id == event_id)).scalar_one()
    return at


def of_dead_letters(connection: Connection, letter_ids: Iterable[int]) -> list[LetterEvent]:
    """The announcements and replays of these dead letters, oldest first."""
    return [LetterEvent(*row) for row in connection.execute(_OF_LETTERS, {"ids": list(letter_ids)})]
