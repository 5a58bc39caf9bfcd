"""A key whose step is at the acquirer: in use until the request lets it go, or until nobody waits for it."""

from collections.abc import Sequence
from dataclasses import replace

import gevent
import pytest
from gevent.event import Event
from prometheus_client import CollectorRegistry

from app.commit.commit_queue import CommitQueue
from payments.acquiring.connector import Kind
from payments.acquiring.connector import Operation as AtAcquirer
from payments.acquiring.rules import Learned, Told
from payments.metrics import ApiMetrics
from payments.payment.answers import Call, Result
from payments.payment.commands import Command, Operation, conclude

COMMAND = Command(Operation.CAPTURE, "M1", key="k", digest="d1", payment_id=1)
CALL = Call("simulator", "M1", 1, AtAcquirer(Kind.CAPTURE, "00-1-capture-1", 5, "KRW"), "00-1-authorization-1")


class Database:
    """Answers with a call once `go` is set."""

    def __init__(self) -> None:
        self.go = Event()
        self.go.set()

    def execute(self, commands: Sequence[Command], _deadline: float) -> list[Result]:
        self.go.wait()
        return [Result(200 if command.told else 202, call=None if command.told else CALL) for command in commands]


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def queue(database: Database) -> CommitQueue:
    metrics = ApiMetrics(CollectorRegistry())
    return CommitQueue(database.execute, lambda _: None, writers=2, capacity=9, metrics=metrics, clock=lambda: 100.0)


def code(queue: CommitQueue, command: Command = COMMAND) -> str:
    error = queue.submit(command, 104.5).error
    return "" if error is None else error.code


def test_while_the_call_runs_a_repetition_hears_so_at_once(queue: CommitQueue) -> None:
    assert queue.submit(COMMAND, 104.5).call == CALL
    assert code(queue) == "REQUEST_IN_PROGRESS"
    assert code(queue, replace(COMMAND, digest="d2")) == "IDEMPOTENCY_KEY_REUSED"
    queue.release(COMMAND)
    assert code(queue) == ""


def test_nobody_waits_so_the_writer_lets_the_key_go(queue: CommitQueue, database: Database) -> None:
    database.go.clear()
    late = queue.submit(COMMAND, 100.01)
    assert late.error is not None
    assert late.error.code == "OUTCOME_UNKNOWN"
    assert code(queue) == "REQUEST_IN_PROGRESS"
    database.go.set()
    assert queue.drain(1)
    assert code(queue) == ""


def test_a_request_that_is_killed_lets_the_key_go(queue: CommitQueue, database: Database) -> None:
    database.go.clear()
    request = gevent.spawn(queue.submit, COMMAND, 104.5)
    gevent.idle()
    request.kill()
    assert code(queue) == "REQUEST_IN_PROGRESS"
    database.go.set()
    assert queue.drain(1)
    assert code(queue) == ""


def test_conclusions_of_one_merchant_do_not_wait_for_each_other(queue: CommitQueue, database: Database) -> None:
    def told(reference: str) -> Command:
        return conclude("M1", 1, Told(reference, Learned.APPROVED), "r", {})

    database.go.clear()
    asked = [gevent.spawn(queue.submit, told(f"00-1-capture-{number}"), 104.5) for number in (1, 2, 1)]
    gevent.idle()
    database.go.set()
    gevent.joinall(asked)
    errors = [greenlet.get().error for greenlet in asked]
    assert [error and error.code for error in errors] == [None, None, "REQUEST_IN_PROGRESS"]
