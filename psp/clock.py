"""The simulator's clock: the machine's, shifted, or frozen; kept in the file. Microseconds since 1970, UTC.

It never goes back behind what it has said, so that a settled day stays as it was.
"""

import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from psp.errors import Refused

SECOND: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = (datetime(9000, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
"""What it can be set to at most."""


def machine() -> int:
    """The machine's wall clock."""
    return time.time_ns() // 1000


class Clock:
    """Tells the time of the simulator inside a transaction."""

    def __init__(self, wall: Callable[[], int] = machine) -> None:
        """`wall`: the clock that it is shifted from."""
        self._wall = wall

    def take(self, connection: sqlite3.Connection) -> int:
        """Now; and no later transaction is told an earlier time."""
        now = self.look(connection)
        connection.execute("UPDATE simulator SET floor = ?", (now,))
        return now

    def look(self, connection: sqlite3.Connection) -> int:
        """Now, for what leaves nothing behind."""
        row = self.state(connection)
        return max(self._reading(row), int(row["floor"]))

    def raise_floor(self, connection: sqlite3.Connection, floor: int) -> None:
        """From here on the time is at least `floor`."""
        connection.execute("UPDATE simulator SET floor = max(floor, ?)", (floor,))

    def set(self, connection: sqlite3.Connection, now: int, *, frozen: bool) -> None:
        """Make it `now`, frozen or running on from there. Raises Refused for a time before what it has said."""
        floor = self.state(connection)["floor"]
        if now < floor:
            raise Refused("CLOCK_BACKWARDS", f"The clock has said {iso(floor)} and cannot go back behind it.")
        if now > LATEST:
            raise Refused("VALIDATION_FAILED", f"The clock goes to {iso(LATEST)} at most.")
        connection.execute(
            "UPDATE simulator SET clock_offset = ?, frozen_at = ?", (now - self._wall(), now if frozen else None)
        )

    def offset_from_machine(self, seconds: float) -> int:
        """The time that is `seconds` ahead of the machine's clock."""
        return self._wall() + round(seconds * SECOND)

    def state(self, connection: sqlite3.Connection) -> sqlite3.Row:
        """The row of the clock: clock_offset, frozen_at (None: it runs), floor."""
        row: sqlite3.Row = connection.execute("SELECT clock_offset, frozen_at, floor FROM simulator").fetchone()
        return row

    def _reading(self, row: sqlite3.Row) -> int:
        frozen_at: int | None = row["frozen_at"]
        return self._wall() + int(row["clock_offset"]) if frozen_at is None else frozen_at


def iso(moment: int) -> str:
    """RFC 3339 with microseconds, in UTC."""
    return _moment(moment).isoformat(timespec="microseconds").replace("+00:00", "Z")


def day_of(moment: int) -> date:
    """The day (UTC) in which it lies."""
    return _moment(moment).date()


def end_of(day: date) -> int:
    """The first moment after the day."""
    return from_datetime(datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1))


def from_datetime(moment: datetime) -> int:
    """Microseconds since 1970 of a moment with a zone."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(moment: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)
