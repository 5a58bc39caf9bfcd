"""Counts the calls of each key in this process until they are written. It starts nothing and knows no database.

A call is counted when its key is admitted. A process that is killed loses what it has not written.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final

from payments.merchants.use_store import Calls

BATCH: Final = 1_000
"""Rows (a key and a day) of one statement."""
UNWRITTEN_LIMIT: Final = 20_000
"""Rows that wait while the database does not answer; calls of further keys and days are not counted."""


class Uses:
    """The calls that one process has not written yet."""

    def __init__(self) -> None:
        self._unwritten: dict[tuple[str, date], tuple[int, datetime]] = {}
        self._uncounted = 0

    @property
    def unwritten(self) -> int:
        """How many calls wait."""
        return sum(calls for calls, _ in self._unwritten.values())

    def count(self, key_id: str, at: datetime) -> None:
        """Count one call at `at` (UTC, by the database's clock)."""
        self._add(Calls(key_id, at.date(), 1, at))

    def flush(self, write: Callable[[Sequence[Calls]], None]) -> None:
        """Write what was counted until now, in batches; what `write` fails with is raised, and its batch kept."""
        rows = sorted(self._unwritten)  # every process locks rows in this order
        for start in range(0, len(rows), BATCH):
            batch = [Calls(*row, *self._unwritten.pop(row)) for row in rows[start : start + BATCH]]
            try:
                write(batch)
            except BaseException:  # also gevent's time-out
                for calls in batch:
                    self._add(calls)
                raise

    def forget_uncounted(self) -> int:
        """How many calls found no room since this was asked last."""
        uncounted, self._uncounted = self._uncounted, 0
        return uncounted

    def _add(self, new: Calls) -> None:
        row = new.key_id, new.day
        calls, last = self._unwritten.get(row, (0, new.last))
        if calls == 0 and len(self._unwritten) >= UNWRITTEN_LIMIT:
            self._uncounted += new.calls
            return
        self._unwritten[row] = calls + new.calls, max(last, new.last)
