"""Decides whether the database's clock can be trusted: it must agree with this machine's clock and advance like it.

Pure: every time is passed in. What is refused while the clock is suspect is up to the callers.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

LONGEST_STOP: Final = 7 * 86400.0
"""Seconds between two checks, above which the next one is suspect: the lifetime of an authorization."""
MEASURED_EACH: Final = 3600.0
"""Seconds. In that time slewed clocks drift apart by 2 s, far less than a jump."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A reading of three clocks, in seconds: `database` and `wall` since 1970, `boot` since this machine started.

    `machine` is the id of that boot; `boot` of two moments with the same id can be subtracted.
    """

    database: float
    wall: float
    boot: float
    machine: str

    @property
    def offset(self) -> float:
        """How far the database's clock is ahead of this machine's."""
        return self.database - self.wall


@dataclass(frozen=True, slots=True)
class Trusted:
    """The last database time that was trusted, with which the next one is compared; stored across restarts.

    `ahead`: seconds by which the database's clock was ahead of `boot`, at `measured` (by that clock). Measured once an
    hour and not at each check, so that many small jumps add up to one. `accepted_offset`: seconds by which the database
    is ahead of the wall clock with an operator's confirmation.
    """

    database: float
    ahead: float
    measured: float
    machine: str
    accepted_offset: float = 0.0

    @property
    def at(self) -> datetime:
        """`database` as UTC."""
        return datetime.fromtimestamp(self.database, UTC)


class ClockWatch:
    """Trusts the database's clock or says why not (`reason`), check by check."""

    def __init__(self, jump: float, quiet: float) -> None:
        """More than `jump` seconds is a jump; after one, the clocks must agree for `quiet` seconds."""
        self._jump = jump
        self._quiet = quiet
        self._agreed_since: float | None = None
        self.trusted: Trusted | None = None
        self.reason: str | None = None

    def check(self, now: Moment) -> str | None:
        """Compare the clocks; returns why the database's is suspect, None when it is trusted."""
        problem = self._problem(now)
        if problem is not None:
            self._agreed_since, self.reason = None, problem
            return problem
        if self.reason is not None:
            self._agreed_since = now.boot if self._agreed_since is None else self._agreed_since
            if now.boot - self._agreed_since < self._quiet:
                return self.reason
            self.reason = None
        self._believe(now)
        return None

    def accept(self, now: Moment) -> None:
        """An operator confirms the database's clock as it is."""
        self._agreed_since, self.reason = None, None
        accepted = now.offset if abs(now.offset) > self._jump else 0.0
        self.trusted = _measured(now, accepted)

    def _believe(self, now: Moment) -> None:
        last = self.trusted
        if last is None or last.machine != now.machine or now.boot - last.measured >= MEASURED_EACH:
            self.trusted = _measured(now, last.accepted_offset if last else 0.0)
        else:
            self.trusted = replace(last, database=now.database)

    def _problem(self, now: Moment) -> str | None:
        accepted = self.trusted.accepted_offset if self.trusted else 0.0
        if abs(now.offset) > self._jump and abs(now.offset - accepted) > self._jump:
            return f"the database's clock is {_ahead(now.offset)} this machine's"
        if self.trusted is None:
            return None
        if self.trusted.machine == now.machine:
            moved = now.database - now.boot - self.trusted.ahead
            return f"the database's clock is {_ahead(moved)} where it should be" if abs(moved) > self._jump else None
        passed = now.database - self.trusted.database
        if passed < -self._jump or passed > LONGEST_STOP:
            return f"the database's clock is {_ahead(passed)} when it was last seen, before this machine was started"
        return None


def _measured(now: Moment, accepted_offset: float) -> Trusted:
    return Trusted(now.database, now.database - now.boot, now.boot, now.machine, accepted_offset)


def _ahead(seconds: float) -> str:
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'}"
