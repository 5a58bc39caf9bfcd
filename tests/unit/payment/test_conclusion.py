"""What an acquirer's word does to a payment: by example, and laws over any history of steps and words."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.acquiring.connector import Kind
from payments.acquiring.operation import StoredOperation, Summary
from payments.acquiring.rules import Learned, State, Told
from payments.outbox.rules import EventType
from payments.payment.commands import Command, Operation
from payments.payment.commands import apply as step_of
from payments.payment.conclusion import Conclusion, conclude
from payments.payment.intent import Known, intended
from payments.payment.rules import NewPayment, Payment, ReleaseReason, Status
from payments.platform.errors import AcquirerUnavailable, Conflict

NOW = datetime(2030, 5, 17, tzinfo=UTC)
NEW = NewPayment("M1", "k", 100, "KRW", timedelta(days=7), "simulator").stored(7, NOW)
HELD = NEW.approved(Kind.AUTHORIZATION, 100, NOW, ReleaseReason.VOIDED)


def operation_of(payment: Payment, operation: Operation, amount: int) -> StoredOperation:
    command = Command(operation, "M1", f"k-{operation}", "d", payment_id=7, request_id="r-1")
    return intended(command, payment, amount, NOW, Known({7: Summary({}, "00-7-authorization-1")}))


def told(operation: StoredOperation, learned: Learned, code: str | None = None) -> Told:
    return Told(operation.reference, learned, decline_code=code)


def word(payment: Payment, operation: Operation, amount: int, learned: Learned, code: str | None = None) -> Conclusion:
    asked = operation_of(payment, operation, amount)
    return conclude(payment, asked, told(asked, learned, code), NOW)


def test_an_undecided_payment_can_only_wait() -> None:
    assert (NEW.status, NEW.open_amount, NEW.refundable_amount) == (Status.PROCESSING, 0, 0)
    for step in (lambda: NEW.capture(None, NOW), lambda: NEW.refund(None, NOW), lambda: NEW.void(NOW)):
        with pytest.raises(Conflict):
            step()


def test_an_approval_authorizes() -> None:
    found = word(NEW, Operation.AUTHORIZE, 100, Learned.APPROVED)
    assert found.payment.status is Status.AUTHORIZED
    assert found.event is not None
    assert (found.event.event_type, found.event.amount, found.event.status) == (
        EventType.AUTHORIZED,
        100,
        "AUTHORIZED",
    )
    assert found.result is not None
    assert (found.result.status, found.result.step, json.loads(found.result.body)["status"]) == (200, 100, "AUTHORIZED")


@pytest.mark.parametrize(
    ("learned", "code", "shown"),
    [(Learned.DECLINED, "expired_card", "expired_card"), (Learned.CANCELLED, None, "not_processed")],
)
def test_a_refusal_declines_without_an_event(learned: Learned, code: str | None, shown: str) -> None:
    found = word(NEW, Operation.AUTHORIZE, 100, learned, code)
    assert (found.payment.status, found.payment.released_amount, found.event) == (Status.DECLINED, 0, None)
    assert found.answer is not None
    problem = json.loads(found.answer.body)
    assert (found.answer.status, problem["code"], problem["declineCode"]) == (402, "PAYMENT_DECLINED", shown)
    assert (problem["instance"], problem["paymentId"], problem["requestId"]) == ("/payments/authorize", 7, "r-1")
    with pytest.raises(Conflict):
        found.payment.capture(None, NOW)


def test_what_was_not_sent_may_be_sent_again() -> None:
    found = word(NEW, Operation.AUTHORIZE, 100, Learned.NOT_SENT)
    assert found.result is not None
    assert isinstance(found.result.error, AcquirerUnavailable)
    assert found.answer is not None
    assert (found.answer.status, found.answer.digest, found.event) == (503, "d", None)
    again = found.payment.asked_again(NOW)
    assert replace(again, updated_at=NEW.updated_at) == NEW


def test_an_unknown_outcome_keeps_its_reservation_and_says_so() -> None:
    payment, step = HELD.capture(60, NOW)
    found = word(payment, Operation.CAPTURE, step, Learned.UNKNOWN)
    assert (found.payment, found.event) == (payment, None)
    assert found.answer is not None
    said = json.loads(found.answer.body)
    assert (found.answer.status, said["status"], said["capturedAmount"]) == (202, "PROCESSING", 0)
    assert payment.open_amount == 40


def test_a_word_is_taken_once() -> None:
    payment, step = HELD.capture(60, NOW)
    first = word(payment, Operation.CAPTURE, step, Learned.APPROVED)
    again = conclude(first.payment, first.operation, told(first.operation, Learned.APPROVED), NOW)
    assert (again.payment, again.event, again.answer, again.result) == (first.payment, None, None, None)


def test_a_void_waits_for_captures_that_are_not_decided() -> None:
    payment, _ = HELD.capture(60, NOW)
    with pytest.raises(Conflict, match="being processed"):
        payment.void(NOW)


def test_the_platforms_own_void_is_an_expiry() -> None:
    payment, step = HELD.expire(HELD.expires_at)
    asked = replace(operation_of(payment, Operation.EXPIRE, step), state=State.SENT)
    found = conclude(payment, asked, told(asked, Learned.APPROVED), NOW)
    assert (found.payment.status, found.answer) == (Status.EXPIRED, None)
    assert found.event is not None
    assert (found.event.event_type, found.event.amount) == (EventType.EXPIRED, 100)


def test_a_late_success_leaves_the_payment_as_it_is() -> None:
    payment, step = HELD.capture(60, NOW)
    failed = word(payment, Operation.CAPTURE, step, Learned.CANCELLED)
    late = conclude(failed.payment, failed.operation, told(failed.operation, Learned.APPROVED), NOW)
    assert (late.payment, late.operation.state, late.is_reversed) == (failed.payment, State.REVERSED, True)


@dataclass
class Books:
    """A payment, its operations, and what its events have said."""

    payment: Payment = NEW
    operations: list[StoredOperation] = field(default_factory=list)
    told: dict[EventType, int] = field(default_factory=lambda: dict.fromkeys(EventType, 0))

    def step(self, operation: Operation, amount: int | None, now: datetime) -> None:
        command = Command(operation, "M1", "k", "d", payment_id=7, amount=amount)
        try:
            self.payment, step = step_of(command, self.payment, now)
        except Conflict:
            return
        self.operations.append(operation_of(self.payment, operation, step))

    def hear(self, index: int, learned: Learned) -> None:
        at = index % len(self.operations)
        found = conclude(self.payment, self.operations[at], told(self.operations[at], learned), NOW)
        self.payment, self.operations[at] = found.payment, found.operation
        if found.event is not None:
            self.told[found.event.event_type] += found.event.amount

    def reserved(self, kind: Kind) -> int:
        return sum(o.amount for o in self.operations if o.kind is kind and o.reserves)

    def check(self) -> None:
        now = self.payment
        assert (now.pending_capture, now.pending_refund) == (self.reserved(Kind.CAPTURE), self.reserved(Kind.REFUND))
        assert now.pending_release == self.reserved(Kind.VOID)
        assert now.captured_amount + now.pending_capture + now.released_amount + now.pending_release <= now.amount
        assert 0 <= now.refunded_amount + now.pending_refund <= now.captured_amount
        assert now.captured_amount == self.told[EventType.CAPTURED]
        assert now.refunded_amount == self.told[EventType.REFUNDED]
        assert now.released_amount == self.told[EventType.VOIDED] + self.told[EventType.EXPIRED]
        assert self.told[EventType.AUTHORIZED] == (
            0 if now.status in (Status.PROCESSING, Status.DECLINED) else now.amount
        )
        released = now.released_amount > 0
        assert released == (now.release_reason in (ReleaseReason.VOIDED, ReleaseReason.EXPIRED))


STEPS = st.tuples(
    st.sampled_from([Operation.CAPTURE, Operation.REFUND, Operation.VOID, Operation.EXPIRE]),
    st.none() | st.integers(1, 100),
    st.sampled_from([NOW, NEW.expires_at]),
)
WORDS = st.tuples(st.integers(0, 20), st.sampled_from(Learned))


@given(st.sampled_from(Learned), st.lists(STEPS | WORDS, max_size=25))
def test_amounts_are_what_events_told_in_any_history(first: Learned, then: list[tuple[object, ...]]) -> None:
    books = Books(NEW, [operation_of(NEW, Operation.AUTHORIZE, 100)])
    books.hear(0, first)
    books.check()
    for each in then:
        if isinstance(each[0], Operation):
            books.step(*each)  # type: ignore[arg-type]  # as drawn by STEPS
        else:
            books.hear(*each)  # type: ignore[arg-type]  # as drawn by WORDS
        books.check()
