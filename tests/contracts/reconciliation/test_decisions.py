"""What a file decides: payments whose step was not known become what the acquirer's line says."""

import pytest
from sqlalchemy import Engine, select

from payments.acquiring.connector import Kind
from payments.acquiring.rules import Learned, State
from payments.platform import operators
from payments.platform.clock import monotonic
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.reconciliation import recon_file
from payments.reconciliation import decisions
from payments.reconciliation.decisions import decide_matched
from payments.reconciliation.rules import Line
from tests.contracts import commands
from tests.contracts.at_acquirer import AtAcquirer, contradicted, waiting
from tests.contracts.enquiring import payment_of
from tests.contracts.reconciliation import books
from tests.contracts.reconciliation.books import imported


def line(paid: AtAcquirer, place: int, number: int = 1) -> Line:
    """What the acquirer's file says about one of a payment's operations."""
    one = paid.operations()[place]
    gross = -one.amount if one.kind is Kind.REFUND else one.amount
    fee = 0 if one.kind is Kind.REFUND else (one.amount * 150 + 5000) // 10_000 + 100
    return Line(one.reference, f"op_{one.operation_id}", one.kind, one.currency, gross, fee, number)


def decide(engine: Engine) -> int:
    return decide_matched(engine, monotonic, lambda _seconds: None)


def payment(engine: Engine, paid: AtAcquirer) -> tuple[int, int, int]:
    found = payment_of(engine, paid.operations()[0].reference)
    return (found.captured_amount, found.refunded_amount, found.pending_capture + found.pending_refund)


def test_what_is_unknown_is_decided_once(engine: Engine) -> None:
    paid = waiting(engine)  # captured 6000; a capture of 500 UNKNOWN, a refund of 1000 SENT
    assert payment(engine, paid) == (6000, 0, 1500)
    report = imported(engine, [line(paid, 1), line(paid, 2, 2), line(paid, 3, 3)])
    assert (report.tally.matched, report.tally.told, report.tally.classes.total()) == (3, 2, 0)
    assert payment(engine, paid) == (6000, 0, 1500), "it is decided by the next step, which can be repeated"
    assert decide(engine) == 2
    assert payment(engine, paid) == (6500, 1000, 0)
    last = paid.operations()[-1]
    assert (last.state, last.acquirer_reference) == (State.APPROVED, f"op_{last.operation_id}")
    assert decide(engine) == 0
    with engine.connect() as connection:
        noted = [each for each in operators.actions(connection, None, 10) if each.action == "acquirer.decide"]
    assert {each.actor for each in noted} == {"reconciliation"}
    assert noted[0].detail == "APPROVED: line 3 of file 1"


def given_up(engine: Engine) -> AtAcquirer:
    """A capture about which nobody has learned anything for a week."""
    paid = AtAcquirer(engine)
    paid.learn(Learned.APPROVED)
    paid.begin(commands.capture(paid.payment_id, "c", 6000))
    paid.learn(Learned.UNKNOWN, answered=False)
    with engine.begin() as connection:
        connection.execute(
            acquirer_operation.update()
            .where(acquirer_operation.c.state == "UNKNOWN")
            .values(state="MANUAL", next_enquiry_at=None)
        )
    return paid


def test_what_was_given_up_is_decided(engine: Engine) -> None:
    paid = given_up(engine)
    imported(engine, [line(paid, 1)])
    assert decide(engine) == 1
    assert payment(engine, paid) == (6000, 0, 0)


def test_a_contradiction_is_left_to_operators(engine: Engine) -> None:
    paid = contradicted(engine)
    manual = [one.state for one in paid.operations()].index(State.MANUAL)
    report = imported(engine, [line(paid, manual)])
    assert report.tally.matched == 1
    before = paid.operations()
    assert decide(engine) == 0
    assert paid.operations() == before


@pytest.mark.parametrize("state", ["READING", "REFUSED", "UPLOADED"])
def test_a_file_that_is_not_done_decides_nothing(engine: Engine, state: str) -> None:
    paid = given_up(engine)
    imported(engine, [line(paid, 1)])
    books.change(engine, recon_file, recon_file.c.file_id == 1, state=state)
    assert decide(engine) == 0
    with engine.connect() as connection:
        assert "MANUAL" in set(connection.execute(select(acquirer_operation.c.state)).scalars())


def test_more_than_a_batch(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    several = [AtAcquirer(engine, key=f"k{number}") for number in range(5)]
    lines = []
    for number, paid in enumerate(several, 1):
        paid.learn(Learned.APPROVED)
        paid.begin(commands.capture(paid.payment_id, f"c{number}", 6000))
        lines.append(line(paid, 1, number))
    imported(engine, lines)
    monkeypatch.setattr(decisions, "BATCH", 2)
    assert decide(engine) == 5
