"""The database's time for what cannot be undone: expiry, pruning, retries. Refused while that clock is suspect.

The rules are in `clock_watch`. Requests do not use it: a payment is accepted whatever the time.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from payments.platform import clock
from payments.platform.operators import note_action
from payments.platform.trusted_clock import store as clock_store
from payments.platform.trusted_clock.watch import ClockWatch, Moment

QUIET: Final = 60.0
"""Seconds for which the clocks must agree after a jump."""
Now = Callable[[Connection], datetime]
"""Gives UTC by the database's clock; may raise ClockSuspect."""

_log = logging.getLogger(__name__)


class ClockSuspect(Exception):
    """The database's clock is suspect; the text says why."""


@dataclass(frozen=True, slots=True)
class MachineClocks:
    """The clocks of this machine: seconds since 1970, seconds since it was started, and the id of that boot."""

    wall: Callable[[], float] = clock.wall
    since_boot: Callable[[], float] = clock.since_boot
    boot_name: Callable[[], str] = clock.boot_name


class ClockGuard:
    """Compares the clocks at each call. Several threads may call it."""

    def __init__(self, jump: float, quiet: float = QUIET, machine: MachineClocks | None = None) -> None:
        """More than `jump` seconds is a jump; after one the clocks must agree for `quiet` seconds."""
        self._machine = machine or MachineClocks()
        self._watch = ClockWatch(jump, quiet)
        self._lock = threading.Lock()
        self._loaded = False
        self._confirmed_at: datetime | None = None
        self.offset = 0.0

    @property
    def suspect(self) -> bool:
        """Whether the last check found the clock suspect."""
        return self._watch.reason is not None

    def now(self, connection: Connection) -> datetime:
        """UTC by the database's clock. Raises ClockSuspect while it is suspect."""
        with self._lock:
            if not self._loaded:
                self._watch.trusted, self._confirmed_at = clock_store.load(connection)
                self._loaded = True
            now, moment = self._moment(connection)
            if reason := self._check(moment):
                raise ClockSuspect(reason)
            return now

    def keep(self, connection: Connection) -> None:
        """Check, store the trusted time in the caller's transaction, and apply an operator's confirmation."""
        with self._lock:
            stored, confirmed_at = clock_store.load(connection)
            if not self._loaded:
                self._watch.trusted, self._confirmed_at, self._loaded = stored, confirmed_at, True
            _, moment = self._moment(connection)
            if confirmed_at != self._confirmed_at:
                self._confirmed_at = confirmed_at
                self._watch.accept(moment)
                _log.warning("clock_confirmed", extra={"offset": round(moment.offset, 3)})
            if self._check(moment) is None and self._watch.trusted is not None:
                clock_store.save(connection, self._watch.trusted)

    def _moment(self, connection: Connection) -> tuple[datetime, Moment]:
        now = clock.database_now(connection)
        moment = Moment(now.timestamp(), self._machine.wall(), self._machine.since_boot(), self._machine.boot_name())
        self.offset = moment.offset
        return now, moment

    def _check(self, moment: Moment) -> str | None:
        before = self._watch.reason
        reason = self._watch.check(moment)
        if before is None and reason is not None:
            _log.error("clock_suspect", extra={"reason": reason})
        elif before is not None and reason is None:
            _log.warning("clock_trusted", extra={"offset": round(moment.offset, 3)})
        return reason


def confirm(connection: Connection, actor: str) -> bool:
    """An operator confirms the database's clock: housekeeping trusts it again within seconds.

    Notes the action with `actor`. False: housekeeping has not checked the clock yet.
    """
    if not clock_store.confirm(connection):
        return False
    note_action(connection, actor, "clock.confirm", "database clock", "expiry and pruning go on by it")
    return True
