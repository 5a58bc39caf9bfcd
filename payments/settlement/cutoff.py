"""When a merchant's day ends, in UTC. Pure, but for the time zones, which are read from the tz database."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def cutoff(day: date, zone: str) -> datetime:
    """The moment (UTC) at which `day` ends in `zone` ("Asia/Seoul"); what happens before it is of that day.

    That is the midnight by which the next day begins there: the first one where clocks show it twice, and the moment
    of the change where clocks leave it out. So a day may have 23 or 25 hours. Raises ValueError for an unknown zone.
    """
    try:
        local = ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as unknown:  # no such name; no name at all; a folder
        raise ValueError(f"there is no time zone {zone!r}") from unknown
    # fold=0, the default, takes the offset from before a change, which gives the two moments above
    return datetime.combine(day + timedelta(days=1), time(), local).astimezone(UTC)
