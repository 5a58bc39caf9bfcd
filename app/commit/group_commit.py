"""Sets group commit up: the queue, the transaction that its writers run, and what follows a commit."""

from collections.abc import Sequence
from typing import Final

import gevent
from sqlalchemy import Engine

from app.commit import commit_log
from app.commit.commit_queue import CommitQueue
from payments.metrics import ApiMetrics
from payments.payment.admission import Admission
from payments.payment.answers import Result, StoredAnswer
from payments.payment.commands import Command
from payments.payment.execution import execute
from payments.platform import trace
from payments.platform.clock import monotonic
from payments.platform.traces import Kind, Traces

REMEMBERED_WITHIN: Final = 0.05
"""Seconds after which Redis is told of committed answers, when no request asked it anything in the meantime."""


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
            gevent.spawn_later(REMEMBERED_WITHIN, admission.flush)  # most often a request has taken them along by then

    return CommitQueue(run, committed, writers=writers, capacity=capacity, metrics=metrics, clock=monotonic)
