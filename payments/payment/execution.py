"""Runs commands until each has a result: retries after database errors, and maps what remains to business errors.

Knows neither HTTP nor greenlets; the clock and the pause are passed in.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.payment.answers import Result
from payments.payment.batch import BatchFailed, Stage, run_batch
from payments.payment.commands import Command
from payments.platform.clock import Clock
from payments.platform.database import Failure, classify
from payments.platform.errors import (
    OutcomeUnknown,
    PaymentsError,
    RequestInProgress,
    ServiceUnavailable,
)

ROUNDS_TOGETHER: Final = 2
"""Failed attempts of the whole batch, after which each command gets a transaction of its own."""
PAUSE: Final = 0.02
"""Seconds before the next attempt after the database was lost or busy; doubles up to LONGEST_PAUSE."""
LONGEST_PAUSE: Final = 0.25

_log = logging.getLogger(__name__)


def execute(
    engine: Engine, commands: Sequence[Command], deadline: float, clock: Clock, pause: Callable[[float], None]
) -> list[Result]:
    """Run `commands` as one transaction if possible, else in parts; returns results in their order. Never raises.

    `deadline` is a time of `clock` (seconds) after which nothing is retried: a command without a result is then
    OutcomeUnknown if its COMMIT was sent, else ServiceUnavailable.
    """
    return _Execution(engine, commands, clock, pause).run(deadline)


class _Execution:
    def __init__(
        self, engine: Engine, commands: Sequence[Command], clock: Clock, pause: Callable[[float], None]
    ) -> None:
        self._engine = engine
        self._commands = list(commands)
        self._clock = clock
        self._pause = pause
        self._order = list(range(len(commands)))
        self._results: dict[int, Result] = {}
        self._uncertain: set[int] = set()
        self._tried = False
        self._failed_rounds = 0
        self._next_pause = PAUSE

    def run(self, deadline: float) -> list[Result]:
        while (waiting := self._waiting()) and self._clock() < deadline:
            self._attempt(waiting[:1] if self._is_alone() else waiting)
        for index in self._waiting():
            self._results[index] = Result(error=_left_over(index in self._uncertain))
        return [self._results[index] for index in range(len(self._commands))]

    def _waiting(self) -> list[int]:
        return [index for index in self._order if index not in self._results]

    def _is_alone(self) -> bool:
        """Whether each command has a transaction of its own by now."""
        return self._failed_rounds >= ROUNDS_TOGETHER

    def _attempt(self, indices: Sequence[int]) -> None:
        # a lone command on its first attempt: its key is most likely new; if not, no other command is affected
        find_used_keys = self._tried or len(indices) > 1
        self._tried = True
        commands = [self._commands[index] for index in indices]
        try:
            with self._engine.connect() as connection:
                results = run_batch(connection, commands, find_used_keys=find_used_keys, tell_locks=self._is_alone())
        except BatchFailed as failed:
            self._failed(indices, failed.failure, failed.stage, failed.__cause__)
        except SQLAlchemyError as error:
            self._failed(indices, classify(error), Stage.KEYS, error)
        else:
            for index, result in zip(indices, results, strict=True):
                # found after a lost COMMIT: the answer is this request's own, not a replay
                own = result.replayed and index in self._uncertain
                self._results[index] = replace(result, replayed=False) if own else result

    def _failed(self, indices: Sequence[int], failure: Failure, stage: Stage, error: BaseException | None) -> None:
        alone = self._is_alone()
        if stage is Stage.COMMIT:
            self._uncertain.update(indices)
        if failure in (Failure.LOST, Failure.BUSY) or stage is Stage.COMMIT:
            if failure is Failure.OTHER:
                _log.error("commit_failed", extra={"commands": len(indices), "error": str(error)})
            self._pause(self._next_pause)
            self._next_pause = min(2 * self._next_pause, LONGEST_PAUSE)
            return
        self._failed_rounds += 1
        if alone:  # to the end of the queue: a row that is locked for long must not fail the others
            self._order.remove(indices[0])
            self._order.append(indices[0])
        if failure is Failure.LOCKED and alone and stage is Stage.KEYS and indices[0] not in self._uncertain:
            self._results[indices[0]] = Result(error=RequestInProgress("The first request with this key is running."))
        elif failure is Failure.OTHER:
            _log.error("batch_failed", extra={"commands": len(indices), "error": str(error)})
            self._failed_rounds = ROUNDS_TOGETHER
            if alone or len(indices) == 1:
                self._results[indices[0]] = Result(error=_refused(indices[0] in self._uncertain))


def _left_over(uncertain: bool) -> PaymentsError:
    return _unknown() if uncertain else ServiceUnavailable("The database cannot be reached; nothing was done.")


def _refused(uncertain: bool) -> PaymentsError:
    return _unknown() if uncertain else ServiceUnavailable("The database refused the request; nothing was done.")


def _unknown() -> PaymentsError:
    return OutcomeUnknown("The commit failed, or its answer was lost; repeat the request with the same key.")
