"""Connectors against the real simulator with each of its faults: what they say is what its journal says."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from payments.acquiring.connector import Answer, Kind, Operation, Repeated, Seen
from payments.acquiring.rules import Learned, State
from payments.acquiring.simulator import SimulatorConnector
from stack.ports import free_port
from tests.contracts.acquiring import LONG, SHORT, Trial
from tests.psp.simulator import KEY, Client, Simulator
from tests.servers import until

PREVENTING = ["timeout_before", "rate_limited", "down"]
LOSING = ["timeout_after_success", "reset_mid_body", "error_after_success", "malformed_body", "wrong_amount"]
OPERATIONS_OF_STORM = 120


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A simulator whose clock may be moved."""
    with Simulator() as running:
        yield running


@pytest.fixture
def psp(simulator: Simulator) -> Iterator[Client]:
    """Its client; no fault outlives a test."""
    yield simulator.api
    simulator.api.control("DELETE", "faults")


def connected(made: type[SimulatorConnector], psp: Client, key: str = KEY) -> Iterator[SimulatorConnector]:
    connector = made(f"http://127.0.0.1:{psp.port}", key, 16)
    yield connector
    connector.close()


@pytest.fixture
def connector(psp: Client) -> Iterator[SimulatorConnector]:
    yield from connected(SimulatorConnector, psp)


@pytest.mark.parametrize("kind", Kind)
def test_what_the_acquirer_answers_is_said(connector: SimulatorConnector, psp: Client, kind: Kind) -> None:
    psp.faults({"fault": "duplicate_callback"}, {"fault": "latency", "seconds": 0.01})
    trial = Trial(connector, psp, kind)
    assert trial.call() is Learned.APPROVED
    answer = connector.enquire(trial.operation, LONG)
    assert (answer.seen, answer.acquirer_reference) == (Seen.APPROVED, trial.truth()["id"])
    assert connector.cancel(trial.operation, LONG).seen is Seen.APPROVED


def test_a_decline_has_its_code(connector: SimulatorConnector, psp: Client) -> None:
    trial = Trial(connector, psp, Kind.AUTHORIZATION, "tok_insufficient_funds")
    assert trial.call() is Learned.DECLINED
    answer = connector.enquire(trial.operation, LONG)
    assert (answer.seen, answer.decline_code) == (Seen.DECLINED, "insufficient_funds")
    assert connector.cancel(trial.operation, LONG).seen is Seen.DECLINED
    unknown = Trial(connector, psp, Kind.CAPTURE)
    unknown.authorization = "00-0-authorization-1"
    assert unknown.call() is Learned.DECLINED


def lost_and_repaired(trial: Trial, fault: str) -> None:
    told = trial.call(SHORT if fault.startswith("timeout") else LONG)
    assert told is Learned.UNKNOWN, f"the answer was {told}"
    assert trial.repair() is (State.FAILED if fault in PREVENTING else State.APPROVED)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("fault", [*PREVENTING, *LOSING])
def test_what_is_lost_is_unknown_until_it_is_asked(
    connector: SimulatorConnector, psp: Client, fault: str, kind: Kind
) -> None:
    trial = Trial(connector, psp, kind)
    psp.faults({"fault": fault, "kinds": [kind]})
    lost_and_repaired(trial, fault)


@pytest.mark.parametrize("fault", [*PREVENTING, *LOSING])
@pytest.mark.parametrize("first", ["down", "error_after_success"])
def test_questions_that_are_lost_are_asked_again(
    connector: SimulatorConnector, psp: Client, first: str, fault: str
) -> None:
    trial = Trial(connector, psp, Kind.AUTHORIZATION)
    psp.faults(
        {"fault": first, "kinds": ["authorization"]},
        {"fault": fault, "kinds": ["enquiry"], "count": 2},
        {"fault": fault, "kinds": ["cancel"], "count": 2},
    )
    trial.call()
    trial.repair(SHORT if fault.startswith("timeout") else LONG, tries=5)
    assert trial.repair() is (State.FAILED if first == "down" else State.APPROVED)


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("token", ["tok_approved", "tok_declined"])
def test_a_late_decision_is_waited_for(connector: SimulatorConnector, psp: Client, token: str, silent: bool) -> None:
    trial = Trial(connector, psp, Kind.AUTHORIZATION, token)
    psp.faults({"fault": "late_success", "seconds": 600.0, "silent": silent})
    assert trial.call(SHORT if silent else LONG) is Learned.UNKNOWN
    assert connector.enquire(trial.operation, LONG).seen is Seen.PROCESSING
    assert trial.repair() is State.UNKNOWN
    psp.control("PUT", "clock", {"advance": 600.0})
    assert trial.repair() is (State.APPROVED if token == "tok_approved" else State.DECLINED)


def test_a_late_original_is_fenced_off(connector: SimulatorConnector, psp: Client) -> None:
    trial = Trial(connector, psp, Kind.AUTHORIZATION)
    psp.faults({"fault": "latency", "seconds": 3.0, "kinds": ["authorization"]})
    assert trial.call(SHORT) is Learned.UNKNOWN
    assert trial.repair() is State.FAILED
    until(lambda: psp.journal(trial.operation.reference)[0]["outcome"] == "CANCELLED", "the late original")
    trial.agrees()
    assert connector.authorize(trial.operation, "tok_approved", LONG).seen is Seen.UNREADABLE, "409, without its kind"


def test_what_nobody_hears_was_not_sent(psp: Client) -> None:
    nowhere = SimulatorConnector(f"http://127.0.0.1:{free_port()}", KEY, 1)
    trial = Trial(nowhere, psp, Kind.AUTHORIZATION)
    assert trial.call() is Learned.NOT_SENT
    assert nowhere.enquire(trial.operation, LONG).seen is Seen.NOT_CONNECTED
    assert nowhere.cancel(trial.operation, LONG).seen is Seen.NOT_CONNECTED


def test_a_wrong_key_decides_nothing_and_is_shown_nowhere(psp: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for connector in connected(SimulatorConnector, psp, "sk_wrong_and_secret"):
        trial = Trial(connector, psp, Kind.AUTHORIZATION)
        assert trial.call() is Learned.UNKNOWN
        assert trial.repair() is State.UNKNOWN
        said = [connector, connector.enquire(trial.operation, LONG), *caplog.records]
        assert not any("secret" in repr(each) or "secret" in str(vars(each).get("msg")) for each in said[2:])
        assert "secret" not in repr(said[:2])


def test_many_calls_with_faults_end_in_the_truth(connector: SimulatorConnector, psp: Client) -> None:
    rules = [*PREVENTING, *LOSING, "late_success"]
    psp.faults(*({"fault": fault, "percentage": 30.0 / len(rules)} for fault in rules))
    trials = [Trial(connector, psp, Kind.AUTHORIZATION) for _ in range(OPERATIONS_OF_STORM)]
    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(lambda trial: trial.send(SHORT), trials))
    assert told == {Learned.APPROVED, Learned.UNKNOWN}
    psp.control("DELETE", "faults")
    psp.control("PUT", "clock", {"advance": 60.0})
    assert {trial.repair() for trial in trials} == {State.APPROVED, State.FAILED}
    moved = [entry["reference"] for entry in psp.journal() if entry["kind"] == "authorization"]
    assert all(moved.count(trial.operation.reference) == 1 for trial in trials)


def repeated(operation: Operation) -> Repeated:
    return Repeated(operation.reference, operation.kind, operation.amount, operation.currency)


class TimeOutMeansFailed(SimulatorConnector):
    """Planted: an answer that did not come is taken for a refusal."""

    def authorize(self, operation: Operation, payment_method: str, within: float) -> Answer:
        answer = super().authorize(operation, payment_method, within)
        return Answer(Seen.DECLINED, repeated(operation)) if answer.seen is Seen.TIMED_OUT else answer


class TriesAgain(SimulatorConnector):
    """Planted: a retry inside, with a new reference."""

    def authorize(self, operation: Operation, payment_method: str, within: float) -> Answer:
        answer = super().authorize(operation, payment_method, within)
        if answer.seen is not Seen.LOST:
            return answer
        again = replace(operation, reference=f"{operation.reference}-again")
        return replace(super().authorize(again, payment_method, within), about=repeated(operation))


class AsksByTheirId(SimulatorConnector):
    """Planted: an enquiry by the acquirer's id, which came with the answer or not at all."""

    def authorize(self, operation: Operation, payment_method: str, within: float) -> Answer:
        answer = super().authorize(operation, payment_method, within)
        self._id = answer.acquirer_reference or "op_unknown"
        return answer

    def enquire(self, operation: Operation, within: float) -> Answer:
        return super().enquire(replace(operation, reference=self._id), within)


class TakesAnyAmount(SimulatorConnector):
    """Planted: what was asked for is taken for what was answered."""

    def authorize(self, operation: Operation, payment_method: str, within: float) -> Answer:
        return replace(super().authorize(operation, payment_method, within), about=repeated(operation))


@pytest.mark.parametrize(
    ("bug", "fault", "found"),
    [
        (TimeOutMeansFailed, "timeout_after_success", "DECLINED, but it is"),
        (TimeOutMeansFailed, "timeout_before", "DECLINED, but the acquirer knows nothing"),
        (TriesAgain, "reset_mid_body", "asked for"),
        (AsksByTheirId, "timeout_after_success", "not found, but it is"),
        (TakesAnyAmount, "wrong_amount", "the answer was"),
    ],
)
def test_a_planted_bug_is_found(bug: type[SimulatorConnector], fault: str, found: str, psp: Client) -> None:
    psp.faults({"fault": fault, "kinds": ["authorization"], "count": 1})
    for connector in connected(bug, psp):
        trial = Trial(connector, psp, Kind.AUTHORIZATION)
        with pytest.raises(AssertionError, match=found):
            lost_and_repaired(trial, fault)
