"""What waits in reconciliation: open exceptions, and settlement files that are not there yet. For housekeeping."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select

from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.reconciliation import recon_exception, recon_file
from payments.reconciliation.file_days import LOOKED_BACK
from payments.reconciliation.rules import ExceptionClass, ExceptionState, FileState


@dataclass(frozen=True, slots=True)
class OpenExceptions:
    """OPEN exceptions by class, their suspense (minor units) by currency, and since when the oldest is OPEN."""

    by_class: Mapping[ExceptionClass, int]
    suspense: Mapping[str, int]
    oldest: datetime | None


_TABLE: Any = recon_exception.c
# an exception that was WAITING has been open since the wait ended
_SINCE = case((_TABLE.opens_at > _TABLE.opened_at, _TABLE.opens_at), else_=_TABLE.opened_at)
_OPEN = (
    select(
        _TABLE.exception_class,
        _TABLE.currency,
        func.count().label("number"),
        func.sum(_TABLE.suspense).label("suspense"),
        func.min(_SINCE, type_=_TABLE.opened_at.type).label("oldest"),
    )
    .where(_TABLE.state == ExceptionState.OPEN.value)
    .group_by(_TABLE.exception_class, _TABLE.currency)
)
_FIRST = (
    select(acquirer_operation.c.created_at)
    .where(acquirer_operation.c.connector == bindparam("connector"))
    .order_by(acquirer_operation.c.operation_id)
    .limit(1)
)
_IS_THERE = (
    recon_file.c.connector == bindparam("connector"),
    recon_file.c.state == FileState.DONE.value,
    # what was read before its day had ended is not what the acquirer says of that day
    func.date(recon_file.c.ended_at) > recon_file.c.day,
)
_DAYS = select(recon_file.c.day).where(*_IS_THERE, recon_file.c.day >= bindparam("since"))
_NEWEST = select(func.max(recon_file.c.day)).where(*_IS_THERE)


def open_exceptions(connection: Connection) -> OpenExceptions:
    """The exceptions that wait for an operator."""
    by_class: Counter[ExceptionClass] = Counter()
    suspense: Counter[str] = Counter()
    rows = connection.execute(_OPEN).all()
    for row in rows:
        by_class[ExceptionClass(row.exception_class)] += row.number
        suspense[row.currency] += int(row.suspense)
    return OpenExceptions(by_class, suspense, min((row.oldest for row in rows), default=None))


def first_day(connection: Connection, connector: str) -> date | None:
    """The day (UTC) of the first operation with this connector; None: there is none."""
    first: datetime | None = connection.execute(_FIRST, {"connector": connector}).scalar()
    return None if first is None else first.date()


def days_there(connection: Connection, connector: str, now: datetime) -> set[date]:
    """The days of those looked back whose file was read after they had ended."""
    since = (now - timedelta(days=LOOKED_BACK)).date()
    return set(connection.execute(_DAYS, {"connector": connector, "since": since}).scalars())


def newest_day(connection: Connection, connector: str) -> date | None:
    """The last day whose file was read after it had ended: so no day ahead."""
    day: date | None = connection.execute(_NEWEST, {"connector": connector}).scalar()
    return day
