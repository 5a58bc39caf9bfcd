"""Publishes again, without an operator, events that were published long ago and never posted: Kafka lost them.

Safe at any time, because the inbox drops repeated events; bounded, so that a false alarm costs little. Operators have
the command `republish`.
"""

import logging
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from payments.breaker import store as breaker_store
from payments.breaker.rules import BREAKER
from payments.dead_letters import halt_store
from payments.outbox import backlog as backlog_store
from payments.outbox import repair_store
from payments.outbox.lease import LEDGER_SILENT
from payments.outbox.repair_store import LostEvent
from payments.platform.clock import database_now
from payments.platform.operators import HOUSEKEEPING, note_action
from payments.platform.tasks.throttle import Throttle
from payments.platform.trusted_clock.guard import Now

LIMIT: Final = 500
"""Events that one round publishes again."""
WINDOW: Final = 2000
"""Event ids read in one transaction: short enough not to make the relay or a request wait."""
WINDOWS: Final = 50
"""Windows that each of the two walks of a round reads."""
RECENT: Final = timedelta(seconds=60)
"""The ledger's delay is measured on the postings of this last time."""
PUBLISHED_WITHIN: Final = timedelta(seconds=60)
"""Time within which nearly every event is published."""
IN_A_LINE: Final = 100
"""Events in a line of the log."""

_log = logging.getLogger(__name__)


class SelfRepair:
    """Walks the outbox in rounds: first events that have become old enough since the last round, then all in turn.

    The first walk soon finds what Kafka loses from now on; the second finds what was lost before this process started,
    was published late, or was lost again.
    """

    def __init__(self, engine: Engine, lost_after: timedelta, now: Now = database_now, limit: int = LIMIT) -> None:
        """An event is lost when it has been published for longer than `lost_after` and is not posted."""
        self._engine = engine
        self._lost_after = lost_after
        self._now = now
        self._limit = limit
        self._newest: deque[tuple[datetime, int]] = deque()
        self._grown_old = 0
        self._turn = 0

    def round(self, throttle: Throttle) -> int:
        """Publish at most `limit` events again, throttled; returns how many. 0 while the ledger itself is behind."""
        with self._engine.connect().execution_options(reading=True) as connection:
            now = self._now(connection)
            if reason := _ledger_trouble(connection, now, self._lost_after):
                _log.info("self_repair_waits", extra={"reason": reason})
                return 0
            first, last = repair_store.ends(connection)
        self._grown_old = self._grown_old or last
        self._grown_old, count = self._walk(self._grown_old, self._old_enough(now, last), self._limit, throttle)
        turn = self._turn if first - 1 <= self._turn < last else first - 1
        self._turn, more = self._walk(turn, last, self._limit - count, throttle)
        return count + more

    def _old_enough(self, now: datetime, last: int) -> int:
        """The last id up to which all events are old enough, as recorded in earlier rounds."""
        self._newest.append((now, last))
        found = self._grown_old
        while self._newest[0][0] < now - self._lost_after - PUBLISHED_WITHIN:
            found = max(found, self._newest.popleft()[1])
        return found

    def _walk(self, after: int, last: int, limit: int, throttle: Throttle) -> tuple[int, int]:
        """Read WINDOWS windows after event `after`, up to `last`; returns the last id read and how many were lost."""
        count = 0
        for _, _window in zip(throttle.steps(), range(WINDOWS), strict=False):
            if after >= last or count >= limit:
                break
            until, room = min(after + WINDOW, last), limit - count
            with self._engine.connect().execution_options(reading=True) as connection:
                before = self._now(connection) - self._lost_after
                found = repair_store.lost(connection, after, until, before, room)
                events = repair_store.without_dead_letters(connection, found)
            count += self._publish_again(events) if events else 0
            after = found[-1].event_id if len(found) == room else until
        return after, count

    def _publish_again(self, events: Sequence[LostEvent]) -> int:
        ids = [event.event_id for event in events]
        with self._engine.begin() as connection:
            count = repair_store.publish_again(connection, ids)
            note_action(connection, HOUSEKEEPING, "republish", "outbox", f"{count} lost events from {ids[0]} on")
        for start in range(0, len(ids), IN_A_LINE):
            _log.warning("events_republished", extra={"events": ids[start : start + IN_A_LINE]})
        return count


def _ledger_trouble(connection: Connection, now: datetime, lost_after: timedelta) -> str | None:
    """Why events may be unposted without being lost: no ledger worker runs, or it has not reached them yet."""
    beat = backlog_store.lease_renewals(connection).get("ledger")
    if beat is None or now - beat > LEDGER_SILENT:
        return "no ledger worker is active"
    if halt_store.open_halt(connection) is not None:
        return "posting is halted"
    breaker = breaker_store.get(connection, BREAKER)
    if breaker is not None and breaker.state not in ("CLOSED", "DISABLED"):
        return f"the breaker is {breaker.state}"
    delays = repair_store.posting_delays(connection, now - RECENT)
    if sum(delay > lost_after / 2 for delay in delays) * 2 > len(delays):
        return "the ledger is behind"
    return None
