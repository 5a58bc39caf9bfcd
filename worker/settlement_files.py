"""Acquirers' settlement files in housekeeping: reads uploads, fetches those of the last days, does what they decide."""

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from sqlalchemy import Engine

from payments.money_out_metrics import MoneyOutMetrics
from payments.platform.clock import Clock, monotonic
from payments.platform.desk_errors import DuplicateFile
from payments.platform.tasks.throttle import Stopped
from payments.platform.trusted_clock.guard import Now
from payments.reconciliation import fetching, uploads
from payments.reconciliation.decisions import decide_matched
from payments.reconciliation.exception_store import ACTOR
from payments.reconciliation.faults import FileRefused
from payments.reconciliation.fetching import Access, NotFetched
from payments.reconciliation.importing import Report, gently
from payments.reconciliation.reading_uploads import import_uploads
from payments.reconciliation.reconcile import RunRefused
from payments.reconciliation.turn import ImportRunning, TurnLost
from payments.reconciliation.waiting import OPENED, open_overdue

ASK_AGAIN: Final = 3600.0
"""Seconds until an acquirer is asked again for a file that could not be read."""
LOGGED: Final = 3
"""Faults of a refused file that are logged; `payops reconcile fetch` shows all."""

_log = logging.getLogger(__name__)


class SettlementFiles:
    """One round after the other, by one thread. `pause(seconds)` returns whether to stop."""

    def __init__(
        self,
        engine: Engine,
        acquirers: Mapping[str, tuple[str, str, str | None]],
        metrics: MoneyOutMetrics,
        now: Now,
        pause: Callable[[float], bool],
        clock: Clock = monotonic,
    ) -> None:
        """`acquirers`: URL and our key of each, by the name of its connector."""
        self._engine = engine
        self._acquirers = {name: Access(*access) for name, access in acquirers.items()}
        self._metrics = metrics
        self._now = now
        self._pause = pause
        self._throttle = gently(pause)
        self._clock = clock
        self._ask_at: dict[tuple[str, date], float] = {}

    def has_upload(self) -> bool:
        """Whether a file waits that was uploaded."""
        with self._engine.connect().execution_options(reading=True) as connection:
            return uploads.has_upload(connection)

    def round(self) -> None:
        """Read uploads, fetch what is due, decide operations, open what has waited long enough.

        A step that fails keeps no other from its work; the first error is raised at the end.
        """
        with self._engine.connect().execution_options(reading=True) as connection:
            now = self._now(connection)
        errors = []
        for step in (self._read_uploads, self._fetch, self._decide, self._open_overdue):
            try:
                step(now)
            except ImportRunning:
                _log.info("import_running")  # on another machine or at a terminal; the next round goes on
            except Stopped:
                _log.info("import_stopped")  # the next process undoes what was read, and begins anew
                break
            except Exception as error:  # noqa: BLE001  (raised below)
                errors.append(error)
        if errors:
            raise errors[0]

    def _read_uploads(self, _now: datetime) -> None:
        for report in import_uploads(self._engine, self._now, self._throttle):
            self._count(report)

    def _fetch(self, _now: datetime) -> None:
        for name, access in self._acquirers.items():
            for day in self._lacking(name):
                if self._ask_at.get((name, day), 0.0) <= self._clock():
                    self._ask_at[name, day] = self._clock() + ASK_AGAIN
                    self._fetch_day(name, access, day)

    def _fetch_day(self, name: str, access: Access, day: date) -> None:
        about = {"connector": name, "day": day.isoformat()}
        try:
            report = fetching.fetch_day(self._engine, access, name, day, ACTOR, self._now, throttle=self._throttle)
        except FileRefused as refused:
            faults = [f"line {fault.line}: {fault.reason}" for fault in refused.faults[:LOGGED]]
            _log.error("settlement_file_not_fetched", extra={**about, "reason": "refused", "faults": faults})
        except DuplicateFile as same:
            if day in self._lacking(name):  # it is the file of another day, or one that waits to be read
                _log.warning("settlement_file_not_fetched", extra={**about, "reason": str(same)})
            else:
                _log.info("settlement_file_read_again", extra={**about, "file_id": same.file_id})
        except (NotFetched, RunRefused, TurnLost) as error:
            _log.warning("settlement_file_not_fetched", extra={**about, "reason": str(error)})
        else:
            if report is None:
                _log.warning("settlement_file_not_fetched", extra={**about, "reason": "not ready"})
            else:
                self._count(report)

    def _lacking(self, name: str) -> list[date]:
        with self._engine.connect().execution_options(reading=True) as connection:
            return fetching.days_to_fetch(connection, name, self._now(connection))

    def _decide(self, _now: datetime) -> None:
        if count := decide_matched(self._engine, monotonic, self._wait):
            _log.info("operations_decided_by_file", extra={"count": count})

    def _open_overdue(self, now: datetime) -> None:
        opened = OPENED
        while opened == OPENED and not self._pause(0.0):
            with self._engine.begin() as connection:
                opened = open_overdue(connection, now)
            if opened:
                _log.info("exceptions_opened", extra={"count": opened})

    def _wait(self, seconds: float) -> None:
        self._pause(seconds)

    def _count(self, report: Report) -> None:
        tally = report.tally
        self._metrics.lines.labels("matched").inc(tally.matched)
        self._metrics.lines.labels("unmatched").inc(tally.lines - tally.matched)
        found = {"lines": tally.lines, "matched": tally.matched, "exceptions": tally.classes.total()}
        _log.info("settlement_file_read", extra={"file_id": report.file_id, "day": str(report.day), **found})
