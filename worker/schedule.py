"""Runs tasks periodically, each at its own interval, one after the other."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from payments.platform.clock import Clock, monotonic
from payments.platform.clock_guard import ClockSuspect
from payments.retention.service import NotAllExpired

EXPECTED = (SQLAlchemyError, ClockSuspect, NotAllExpired)
"""Errors that are no bugs: they end a run, with one line in the log."""

_log = logging.getLogger(__name__)


class Done(Protocol):
    """Called at the end of each run: the task's name, its start (monotonic), and whether it succeeded."""

    def __call__(self, name: str, began: float, *, succeeded: bool) -> None:
        """Record the run."""


@dataclass(slots=True)
class Task:
    """A task, run every `interval` seconds; an error ends one run only. Runs again at once when `run` returns True."""

    name: str
    interval: float
    run: Callable[[], bool | None]
    due: float = 0.0


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
        while not self._stop.wait(max(0.0, min(task.due for task in self._tasks) - self._clock())):
            self.run_once()

    def run_once(self) -> None:
        """Run the tasks that are due."""
        for task in self._tasks:
            if self._stop.is_set() or task.due > self._clock():
                continue
            began = self._clock()
            succeeded, more = self._attempt(task)
            if self._done is not None:
                self._done(task.name, began, succeeded=succeeded)
            task.due = self._clock() + (0.0 if more else task.interval)

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
