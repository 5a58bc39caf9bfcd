"""Which days' settlement files an acquirer should have for us by now. Pure; days are UTC."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

READY_AFTER: Final = timedelta(minutes=30)
"""After the end of a day, before its file is asked for."""
LOOKED_BACK: Final = 7
"""Days for which a file that is not there is asked for; an older one is an operator's."""

AHEAD: Final = timedelta(days=366)
"""How far ahead of now a file's day may be: `make reconcile` sets the simulator's clock a day ahead each time."""


def end_of(day: date) -> datetime:
    """The first moment after the day."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def latest(now: datetime) -> date:
    """The last day that a file which is read now may be about."""
    return now.astimezone(UTC).date() + AHEAD


def lacking(now: datetime, first: date | None, there: Collection[date]) -> list[date]:
    """The days whose file is to be asked for, oldest first.

    `first`: the day of the first operation, before which no file is expected; None: there is none. `there`: the days
    whose file is read.
    """
    if first is None:
        return []
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in range(LOOKED_BACK, 0, -1)]
    return [day for day in days if first <= day and day not in there and now >= end_of(day) + READY_AFTER]


def late_since(first: date | None, newest: date | None) -> datetime | None:
    """The end of the newest day whose file is read, or the beginning of the first day; None: no file is expected."""
    if first is None:
        return None
    if newest is None or newest < first:
        return end_of(first - timedelta(days=1))
    return end_of(newest)
