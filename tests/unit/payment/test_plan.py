"""Plans of batches, given the database's rows; without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from payments.outbox.rules import EventType
from payments.payment.answers import NOT_SENT, StoredAnswer
from payments.payment.changes import Changes
from payments.payment.commands import Command
from payments.payment.plan import Plan
from payments.payment.rules import NewPayment, Payment
from tests.contracts import commands as made

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HELD: Payment = NewPayment("M1", "k", 100, "KRW", timedelta(days=7)).stored(7, NOW)


def changed(plan: Plan, *payments: Payment) -> Changes:
    """The rest of a plan over locked payments, none of which is new."""
    plan.set_owners({payment.payment_id: payment.merchant_id for payment in payments})
    assert plan.new_payments() == []
    return plan.change({payment.payment_id: payment for payment in payments}, NOW)


def outcomes(plan: Plan) -> list[object]:
    return [result.error.code if result.error else (result.status, result.step) for result in plan.results()]


def test_a_new_payment_is_decided_before_it_is_stored() -> None:
    plan = Plan([made.authorize("a", 500), made.authorize("b", 700, merchant="M2")])
    plan.set_owners({})
    first, second = plan.new_payments()
    assert (first.amount, second.merchant_id) == (500, "M2")
    changes = plan.authorize({("M1", "a"): first.stored(1, NOW), ("M2", "b"): second.stored(2, NOW)})
    assert [(event.event_type, event.payment_id, event.amount) for event, _ in changes.events] == [
        (EventType.AUTHORIZED, 1, 500),
        (EventType.AUTHORIZED, 2, 700),
    ]
    assert plan.locked_payments() == set()
    assert outcomes(plan) == [(200, 500), (200, 700)]


def test_commands_of_one_payment_follow_each_other() -> None:
    plan = Plan([made.capture(7, "c1", 60), made.capture(7, "c2", 60), made.refund(7, "r", 10)])
    changes = changed(plan, HELD)
    assert outcomes(plan) == [(200, 60), (409, 0), (200, 10)]
    (payment,) = changes.payments
    assert (payment.captured_amount, payment.refunded_amount) == (60, 10)
    assert [event.event_type for event, _ in changes.events] == [EventType.CAPTURED, EventType.REFUNDED]
    assert len(changes.answers) == 3, "a conflict is an answer, too"


def test_a_refused_command_changes_nothing() -> None:
    changes = changed(Plan([made.refund(7, "r", 10)]), HELD)
    assert (changes.payments, changes.events) == ([], [])


def test_an_expiry_has_an_event_and_no_answer() -> None:
    plan = Plan([made.expire(7)])
    changes = changed(plan, replace(HELD, expires_at=NOW))
    assert (len(changes.events), changes.answers) == (1, {})
    assert plan.locked_payments() == {7}
    assert plan.digests() == {}


@pytest.mark.parametrize("owners", [{}, {7: "M2"}])
def test_what_is_not_there_is_nobody_s(owners: dict[int, str]) -> None:
    plan = Plan([made.capture(7, "c")])
    plan.set_owners(owners)
    assert (plan.locked_payments(), outcomes(plan)) == (set(), ["NOT_FOUND"])


def test_two_with_one_key_are_one_and_its_replay() -> None:
    command = made.capture(7, "c", 60)
    plan = Plan([command, replace(command)])
    changed(plan, HELD)
    first, second = plan.results()
    assert (first.replayed, second.replayed, first.body) == (False, True, second.body)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (StoredAnswer("other", 200, "{}"), "IDEMPOTENCY_KEY_REUSED"),
        (StoredAnswer("", 0, ""), "IDEMPOTENCY_KEY_EXPIRED"),
    ],
)
@pytest.mark.parametrize("command", [made.capture(7, "c"), made.authorize("k")])
def test_a_used_key_does_nothing(command: Command, answer: StoredAnswer, code: str) -> None:
    plan = Plan([command])
    assert [*plan.keys_of_payments().values(), *plan.keys_of_answers()] == [command.scope]
    plan.set_used({command.scope}, {command.scope: answer})
    assert plan.changed_payments() == set()
    changes = changed(plan)
    assert (changes.events, outcomes(plan)) == ([], [code])


def test_a_payment_whose_answer_is_gone_was_made_all_the_same() -> None:
    command = made.authorize("k")
    plan = Plan([command])
    plan.set_used({command.scope}, {})
    changed(plan)
    assert outcomes(plan) == ["IDEMPOTENCY_KEY_EXPIRED"]


def test_rows_are_taken_again_in_one_order() -> None:
    commands = [made.authorize(key) for key in "cab"]
    plan = Plan(commands)
    never_sent = {command.scope: StoredAnswer(command.digest, NOT_SENT, "") for command in commands}
    plan.set_used(never_sent.keys(), never_sent)
    plan.set_owners({})
    assert [key.idempotency_key for key in plan.retaken()] == ["a", "b", "c"]
