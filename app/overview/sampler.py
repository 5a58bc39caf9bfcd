"""Measures every 15 s in a greenlet of its own, from the start of a web worker to its end."""

import logging
import struct
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import gevent
from gevent.event import Event
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.overview.points import Measurement, point
from app.overview.totals import ReadTotals
from payments.outbox.rules import format_time
from payments.platform.clock import Clock, monotonic
from payments.platform.database import Failure, begin_snapshot, classify
from payments.reading.overview import INTERVAL_SECONDS, POINTS_LIMIT, Backlog, Change, Overview, Point, backlog

_UNREADABLE: Final = (OSError, RuntimeError, ValueError, struct.error)
"""prometheus_client's errors for a file that is being created, or is broken."""

_log = logging.getLogger(__name__)


class Sampler:
    """The measurements of one web worker, of the last hour. Starts nothing before `start`."""

    def __init__(self, read_totals: ReadTotals, read_backlog: Callable[[], Backlog], clock: Clock = monotonic) -> None:
        """`read_backlog` may raise sqlalchemy errors: the point then has none."""
        self._read_totals = read_totals
        self._read_backlog = read_backlog
        self._clock = clock
        self._ended = Event()
        self._last: Measurement | None = None
        self._times: deque[datetime] = deque(maxlen=POINTS_LIMIT + 1)
        self._points: deque[Point] = deque(maxlen=POINTS_LIMIT)
        self._failing: set[str] = set()

    def start(self) -> None:
        """Measure at once, and then every INTERVAL_SECONDS until `stop`."""
        gevent.spawn(self._run)

    def stop(self) -> None:
        """Measure no more."""
        self._ended.set()

    def overview(self, changes: list[Change]) -> Overview:
        """The points of the last hour, with `changes`."""
        since = format_time(self._times[0]) if self._times else None
        return Overview(since, INTERVAL_SECONDS, list(self._points), changes)

    def measure(self) -> None:
        """Measure once, and add the point since the measurement before. Without totals there is no point."""
        try:
            totals = self._read_totals()
        except _UNREADABLE as error:
            self._note("totals", error)
            return
        self._note("totals", None)
        measured = Measurement(datetime.now(UTC), self._clock(), totals, self._backlog())
        if self._last is not None:
            self._points.append(point(self._last, measured))
        self._times.append(measured.at)
        self._last = measured

    def _run(self) -> None:
        while True:
            try:
                self.measure()
            except Exception:  # noqa: BLE001  (a bug in one measurement must not end the others)
                _log.exception("overview_crashed")
            if self._ended.wait(INTERVAL_SECONDS):
                return

    def _backlog(self) -> Backlog | None:
        try:
            found = self._read_backlog()
        except SQLAlchemyError as error:
            self._note("backlog", error)
            return None
        self._note("backlog", None)
        return found

    def _note(self, part: str, error: Exception | None) -> None:
        """Log the first failure of a part, until it succeeds again."""
        if error is None:
            self._failing.discard(part)
        elif part not in self._failing:
            self._failing.add(part)
            _log.warning("overview_not_measured", extra={"part": part, "error": type(error).__name__})


def backlog_of(engine: Engine) -> Callable[[], Backlog]:
    """Reads the backlog in one snapshot; a pooled connection that died with its server is replaced once."""

    def attempt() -> Backlog:
        with engine.connect().execution_options(reading=True) as connection, connection.begin():
            begin_snapshot(connection)
            return backlog(connection)

    def read() -> Backlog:
        try:
            return attempt()
        except SQLAlchemyError as error:
            if classify(error) is not Failure.LOST:
                raise
        return attempt()

    return read
