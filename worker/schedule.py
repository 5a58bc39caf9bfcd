"""Tasks that are done again and again, each at its own interval, one after the other."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from payments.adapters.clock import Clock, monotonic

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Task:
    """Something done every `interval` seconds; a database error ends this time only."""

    name: str
    interval: float
    run: Callable[[], None]
    due: float = 0.0


class Schedule:
    """Runs tasks one after the other, each when it is due, until `stop` is set."""

    def __init__(self, tasks: Sequence[Task], stop: threading.Event, clock: Clock = monotonic) -> None:
        self._tasks = tasks
        self._stop = stop
        self._clock = clock

    def run(self) -> None:
        """Go on until stopped."""
        while not self._stop.wait(max(0.0, min(task.due for task in self._tasks) - self._clock())):
            self.run_once()

    def run_once(self) -> None:
        """Run what is due now."""
        for task in self._tasks:
            if self._stop.is_set() or task.due > self._clock():
                continue
            try:
                task.run()
            except SQLAlchemyError as error:
                _log.warning("task_failed", extra={"task": task.name, "error": str(getattr(error, "orig", error))})
            task.due = self._clock() + task.interval
