"""`run_batch` where an acquirer decides, on both databases: the intent, its conclusion, and every repetition."""

import json
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from payments.acquiring import store as acquiring_store
from payments.acquiring.connector import Kind
from payments.acquiring.rules import Learned, State
from payments.outbox import store as outbox_store
from payments.payment import store as payment_store
from payments.payment.answers import Call, Result
from payments.payment.commands import Command
from payments.payment.rules import Payment
from payments.platform.tables.events import outbox_event
from tests.contracts.commands import authorize, capture, carry_out, conclude, expire, refund, run, run_one, void


def at_acquirer(key: str = "a", amount: int = 10_000) -> Command:
    return authorize(key, amount, connector="simulator")


def called(result: Result) -> Call:
    assert result.call is not None, result
    return result.call


def sent(engine: Engine, command: Command) -> str:
    """Run a command whose call is to be made; its reference."""
    return called(run_one(engine, command)).operation.reference


def told(engine: Engine, reference: str, learned: Learned, **fields: Any) -> Result:
    return run_one(engine, conclude(reference, learned, **fields))


def held(engine: Engine, key: str = "a") -> int:
    """The id of a payment that the acquirer has approved."""
    call = called(run_one(engine, at_acquirer(key)))
    assert told(engine, call.operation.reference, Learned.APPROVED).status == 200
    return call.payment_id


def stored(engine: Engine, payment_id: int) -> Payment:
    with engine.connect() as connection:
        found = payment_store.get(connection, payment_id)
    assert found is not None
    return found


def states(engine: Engine, payment_id: int) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        return [(o.reference, o.state.value) for o in acquiring_store.of_payment(connection, payment_id)]


def events(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(outbox_event.c.event_type).order_by(outbox_event.c.event_id)).scalars())


def code(result: Result) -> str | int:
    return result.error.code if result.error is not None else result.status


def test_an_intent_is_stored_before_anything_is_sent(engine: Engine) -> None:
    call = called(run_one(engine, at_acquirer()))
    reference = f"00-{call.payment_id}-authorization-1"
    assert (call.operation.kind, call.operation.reference, call.operation.amount) == (
        Kind.AUTHORIZATION,
        reference,
        10_000,
    )
    assert stored(engine, call.payment_id).status == "PROCESSING"
    assert states(engine, call.payment_id) == [(reference, "SENT")]
    assert events(engine) == []
    for again in (run_one(engine, at_acquirer()), run_one(engine, at_acquirer())):
        assert code(again) == "REQUEST_IN_PROGRESS"
    assert len(states(engine, call.payment_id)) == 1


def test_an_approval_is_the_answer_for_ever(engine: Engine) -> None:
    reference = sent(engine, at_acquirer())
    first = told(engine, reference, Learned.APPROVED, acquirer_reference="op_1")
    assert (first.status, json.loads(first.body)["status"], first.step) == (200, "AUTHORIZED", 10_000)
    again = run_one(engine, at_acquirer())
    assert (again.status, again.body, again.replayed) == (200, first.body, True)
    assert events(engine) == ["PAYMENT_AUTHORIZED"]


def test_an_outcome_is_stored_once_and_whoever_says_it_again_hears_it(engine: Engine) -> None:
    reference = sent(engine, at_acquirer())
    first, second = run(engine, *(conclude(reference, Learned.APPROVED) for _ in range(2)))
    third = told(engine, reference, Learned.DECLINED)
    assert [each.body for each in (second, third)] == [first.body] * 2
    assert (first.step, second.step) == (10_000, 0)
    assert events(engine) == ["PAYMENT_AUTHORIZED"]


def test_every_step_goes_by_its_own_reference(engine: Engine) -> None:
    payment_id = held(engine)
    steps = [capture(payment_id, "c1", 4000), capture(payment_id, "c2", 1000), refund(payment_id, "r", 500)]
    for command in (*steps, void(payment_id, "v")):
        call = called(run_one(engine, command))
        assert call.authorization == f"00-{payment_id}-authorization-1"
        assert told(engine, call.operation.reference, Learned.APPROVED).status == 200
    assert [reference for reference, _ in states(engine, payment_id)] == [
        f"00-{payment_id}-{name}" for name in ("authorization-1", "capture-1", "capture-2", "refund-1", "void-1")
    ]
    assert stored(engine, payment_id).status == "PARTIALLY_REFUNDED"
    assert len(events(engine)) == 5


def test_a_step_that_is_not_decided_keeps_its_amount(engine: Engine) -> None:
    payment_id = held(engine)
    reference = sent(engine, capture(payment_id, "c", 6000))
    assert code(run_one(engine, capture(payment_id, "c2", 5000))) == 409
    assert code(run_one(engine, void(payment_id, "v"))) == 409
    assert code(run_one(engine, refund(payment_id, "r"))) == 409
    unknown = told(engine, reference, Learned.UNKNOWN, answered=False)
    assert (unknown.status, json.loads(unknown.body)["status"]) == (202, "PROCESSING")
    assert run_one(engine, capture(payment_id, "c", 6000)).body == unknown.body
    assert stored(engine, payment_id).pending_capture == 6000
    assert told(engine, reference, Learned.DECLINED, decline_code="nope").status == 402
    declined = run_one(engine, capture(payment_id, "c", 6000))
    assert (declined.status, declined.replayed, json.loads(declined.body)["declineCode"]) == (402, True, "nope")
    assert stored(engine, payment_id).open_amount == 10_000
    assert events(engine) == ["PAYMENT_AUTHORIZED"]


def test_no_way_leads_from_unknown_to_failed_without_a_confirmed_cancel(engine: Engine) -> None:
    reference = sent(engine, at_acquirer())
    payment_id = int(reference.split("-")[1])
    for learned, answered, state in (
        (Learned.UNKNOWN, False, State.UNKNOWN),
        (Learned.NOT_FOUND, True, State.FENCING),
        (Learned.UNKNOWN, False, State.FENCING),
        (Learned.NOT_SENT, False, State.FENCING),
        (Learned.CANCELLED, True, State.FAILED),
    ):
        told(engine, reference, learned, answered=answered, is_repair=True)
        assert states(engine, payment_id) == [(reference, state.value)]
    final = run_one(engine, at_acquirer())
    assert (final.status, json.loads(final.body)["declineCode"]) == (402, "not_processed")


@pytest.mark.parametrize("again", [1, 2])
def test_what_was_never_sent_is_sent_again_under_the_next_reference(engine: Engine, again: int) -> None:
    reference = sent(engine, at_acquirer())
    payment_id = int(reference.split("-")[1])
    for number in range(again):
        assert code(told(engine, reference, Learned.NOT_SENT)) == "ACQUIRER_UNAVAILABLE"
        assert stored(engine, payment_id).status == "DECLINED"
        assert code(run_one(engine, at_acquirer(amount=1))) == "IDEMPOTENCY_KEY_REUSED"
        reference = sent(engine, at_acquirer())
        assert reference == f"00-{payment_id}-authorization-{number + 2}"
        assert stored(engine, payment_id).status == "PROCESSING"
    assert told(engine, reference, Learned.APPROVED).status == 200
    assert called(run_one(engine, capture(payment_id, "c"))).authorization == reference


def test_a_capture_that_was_never_sent_may_be_sent_again(engine: Engine) -> None:
    payment_id = held(engine)
    reference = sent(engine, capture(payment_id, "c", 6000))
    assert code(told(engine, reference, Learned.NOT_SENT)) == "ACQUIRER_UNAVAILABLE"
    assert stored(engine, payment_id).pending_capture == 0
    again = sent(engine, capture(payment_id, "c", 6000))
    assert again == f"00-{payment_id}-capture-2"
    assert told(engine, again, Learned.APPROVED).status == 200


def test_of_many_that_send_again_at_once_one_does(engine: Engine) -> None:
    payment_id = held(engine)
    told(engine, sent(engine, capture(payment_id, "c", 6000)), Learned.NOT_SENT)
    results: list[Result] = []
    together = Barrier(4)

    def send() -> None:
        together.wait(10)
        results.extend(carry_out(engine, capture(payment_id, "c", 6000)))

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(code(result)) if result.call is None else "call" for result in results) == [
        *["REQUEST_IN_PROGRESS"] * 3,
        "call",
    ]
    assert stored(engine, payment_id).pending_capture == 6000


def test_a_late_success_is_taken_back(engine: Engine) -> None:
    payment_id = held(engine)
    reference = sent(engine, capture(payment_id, "c", 6000))
    for learned in (Learned.UNKNOWN, Learned.NOT_FOUND, Learned.CANCELLED):
        told(engine, reference, learned, is_repair=True)
    told(engine, reference, Learned.APPROVED)
    told(engine, reference, Learned.APPROVED)
    back = f"00-{payment_id}-refund-1"
    assert states(engine, payment_id)[1:] == [(reference, "REVERSED"), (back, "CREATED")]
    assert (stored(engine, payment_id).captured_amount, stored(engine, payment_id).pending_refund) == (0, 0)
    told(engine, back, Learned.APPROVED)
    assert stored(engine, payment_id).refunded_amount == 0
    assert events(engine) == ["PAYMENT_AUTHORIZED"]


def test_an_expiry_is_an_operation_of_the_platforms_own(engine: Engine) -> None:
    call = called(run_one(engine, authorize("a", connector="simulator", lifetime=-authorize("x").lifetime)))
    told(engine, call.operation.reference, Learned.APPROVED)
    run_one(engine, expire(call.payment_id))
    reference = f"00-{call.payment_id}-void-1"
    assert states(engine, call.payment_id)[1:] == [(reference, "CREATED")]
    with engine.connect() as connection:
        now = stored(engine, call.payment_id).updated_at
        assert payment_store.expired(connection, now, 10) == []
        assert [o.reference for o in acquiring_store.due(connection, now, 10)] == [reference]
    assert told(engine, reference, Learned.APPROVED).status == 200
    assert stored(engine, call.payment_id).status == "EXPIRED"
    assert events(engine) == ["PAYMENT_AUTHORIZED", "PAYMENT_EXPIRED"]


def test_commands_of_both_kinds_share_a_batch(engine: Engine) -> None:
    here, there = run(engine, authorize("here"), at_acquirer("there"))
    assert (here.status, called(there).connector) == (200, "simulator")
    reference = called(there).operation.reference
    concluded, captured = run(
        engine, conclude(reference, Learned.APPROVED), capture(json.loads(here.body)["paymentId"], "c")
    )
    assert (concluded.status, captured.status) == (200, 200)
    taken = run(engine, capture(called(there).payment_id, "c2", 10), capture(called(there).payment_id, "c3", 10))
    assert [called(each).operation.reference[-9:] for each in taken] == ["capture-1", "capture-2"]
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(outbox_event)).scalar_one() == 3


def test_an_event_has_the_request_of_its_step_whoever_concluded_it(engine: Engine) -> None:
    reference = sent(engine, at_acquirer("k"))
    told(engine, reference, Learned.APPROVED)
    with engine.connect() as connection:
        (event,) = outbox_store.of_payment(connection, int(reference.split("-")[1]))
    assert event.request_id == "r-k"


def test_an_operation_that_nobody_stored_changes_nothing(engine: Engine) -> None:
    payment_id = held(engine)
    assert code(told(engine, f"00-{payment_id}-capture-9", Learned.APPROVED)) == "NOT_FOUND"
