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
from payments.payment.commands import Command, Key, Operation
from payments.payment.execution import execute
from payments.platform.clock import Clock, monotonic
from payments.platform.errors import (
    IdempotencyKeyReused,
    OutcomeUnknown,
    PaymentsError,
    RequestInProgress,
    ServiceUnavailable,
)
from payments.platform.tracing import trace
from payments.platform.tracing.traces import Kind, Traces

COMMIT_BATCH_LIMIT: Final = 200
PATIENCE: Final = 4.0
"""Retry budget of a batch (seconds), shorter than a request's deadline: its requests still get the exact outcome."""

_log = logging.getLogger(__name__)

Execute = Callable[[Sequence[Command], float], list[Result]]


class _InFlight:
    """A key that a request uses: from `submit` until its batch has run, or until `release` when a call follows."""

    __slots__ = ("digest", "has_run", "is_waited_for")

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.has_run = False
        self.is_waited_for = True


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
        self._in_flight: dict[Key, _InFlight] = {}
        self._batcher: Batcher[Command, Result] = Batcher(
            self._run, workers=writers, size=COMMIT_BATCH_LIMIT, capacity=capacity
        )

    def submit(self, command: Command, deadline: float) -> Result:
        """Wait for the command's result until `deadline` (of the clock). Never raises; errors are in the result.

        When the result has a call, its key stays in use until `release`.
        """
        scope = _scope(command)
        known = self._in_flight.get(scope)
        if known is not None:
            return Result(error=_second(known.digest == command.digest))
        own = self._in_flight[scope] = _InFlight(command.digest)
        self._metrics.queue_depth.set(self._batcher.depth + 1)
        try:
            return self._batcher.submit(command, deadline - self._clock())
        except (Full, NotTaken) as error:
            self._in_flight.pop(scope)
            said = messages.QUEUE_FULL if isinstance(error, Full) else messages.QUEUE_SLOW
            return Result(error=ServiceUnavailable(f"{said} Nothing was done; try again."))
        except StillRunning:
            self._leave(scope, own)
            return Result(error=OutcomeUnknown(messages.STILL_RUNNING))
        except BaseException:  # its greenlet is killed
            self._leave(scope, own)
            raise

    def release(self, command: Command) -> None:
        """The call that followed the command is over: its key may be used again."""
        self._in_flight.pop(_scope(command), None)

    def _leave(self, scope: Key, own: _InFlight) -> None:
        """Nobody waits any more, so nobody would release the key: its writer does, if it has not run yet."""
        own.is_waited_for = False
        if own.has_run and self._in_flight.get(scope) is own:
            self._in_flight.pop(scope)

    def _ran(self, command: Command, result: Result) -> None:
        own = self._in_flight.get(_scope(command))
        if own is not None:
            own.has_run = True
            if result.call is None or not own.is_waited_for:
                self._in_flight.pop(_scope(command))

    def drain(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until every accepted command has its result. False: one has not."""
        return self._batcher.drain(timeout)

    def _run(self, commands: Sequence[Command]) -> list[Result]:
        self._metrics.batch_size.observe(len(commands))
        self._metrics.queue_depth.set(self._batcher.depth)
        results = [Result(error=OutcomeUnknown(messages.CRASHED_WRITE))] * len(commands)
        try:
            results = self._execute(commands, self._clock() + PATIENCE)
        except Exception:  # noqa: BLE001  (a bug must not leave requests without an answer; it is logged)
            _log.exception("commit_crashed", extra={"commands": len(commands)})
        finally:
            for command, result in zip(commands, results, strict=True):
                self._ran(command, result)
        try:
            self._committed(list(zip(commands, results, strict=True)))
        except Exception:  # noqa: BLE001  (what is committed is committed, and its requests hear so)
            _log.exception("commit_not_passed_on", extra={"commands": len(commands)})
        return results


def _scope(command: Command) -> Key:
    """What one request may use at a time: its key, or of conclusions the reference that they are about."""
    return command.scope if command.told is None else command.scope._replace(idempotency_key=command.told.reference)


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
            command.scope: answer
            for command, result in done
            if (answer := StoredAnswer(command.digest, result.status, result.body)).is_lasting
            and command.operation is not Operation.CONCLUDE  # it answers another command: app.commit.acquirer_call
        }
        if answers:
            admission.remember(answers)
            flush_soon(admission)

    return CommitQueue(run, committed, writers=writers, capacity=capacity, metrics=metrics, clock=monotonic)
