"""When a merchant's day ends, in UTC. Pure, but for the time zones, which are read from the tz database."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def cutoff(day: date, zone: str) -> datetime:
    """The moment (UTC) at which `day` ends in `zone` ("Asia/Seoul"); what happens before it is of that day.

    That is the midnight by which the next day begins there: the first one where clocks show it twice, and the moment
    of the change where clocks leave it out. So a day may have 23 or 25 hours. Raises ValueError for an unknown zone.
    """
    # fold=0, the default, takes the offset from before a change, which gives the two moments above
    return datetime.combine(day + timedelta(days=1), time(), _zone(zone)).astimezone(UTC)


def last_cutoff(until: datetime, zone: str) -> datetime:
    """The newest cut-off in `zone` that is not after `until` (UTC). Raises ValueError for an unknown zone."""
    today = until.astimezone(_zone(zone)).date()
    # where clocks leave a midnight out or show it twice, a day may have ended by its own date already
    ends = (cutoff(today - timedelta(days=back), zone) for back in range(3))
    return next(end for end in ends if end <= until)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as unknown:  # no such name; no name at all; a folder
        raise ValueError(f"there is no time zone {name!r}") from unknown
