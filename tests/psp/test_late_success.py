"""What is PROCESSING: it is decided when it is due, by what is true then, unless it was cancelled."""

from collections.abc import Iterator

import pytest

from psp.bodies import FaultRule
from psp.clock import SECOND
from psp.faults import Fault
from psp.operations import Command, Kind
from tests.psp.in_memory import InMemory

HOLD = Command(Kind.AUTHORIZATION, "a", 100, "USD", token="tok_approved")
TAKE = Command(Kind.CAPTURE, "c", 100, "USD", authorization="a")
VOID = Command(Kind.VOID, "v", None, "USD", authorization="a")


@pytest.fixture
def psp() -> Iterator[InMemory]:
    made = InMemory()
    yield made
    made.close()


def late(psp: InMemory, command: Command) -> None:
    psp.faults(FaultRule(fault=Fault.LATE_SUCCESS, seconds=5, count=1))
    assert psp.acquirer.operate(command).answer.status == 202


def state(psp: InMemory, reference: str) -> str:
    return str(psp.acquirer.enquire(reference).answer.body["state"])


def test_it_is_decided_when_it_is_due_and_not_before(psp: InMemory) -> None:
    late(psp, HOLD)
    psp.now += 5 * SECOND - 1
    assert (psp.acquirer.decide_due(), state(psp, "a")) == (0, "PROCESSING")
    psp.now += 1
    assert (psp.acquirer.decide_due(), state(psp, "a")) == (1, "APPROVED")
    assert psp.acquirer.decide_due() == 0


def test_a_tombstone_stays_when_it_would_have_been_due(psp: InMemory) -> None:
    late(psp, HOLD)
    assert psp.acquirer.cancel("a").answer.body["cancelled"] is True
    psp.now += 10 * SECOND
    assert (psp.acquirer.decide_due(), state(psp, "a")) == (0, "CANCELLED")


def test_what_was_released_meanwhile_is_not_captured(psp: InMemory) -> None:
    psp.acquirer.operate(HOLD)
    late(psp, TAKE)
    assert psp.acquirer.operate(VOID).answer.status == 201
    psp.now += 10 * SECOND
    found = psp.acquirer.enquire("c").answer.body
    assert (found["state"], found["declineCode"]) == ("DECLINED", "amount_exceeds_authorized")


def test_those_that_are_due_together_are_decided_in_their_order(psp: InMemory) -> None:
    psp.acquirer.operate(HOLD)
    late(psp, VOID)
    psp.now += SECOND
    late(psp, TAKE)
    psp.now += 10 * SECOND
    assert (state(psp, "v"), state(psp, "c")) == ("APPROVED", "DECLINED")


def test_an_idle_look_writes_nothing(psp: InMemory) -> None:
    before = psp.connection.total_changes
    psp.now += SECOND
    assert psp.acquirer.decide_due() == 0
    assert psp.connection.total_changes == before
