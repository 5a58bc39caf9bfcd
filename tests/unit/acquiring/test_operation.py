"""A stored operation through everything that may be told about it: laws over every state, kind and word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from payments.acquiring.connector import Kind
from payments.acquiring.operation import UNDECIDED, StoredOperation, concluded, reversal_of, sent
from payments.acquiring.rules import FINAL, WITHOUT_MONEY, Learned, State, Told

NOW = datetime(2030, 5, 17, tzinfo=UTC)
LATER = NOW + timedelta(seconds=3)
CREATED = StoredOperation(
    payment_id=7,
    merchant_id="M1",
    connector="simulator",
    kind=Kind.CAPTURE,
    amount=1000,
    currency="USD",
    reference="00-7-capture-1",
    authorization_reference="00-7-authorization-1",
    state=State.CREATED,
    created_at=NOW,
    idempotency_key="k",
    request_digest="d",
    operation_id=3,
)
SENT = sent(CREATED, NOW)
UNKNOWN = replace(SENT, state=State.UNKNOWN)
OWN = replace(SENT, idempotency_key=None, request_digest=None, kind=Kind.VOID)


def told(learned: Learned, **fields: bool) -> Told:
    return Told(CREATED.reference, learned, **fields)  # type: ignore[arg-type]  # flags alone


def in_state(state: State, operation: StoredOperation = SENT) -> StoredOperation:
    return replace(operation, state=state, decided_at=NOW if state in FINAL - {State.MANUAL} else None)


def test_it_is_asked_about_two_seconds_after_it_was_sent() -> None:
    assert (SENT.state, SENT.sent_at, SENT.next_enquiry_at) == (State.SENT, NOW, NOW + timedelta(seconds=2))
    with pytest.raises(ValueError, match="sent once"):
        sent(SENT, NOW)


def test_the_answer_to_the_call_itself_is_no_try() -> None:
    after = concluded(SENT, told(Learned.UNKNOWN, answered=False), LATER)
    assert (after.state, after.enquiries, after.next_enquiry_at) == (State.UNKNOWN, 0, SENT.next_enquiry_at)


def test_an_enquiry_counts_when_it_was_answered() -> None:
    answered = concluded(UNKNOWN, told(Learned.NOT_FOUND, is_repair=True), LATER)
    assert (answered.state, answered.enquiries) == (State.FENCING, 1)
    silent = concluded(UNKNOWN, told(Learned.UNKNOWN, answered=False, is_repair=True), LATER)
    assert (silent.state, silent.enquiries, silent.next_enquiry_at) == (
        State.UNKNOWN,
        0,
        LATER + timedelta(seconds=10),
    )


def test_an_enquiry_that_was_not_sent_does_not_say_that_the_operation_was_not() -> None:
    for state in UNDECIDED - {State.CREATED}:
        after = concluded(in_state(state), told(Learned.NOT_SENT, answered=False, is_repair=True), LATER)
        assert after.state is (State.UNKNOWN if state is State.SENT else state)


def test_after_a_week_it_is_for_an_operator_and_still_reserved() -> None:
    week = NOW + timedelta(days=7)
    for answered in (False, True):
        after = concluded(UNKNOWN, told(Learned.UNKNOWN, answered=answered, is_repair=True), week)
        assert (after.state, after.next_enquiry_at, after.decided_at, after.reserves) == (
            State.MANUAL,
            None,
            None,
            True,
        )


@pytest.mark.parametrize(("state", "learned"), list(product(State, Learned)))
@pytest.mark.parametrize("operation", [SENT, OWN, replace(OWN, reverses=1)], ids=["asked for", "own", "reversal"])
def test_what_is_decided_is_asked_about_no_more(state: State, learned: Learned, operation: StoredOperation) -> None:
    after = concluded(in_state(state, operation), told(learned, is_repair=True), LATER)
    assert (after.next_enquiry_at is None) == (after.state in FINAL) or after == in_state(state, operation)
    assert after.state not in UNDECIDED or after.next_enquiry_at is not None
    if state in FINAL and learned is not Learned.APPROVED:
        assert after == in_state(state, operation)


@pytest.mark.parametrize("state", sorted(WITHOUT_MONEY))
@pytest.mark.parametrize("kind", Kind)
def test_a_late_success_is_taken_back_where_that_is_possible(state: State, kind: Kind) -> None:
    before = replace(in_state(state), kind=kind)
    after = concluded(before, told(Learned.APPROVED), LATER)
    possible = kind in (Kind.AUTHORIZATION, Kind.CAPTURE)
    assert after.state is (State.REVERSED if possible else State.MANUAL)
    assert (after.decided_at, after.reserves) == (NOW, False)
    assert concluded(after, told(Learned.APPROVED), LATER) == after, "once"


@pytest.mark.parametrize(
    ("kind", "back", "held"),
    [(Kind.AUTHORIZATION, Kind.VOID, SENT.reference), (Kind.CAPTURE, Kind.REFUND, SENT.authorization_reference)],
)
def test_a_reversal_is_an_operation_of_its_own(kind: Kind, back: Kind, held: str) -> None:
    held_by = None if kind is Kind.AUTHORIZATION else SENT.authorization_reference
    reversal = reversal_of(replace(SENT, kind=kind, authorization_reference=held_by), lambda _: 4, LATER)
    assert (reversal.kind, reversal.reference, reversal.reverses) == (back, f"00-7-{back}-4", 3)
    assert (reversal.authorization_reference, reversal.state, reversal.next_enquiry_at) == (held, State.CREATED, LATER)
    assert (reversal.is_own, reversal.reserves) == (True, False)


@pytest.mark.parametrize(
    ("learned", "state"),
    [
        (Learned.APPROVED, State.APPROVED),
        (Learned.NOT_SENT, State.CREATED),
        (Learned.DECLINED, State.MANUAL),
        (Learned.CANCELLED, State.MANUAL),
        (Learned.UNKNOWN, State.UNKNOWN),
    ],
)
def test_an_operation_of_our_own_has_to_happen(learned: Learned, state: State) -> None:
    assert concluded(OWN, told(learned, answered=False), LATER).state is state


def test_an_operation_of_our_own_that_never_arrived_is_sent_again_under_its_reference() -> None:
    after = concluded(replace(OWN, state=State.UNKNOWN), told(Learned.NOT_FOUND, is_repair=True), LATER)
    assert (after.state, after.reference) == (State.CREATED, OWN.reference)


@pytest.mark.parametrize("learned", [Learned.APPROVED, Learned.DECLINED])
def test_an_operator_decides_what_is_manual_and_nothing_else(learned: Learned) -> None:
    for state in State:
        after = concluded(in_state(state), told(learned, by_operator=True), LATER)
        assert after.state is (State(learned.value) if state is State.MANUAL else state)
    settled = replace(SENT, state=State.MANUAL, decided_at=NOW, kind=Kind.REFUND)
    assert concluded(settled, told(learned, by_operator=True), LATER).state is State.REVERSED
