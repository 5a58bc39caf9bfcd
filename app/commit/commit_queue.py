"""Group commit: the commands of all requests run in few transactions, and each request is answered in time.

`payments.payment` carries out commands; this module decides which run together and how long a request waits.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Final

import gevent
from sqlalchemy import Engine

from app import messages
from app.commit import commit_log
from app.commit.batcher import Batcher, Full, NotTaken, StillRunning
from app.commit.redis_flush import flush_soon
from payments.metrics import ApiMetrics
from payments.payment.admission import Admission
from payments.payment.answers import Result, StoredAnswer
from payments.payment.commands import Command, Key
from payments.payment.execution import execute
from payments.platform import trace
from payments.platform.clock import Clock, monotonic
from payments.platform.errors import (
    IdempotencyKeyReused,
    OutcomeUnknown,
    PaymentsError,
    RequestInProgress,
    ServiceUnavailable,
)
from payments.platform.traces import Kind, Traces

COMMIT_BATCH_LIMIT: Final = 200
PATIENCE: Final = 4.0
"""Retry budget of a batch (seconds), shorter than a request's deadline: its requests still get the exact outcome."""

_log = logging.getLogger(__name__)

Execute = Callable[[Sequence[Command], float], list[Result]]


class CommitQueue:
    """Queues commands; request greenlets wait for their results."""

    def __init__(
        self,
        execute: Execute,
        committed: Callable[[Sequence[tuple[Command, Result]]], None],
        *,
        writers: int,
        capacity: int,
        metrics: ApiMetrics,
        clock: Clock,
    ) -> None:
        """`execute(commands, deadline)` runs a batch; `committed` is called with its results and must not block."""
        self._execute = execute
        self._committed = committed
        self._metrics = metrics
        self._clock = clock
        self._in_flight: dict[Key, str] = {}
        self._batcher: Batcher[Command, Result] = Batcher(
            self._run, workers=writers, size=COMMIT_BATCH_LIMIT, capacity=capacity
        )

    def submit(self, command: Command, deadline: float) -> Result:
        """Wait for the command's result until `deadline` (of the clock). Never raises; errors are in the result."""
        scope = command.scope
        digest = self._in_flight.get(scope)
        if digest is not None:
            return Result(error=_second(digest == command.digest))
        self._in_flight[scope] = command.digest
        self._metrics.queue_depth.set(self._batcher.depth + 1)
        try:
            return self._batcher.submit(command, deadline - self._clock())
        except (Full, NotTaken) as error:
            self._in_flight.pop(scope)
            said = messages.QUEUE_FULL if isinstance(error, Full) else messages.QUEUE_SLOW
            return Result(error=ServiceUnavailable(f"{said} Nothing was done; try again."))
        except StillRunning:  # its writer removes it from _in_flight
            return Result(error=OutcomeUnknown(messages.STILL_RUNNING))

    def drain(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until every accepted command has its result. False: one has not."""
        return self._batcher.drain(timeout)

    def _run(self, commands: Sequence[Command]) -> list[Result]:
        self._metrics.batch_size.observe(len(commands))
        self._metrics.queue_depth.set(self._batcher.depth)
        try:
            results = self._execute(commands, self._clock() + PATIENCE)
        except Exception:  # noqa: BLE001  (a bug must not leave requests without an answer; it is logged)
            _log.exception("commit_crashed", extra={"commands": len(commands)})
            results = [Result(error=OutcomeUnknown(messages.CRASHED_WRITE))]
            results *= len(commands)
        finally:
            for command in commands:
                self._in_flight.pop(command.scope, None)
        try:
            self._committed(list(zip(commands, results, strict=True)))
        except Exception:  # noqa: BLE001  (what is committed is committed, and its requests hear so)
            _log.exception("commit_not_passed_on", extra={"commands": len(commands)})
        return results


def _second(same_request: bool) -> PaymentsError:
    if same_request:
        return RequestInProgress(messages.FIRST_STILL_RUNNING)
    return IdempotencyKeyReused(messages.KEY_IN_USE)


def commit_queue(
    engine: Engine, admission: Admission, metrics: ApiMetrics, traces: Traces, *, writers: int, capacity: int
) -> CommitQueue:
    """The queue of the API: `writers` batches at once on `engine`, `capacity` commands waiting at most."""

    def run(commands: Sequence[Command], deadline: float) -> list[Result]:
        with traces.batch("commit", Kind.INTERNAL, [command.headers[trace.HEADER] for command in commands]):
            return execute(engine, commands, deadline, monotonic, gevent.sleep)

    def committed(done: Sequence[tuple[Command, Result]]) -> None:
        commit_log.note(done)
        answers = {
            command.scope: StoredAnswer(command.digest, result.status, result.body)
            for command, result in done
            if result.error is None
        }
        if answers:
            admission.remember(answers)
            flush_soon(admission)

    return CommitQueue(run, committed, writers=writers, capacity=capacity, metrics=metrics, clock=monotonic)
