"""When each task of housekeeping last succeeded and how long it took, for metrics and /health."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from payments.metrics import HousekeepingMetrics
from payments.platform.clock import Clock, monotonic, wall
from payments.platform.tasks import store as task_store
from payments.platform.tasks.store import TaskRun


@dataclass(slots=True)
class _Task:
    """`counted_from`, by the monotonic clock: the last success; before the first, the start, or what was stored."""

    interval: float
    counted_from: float
    succeeded: bool = False
    at: datetime | None = None
    """`counted_from` by the database's clock; computed once, so that an unchanged row is not written again."""


class TaskLog:
    """The tasks of this process; written by their threads, read by each scrape."""

    def __init__(self, intervals: Mapping[str, float], metrics: HousekeepingMetrics, clock: Clock = monotonic) -> None:
        """`intervals`: seconds between two runs of each task. Time is counted from here on."""
        self._clock = clock
        self._started = clock()
        self._metrics = metrics
        self._lock = threading.Lock()
        self._tasks = {name: _Task(seconds, self._started) for name, seconds in intervals.items()}
        self._loaded = False
        for name, seconds in intervals.items():
            metrics.task_interval.labels(name).set(seconds)
            metrics.task_last_success.labels(name).set_function(partial(self.last_success, name))

    def last_success(self, name: str) -> float:
        """Seconds since 1970, computed with the present wall clock, which may have jumped since the success."""
        return wall() - (self._clock() - self._tasks[name].counted_from)

    def done(self, name: str, began: float, *, succeeded: bool) -> None:
        """A run that began at `began` (monotonic) has ended."""
        now = self._clock()
        self._metrics.task_duration.labels(name).observe(now - began)
        if succeeded:
            with self._lock:
                task = self._tasks[name]
                task.counted_from, task.succeeded, task.at = now, True, None

    def keep(self, connection: Connection, now: datetime) -> None:
        """Store all tasks in the caller's transaction at `now`; the first time, read what was stored before.

        So a task that always fails is overdue even if the process restarts again and again.
        """
        stored = {} if self._loaded else task_store.runs(connection)
        with self._lock:
            for name in stored.keys() & self._tasks.keys():
                self._learn(self._tasks[name], stored[name], now)
            task_store.save(connection, [self._run(name, now) for name in self._tasks])
        self._loaded = True

    def _learn(self, task: _Task, stored: TaskRun, now: datetime) -> None:
        if not task.succeeded:
            task.counted_from = min(self._started, self._clock() - (now - stored.counted_from).total_seconds())
            task.succeeded, task.at = stored.last_success is not None, stored.counted_from

    def _run(self, name: str, now: datetime) -> TaskRun:
        task = self._tasks[name]
        if task.at is None:
            task.at = now - timedelta(seconds=self._clock() - task.counted_from)
        return TaskRun(name, task.interval, task.at, task.at if task.succeeded else None)
