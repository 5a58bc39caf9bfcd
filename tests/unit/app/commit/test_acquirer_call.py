"""A command that needs its acquirer, without a database: what is told, when time is over, and what Redis may repeat."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, g
from prometheus_client import CollectorRegistry

from app.commit import acquirer_call
from app.commit.acquirer_call import CONCLUDE_WITHIN, carry_out, refuse_while_down
from payments.acquiring.connector import Answer, Kind, Repeated, Seen
from payments.acquiring.connector import Operation as AtAcquirer
from payments.acquiring.gate import Gate
from payments.acquiring.rules import Learned
from payments.metrics import ApiMetrics
from payments.payment.answers import NOT_SENT, Call, Result, StoredAnswer
from payments.payment.commands import Command, Operation
from payments.platform.errors import AcquirerUnavailable, OutcomeUnknown, PaymentsError, ServiceUnavailable

NAME = "simulator"
ASKED = AtAcquirer(Kind.AUTHORIZATION, "00-7-authorization-1", 5, "KRW")
CALL = Call(NAME, "M1", 7, ASKED, None)
COMMAND = Command(Operation.AUTHORIZE, "M1", key="k", digest="d", connector=NAME, payment_method="tok_approved")
PROCESSING = Result(202, '{"paymentId":7}', payment_id=7, call=CALL)
DONE = Result(200, '{"paymentId":7}', step=5, currency="KRW", payment_id=7)
APPROVED = Answer(Seen.APPROVED, Repeated(ASKED.reference, "authorization", 5, "KRW"), "op_1")
NOW = 1000.0


@dataclass
class Acquirer:
    """Answers every authorization with `answer`."""

    answer: Answer = APPROVED
    asked: list[tuple[AtAcquirer, str, float]] = field(default_factory=list)

    def authorize(self, operation: AtAcquirer, payment_method: str, within: float) -> Answer:
        self.asked.append((operation, payment_method, within))
        return self.answer


@dataclass
class Queue:
    """Answers the first command with a call, and its conclusion with `concluded`."""

    concluded: Result = DONE
    first: Result = PROCESSING
    submitted: list[Command] = field(default_factory=list)
    released: list[Command] = field(default_factory=list)

    def submit(self, command: Command, _deadline: float) -> Result:
        self.submitted.append(command)
        return self.first if command.told is None else self.concluded

    def release(self, command: Command) -> None:
        self.released.append(command)


@dataclass
class Redis:
    """What is to be remembered."""

    answers: dict[Any, StoredAnswer] = field(default_factory=dict)
    sent: int = 0

    def remember(self, answers: dict[Any, StoredAnswer]) -> None:
        self.answers |= answers

    def flush(self) -> None:
        """Nothing is sent."""


@dataclass
class Parts:
    """The services that a call uses."""

    acquirer: Acquirer = field(default_factory=Acquirer)
    queue: Queue = field(default_factory=Queue)
    admission: Redis = field(default_factory=Redis)
    acquirers: dict[str, Any] = field(default_factory=dict)
    metrics: ApiMetrics = field(default_factory=lambda: ApiMetrics(CollectorRegistry(), [NAME]))

    def __post_init__(self) -> None:
        """Put a gate before the acquirer."""
        self.acquirers = {NAME: Gate(self.acquirer)}  # type: ignore[arg-type]  # it authorizes alone


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture(autouse=True)
def request_with_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A request that has 4 seconds."""
    monkeypatch.setattr(acquirer_call, "monotonic", lambda: NOW)
    with Flask("test").app_context():
        g.deadline = NOW + 4
        yield


def done(parts: Parts, command: Command = COMMAND) -> Result:
    return carry_out(parts, command)  # type: ignore[arg-type]  # a part of the services


def told(parts: Parts) -> Any:
    return parts.queue.submitted[-1].told


def test_what_the_acquirer_says_is_concluded_and_remembered(parts: Parts) -> None:
    assert done(parts) == DONE
    assert parts.acquirer.asked == [(ASKED, "tok_approved", 4 - CONCLUDE_WITHIN)]
    assert (told(parts).reference, told(parts).learned, told(parts).acquirer_reference) == (
        ASKED.reference,
        Learned.APPROVED,
        "op_1",
    )
    assert parts.admission.answers == {COMMAND.scope: StoredAnswer("d", 200, DONE.body)}
    assert parts.queue.released == [COMMAND]


def test_a_command_without_a_call_is_answered_by_its_transaction(parts: Parts) -> None:
    parts.queue.first = DONE
    assert done(parts) == DONE
    assert (parts.acquirer.asked, parts.queue.released, len(parts.queue.submitted)) == ([], [], 1)


def test_what_is_not_known_is_not_remembered(parts: Parts) -> None:
    parts.acquirer.answer = Answer(Seen.TIMED_OUT)
    parts.queue.concluded = Result(202, "{}")
    assert done(parts).status == 202
    assert told(parts).learned is Learned.UNKNOWN
    assert parts.admission.answers == {}


@pytest.mark.parametrize("error", [ServiceUnavailable("slow"), OutcomeUnknown("lost")])
def test_a_second_transaction_that_did_not_come_about_leaves_it_processing(parts: Parts, error: PaymentsError) -> None:
    parts.queue.concluded = Result(error=error)
    found = done(parts)
    assert (found.status, found.body, found.error) == (202, PROCESSING.body, None)
    assert parts.admission.answers == {}
    assert parts.queue.released == [COMMAND]


@pytest.mark.parametrize("concluded", [Result(error=AcquirerUnavailable()), Result(NOT_SENT, "")])
def test_what_was_not_sent_is_an_error(parts: Parts, concluded: Result) -> None:
    parts.acquirer.answer = Answer(Seen.NOT_CONNECTED)
    parts.queue.concluded = concluded
    assert isinstance(done(parts).error, AcquirerUnavailable)
    assert told(parts).learned is Learned.NOT_SENT
    assert parts.admission.answers == {}


def test_without_time_nothing_is_sent(parts: Parts) -> None:
    g.deadline = NOW + CONCLUDE_WITHIN
    done(parts)
    assert parts.acquirer.asked == []
    assert told(parts).learned is Learned.NOT_SENT


def test_a_connector_that_is_not_here_sends_nothing(parts: Parts) -> None:
    parts.acquirers.clear()
    done(parts)
    assert told(parts).learned is Learned.NOT_SENT


def test_a_request_that_is_killed_in_mid_call_lets_its_key_go(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> Answer:
        raise GeneratorExit

    monkeypatch.setattr(parts.acquirer, "authorize", killed)
    with pytest.raises(GeneratorExit):
        done(parts)
    assert parts.queue.released == [COMMAND]
    assert len(parts.queue.submitted) == 1


@pytest.mark.parametrize(
    ("stored", "refused"),
    [
        (None, True),
        (StoredAnswer("d", NOT_SENT, ""), True),
        (StoredAnswer("other", NOT_SENT, ""), False),
        (StoredAnswer("d", 200, "{}"), False),
        (StoredAnswer("d", 202, "{}"), False),
        (StoredAnswer("d", 102, ""), False),
        (StoredAnswer("d", 402, "{}"), False),
    ],
)
def test_while_it_is_down_what_needs_a_call_is_refused(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, stored: StoredAnswer | None, refused: bool
) -> None:
    found = {} if stored is None else {COMMAND.scope: stored}
    monkeypatch.setattr(acquirer_call, "read", lambda _: found)
    refuse_while_down(parts, COMMAND)  # type: ignore[arg-type]  # it is up
    parts.acquirers.clear()
    if not refused:
        refuse_while_down(parts, COMMAND)  # type: ignore[arg-type]  # as above
        return
    with pytest.raises(AcquirerUnavailable):
        refuse_while_down(parts, COMMAND)  # type: ignore[arg-type]  # as above
