"""The commit queue's results for a request, without a database."""

from collections.abc import Sequence
from dataclasses import replace

import gevent
import pytest
from gevent.event import Event
from prometheus_client import CollectorRegistry

from app.commit.commit_queue import PATIENCE, CommitQueue
from payments.metrics import ApiMetrics
from payments.payment.answers import Result
from payments.payment.commands import Command, Operation

COMMAND = Command(Operation.CAPTURE, "M1", key="k", digest="d1", payment_id=1)
DONE = Result(200, "{}")


class Database:
    """Answers 200 to everything once `go` is set; fails with `error` when that is given."""

    def __init__(self) -> None:
        self.go = Event()
        self.go.set()
        self.error: Exception | None = None
        self.batches: list[tuple[list[Command], float]] = []

    def execute(self, commands: Sequence[Command], deadline: float) -> list[Result]:
        self.batches.append((list(commands), deadline))
        self.go.wait()
        if self.error is not None:
            raise self.error
        return [DONE for _ in commands]


class Clock:
    """A clock that does not advance."""

    def __call__(self) -> float:
        return 100.0


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def heard() -> list[Result]:
    return []


@pytest.fixture
def queue(database: Database, registry: CollectorRegistry, heard: list[Result]) -> CommitQueue:
    def committed(done: Sequence[tuple[Command, Result]]) -> None:
        heard.extend(result for _, result in done)

    return CommitQueue(database.execute, committed, writers=1, capacity=2, metrics=ApiMetrics(registry), clock=Clock())


def code(result: Result) -> str:
    return "" if result.error is None else result.error.code


def test_a_command_gets_its_result(queue: CommitQueue, database: Database, heard: list[Result]) -> None:
    assert queue.submit(COMMAND, 104.5) == DONE
    assert database.batches == [([COMMAND], 100 + PATIENCE)]
    assert heard == [DONE]


def test_while_a_request_runs_its_repetition_hears_so_at_once(queue: CommitQueue, database: Database) -> None:
    database.go.clear()
    gevent.spawn(queue.submit, COMMAND, 104.5)
    gevent.idle()
    assert code(queue.submit(COMMAND, 104.5)) == "REQUEST_IN_PROGRESS"
    assert code(queue.submit(replace(COMMAND, digest="d2"), 104.5)) == "IDEMPOTENCY_KEY_REUSED"
    database.go.set()
    assert queue.drain(1)
    assert queue.submit(COMMAND, 104.5) == DONE


def test_the_same_key_of_another_merchant_or_operation_is_another_request(
    queue: CommitQueue, database: Database
) -> None:
    others = [replace(COMMAND, merchant_id="m1"), replace(COMMAND, operation=Operation.VOID)]
    asked = [gevent.spawn(queue.submit, command, 104.5) for command in (COMMAND, *others[:1])]
    gevent.joinall(asked)
    assert [greenlet.value for greenlet in asked] == [DONE, DONE]
    assert queue.submit(others[1], 104.5) == DONE
    assert len(database.batches[0][0]) == 2


def test_a_full_queue_answers_at_once_and_forgets_the_command(queue: CommitQueue, database: Database) -> None:
    database.go.clear()
    for number in range(3):
        gevent.spawn(queue.submit, replace(COMMAND, key=f"k{number}"), 104.5)
        gevent.idle()
    assert code(queue.submit(replace(COMMAND, key="late"), 104.5)) == "SERVICE_UNAVAILABLE"
    database.go.set()
    assert queue.drain(1)
    assert queue.submit(replace(COMMAND, key="late"), 104.5) == DONE


def test_a_command_that_was_not_taken_in_time_was_not_carried_out(queue: CommitQueue, database: Database) -> None:
    database.go.clear()
    gevent.spawn(queue.submit, COMMAND, 104.5)
    gevent.idle()
    assert code(queue.submit(replace(COMMAND, key="late"), 100.01)) == "SERVICE_UNAVAILABLE"
    database.go.set()
    assert queue.drain(1)
    assert [command.key for commands, _ in database.batches for command in commands] == ["k"]


def test_a_command_that_was_taken_goes_on_and_its_outcome_is_not_known_yet(
    queue: CommitQueue, database: Database, heard: list[Result]
) -> None:
    database.go.clear()
    assert code(queue.submit(COMMAND, 100.01)) == "OUTCOME_UNKNOWN"
    assert code(queue.submit(COMMAND, 104.5)) == "REQUEST_IN_PROGRESS"
    database.go.set()
    assert queue.drain(1)
    assert heard == [DONE]


def test_a_bug_in_a_batch_answers_everybody(queue: CommitQueue, database: Database) -> None:
    database.error = LookupError("a bug")
    assert code(queue.submit(COMMAND, 104.5)) == "OUTCOME_UNKNOWN"
    database.error = None
    assert queue.submit(COMMAND, 104.5) == DONE


def test_batches_and_their_sizes_are_counted(
    queue: CommitQueue, database: Database, registry: CollectorRegistry
) -> None:
    database.go.clear()
    gevent.spawn(queue.submit, COMMAND, 104.5)
    gevent.idle()
    gevent.spawn(queue.submit, replace(COMMAND, key="k2"), 104.5)
    gevent.idle()
    assert registry.get_sample_value("commit_queue_depth") == 1
    database.go.set()
    assert queue.drain(1)
    assert registry.get_sample_value("commit_queue_depth") == 0
    assert registry.get_sample_value("commit_batch_size_count") == 2


def test_what_is_committed_is_answered_although_nobody_could_be_told(
    database: Database, registry: CollectorRegistry
) -> None:
    def fail(_done: Sequence[tuple[Command, Result]]) -> None:
        raise OSError("no room in the commit log")

    queue = CommitQueue(database.execute, fail, writers=1, capacity=2, metrics=ApiMetrics(registry), clock=Clock())
    assert queue.submit(COMMAND, 104.5) == DONE
