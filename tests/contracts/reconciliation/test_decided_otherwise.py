"""Money that a file has matched and whose operation was then decided otherwise: the audit names its line."""

import pytest
from sqlalchemy import Engine

from payments.acquiring.rules import Learned, State
from payments.audit.snapshot import FindingKind
from payments.platform.values.money import AmountsByCurrency
from payments.reconciliation import desk
from payments.reconciliation.rules import Line
from tests.contracts.at_acquirer import AtAcquirer, captured_late, contradicted, waiting
from tests.contracts.posting import publish_and_post
from tests.contracts.reconciliation import books
from tests.contracts.reconciliation.books import imported, of_day
from tests.contracts.reconciliation.test_decisions import decide, line
from tests.contracts.test_audit_settled import run

LIMITS = AmountsByCurrency(10**12, {})


def named(engine: Engine) -> list[str]:
    """What the audit of everything says about files; it must say nothing else."""
    publish_and_post(engine)
    found = run(engine, full=True).differences
    assert {each.kind for each in found} <= {FindingKind.RECONCILIATION}
    return [each.detail for each in found]


def declined_after_its_line(engine: Engine) -> tuple[AtAcquirer, list[Line]]:
    """A capture of 500 that was UNKNOWN, then matched, then DECLINED by an enquiry before the file decided it."""
    paid = waiting(engine)
    lines = [line(paid, 1), line(paid, 2, 2), line(paid, 3, 3)]
    imported(engine, lines)
    paid.learn(Learned.DECLINED, paid.operations()[2].reference, is_repair=True)
    decide(engine)
    return paid, lines


def test_a_capture_that_an_enquiry_declined_after_its_line(engine: Engine) -> None:
    declined_after_its_line(engine)
    (said,) = named(engine)
    assert "1 lines KRW are matched with operations that ended without money, the first is line 2" in said
    assert books.balance(engine, "acquirer_receivable", "KRW") == -500, "which nothing else shows"


def test_the_acquirers_correction_ends_it(engine: Engine) -> None:
    _, lines = declined_after_its_line(engine)
    wrong = lines[1]
    back = wrong._replace(gross=-wrong.gross, fee=0, number=1)
    imported(engine, of_day([back], "2030-05-18"))
    assert [of_class for of_class, _, _ in books.exceptions(engine)] == ["UNKNOWN_TO_US"], "we know it as declined"
    assert len(named(engine)) == 1, "nobody has looked at it"
    with engine.begin() as connection:
        desk.resolve(connection, 1, "they took it back", "key:kim", LIMITS, books.NOW)
    assert named(engine) == []
    assert books.balance(engine, "acquirer_receivable", "KRW") == 0


def test_a_contradicted_refund_that_operators_reverse_after_its_line(engine: Engine) -> None:
    paid = contradicted(engine)
    money = [place for place, each in enumerate(paid.operations()) if each.kind.value in ("capture", "refund")]
    imported(engine, [line(paid, place, number) for number, place in enumerate(money, 1)])
    assert named(engine) == [], "operators have not decided it"
    manual = next(each for each in paid.operations() if each.state is State.MANUAL)
    paid.learn(Learned.DECLINED, manual.reference, by_operator=True)
    (said,) = named(engine)
    assert "the first is line 3" in said


@pytest.mark.parametrize("learned", [Learned.UNKNOWN, Learned.APPROVED, Learned.DECLINED])
def test_a_late_capture_is_taken_back_by_its_refund(engine: Engine, learned: Learned) -> None:
    paid = captured_late(engine)
    reversed_, refund = paid.operations()[-2:]
    assert (reversed_.state, refund.reverses) == (State.REVERSED, reversed_.operation_id)
    imported(engine, [line(paid, 1)])
    paid.learn(learned, refund.reference)
    assert named(engine) == [], "what is still to come, or to be decided, is no difference"
    if learned is Learned.DECLINED:
        paid.learn(learned, refund.reference, by_operator=True)
        assert len(named(engine)) == 1, "nothing has taken it back"
