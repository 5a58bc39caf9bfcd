"""Runs tasks periodically, each at its own interval, one after the other; a task also when it is asked for."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from payments.acquiring.enquiries import NotAllConcluded
from payments.platform.clock import Clock, monotonic
from payments.platform.trusted_clock.guard import ClockSuspect
from payments.reconciliation.decisions import NotAllDecided
from payments.retention.service import NotAllExpired
from payments.settlement.closing import NotAllSettled

REQUEST_INTERVAL: Final = 2.0
"""Seconds between two looks for a request to run a task now."""
EXPECTED = (SQLAlchemyError, ClockSuspect, NotAllExpired, NotAllConcluded, NotAllDecided, NotAllSettled)
"""Errors that are no bugs: they end a run, with one line in the log."""

_log = logging.getLogger(__name__)


class Done(Protocol):
    """Called at the end of each run: the task's name, its start (monotonic), and whether it succeeded."""

    def __call__(self, name: str, began: float, *, succeeded: bool) -> None:
        """Record the run."""


@dataclass(slots=True)
class Task:
    """A task, run every `interval` seconds; an error ends one run only. Runs again at once when `run` returns True.

    `is_requested`: whether to run it before it is due; not called after a failed run, so that this is not tried anew
    every REQUEST_INTERVAL.
    """

    name: str
    interval: float
    run: Callable[[], bool | None]
    due: float = 0.0
    is_requested: Callable[[], bool] | None = None
    has_failed: bool = False


class Schedule:
    """Runs tasks one after the other, each when it is due, until `stop` is set."""

    def __init__(
        self, tasks: Sequence[Task], stop: threading.Event, clock: Clock = monotonic, done: Done | None = None
    ) -> None:
        self._tasks = tasks
        self._stop = stop
        self._clock = clock
        self._done = done

    def run(self) -> None:
        """Run tasks until stopped."""
        while not self._stop.wait(self._pause()):
            self.run_once()

    def _pause(self) -> float:
        """Seconds until the next task is due, or until the next look for requests."""
        rest = max(0.0, min(task.due for task in self._tasks) - self._clock())
        return min(rest, REQUEST_INTERVAL) if any(task.is_requested for task in self._tasks) else rest

    def run_once(self) -> None:
        """Run the tasks that are due or requested."""
        for task in self._tasks:
            if self._stop.is_set() or not (task.due <= self._clock() or self._is_requested(task)):
                continue
            began = self._clock()
            succeeded, more = self._attempt(task)
            if self._done is not None:
                self._done(task.name, began, succeeded=succeeded)
            task.has_failed = not succeeded
            task.due = self._clock() + (0.0 if more else task.interval)

    def _is_requested(self, task: Task) -> bool:
        if task.is_requested is None or task.has_failed:
            return False
        try:
            return task.is_requested()
        except SQLAlchemyError as error:  # the task itself will say so
            _log.debug("request_not_read", extra={"task": task.name, "error": str(getattr(error, "orig", error))})
            return False

    def _attempt(self, task: Task) -> tuple[bool, bool]:
        """Returns whether it succeeded, and whether to run again at once.

        Whatever it raises, other tasks run; its alert reports that it does not succeed.
        """
        try:
            return True, bool(task.run())
        except EXPECTED as error:
            _log.warning("task_failed", extra={"task": task.name, "error": str(getattr(error, "orig", error))})
        except Exception:  # noqa: BLE001  (as the docstring says)
            _log.exception("task_failed", extra={"task": task.name})
        return False, False
