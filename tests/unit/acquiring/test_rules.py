"""The life of an operation: laws about every state and answer, and histories against an acquirer that has the truth."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.acquiring.connector import Answer, Kind, Operation, Repeated, Seen
from payments.acquiring.rules import (
    FINAL,
    MEANING,
    REPAIR,
    WITHOUT_MONEY,
    Learned,
    Repair,
    State,
    after,
    ask_again,
    given_up,
    learned,
    reference,
    sent,
    told_by,
)

OURS = Operation(Kind.CAPTURE, "00-7-capture-1", 1000, "USD")
ABOUT_OURS = Repeated("00-7-capture-1", "capture", 1000, "USD")
SENT_AT = datetime(2030, 5, 17, tzinfo=UTC)


def test_what_is_seen_means() -> None:
    means = {seen: learned(OURS, Answer(seen, ABOUT_OURS)).value for seen in Seen}
    assert means == {
        **dict.fromkeys([Seen.BREAKER_OPEN, Seen.TOO_MANY_CALLS, Seen.NO_TIME, Seen.NOT_CONNECTED], "NOT_SENT"),
        **dict.fromkeys([Seen.TIMED_OUT, Seen.LOST, Seen.RATE_LIMITED, Seen.SERVER_ERROR], "UNKNOWN"),
        **dict.fromkeys([Seen.UNREADABLE, Seen.PROCESSING], "UNKNOWN"),
        **{seen: seen.name for seen in (Seen.APPROVED, Seen.DECLINED, Seen.NOT_FOUND, Seen.CANCELLED)},
    }
    assert set(MEANING) == set(Seen)


@pytest.mark.parametrize("seen", [Seen.APPROVED, Seen.DECLINED, Seen.CANCELLED])
@pytest.mark.parametrize(
    "about",
    [
        None,
        replace(ABOUT_OURS, reference="00-7-capture-2"),
        replace(ABOUT_OURS, kind="refund"),
        replace(ABOUT_OURS, amount=1001),
        replace(ABOUT_OURS, currency="EUR"),
    ],
)
def test_a_decision_that_is_not_about_ours_is_none(seen: Seen, about: Repeated | None) -> None:
    assert learned(OURS, Answer(seen, about)) is Learned.UNKNOWN


def test_a_tombstone_of_what_never_came_has_its_reference_alone() -> None:
    bare = Repeated(OURS.reference, None, None, None)
    assert learned(OURS, Answer(Seen.CANCELLED, bare)) is Learned.CANCELLED
    assert learned(OURS, Answer(Seen.APPROVED, bare)) is Learned.UNKNOWN


@pytest.mark.parametrize(("state", "told"), list(product(State, Learned)))
def test_every_state_and_answer(state: State, told: Learned) -> None:
    then = after(state, told)
    contradicted = state in WITHOUT_MONEY and told is Learned.APPROVED
    if state in FINAL:
        assert then is (State.MANUAL if contradicted else state)
    if then is State.FAILED and state is not State.FAILED:
        assert told is Learned.CANCELLED, "failed without a confirmed cancel"
    if then is State.NOT_SENT and state is not State.NOT_SENT:
        assert state in (State.CREATED, State.SENT), "what was sent cannot become NOT_SENT"
    if then is State.FENCING and state is not State.FENCING:
        assert (state, told) == (State.UNKNOWN, Learned.NOT_FOUND)
    if then in (State.APPROVED, State.DECLINED) and then is not state:
        assert told.value == then.value
    assert then not in (State.CREATED, State.SENT) or then is state


def test_a_late_success_after_a_confirmed_cancel_is_for_an_operator() -> None:
    assert after(after(State.FENCING, Learned.CANCELLED), Learned.APPROVED) is State.MANUAL


def test_an_operation_is_sent_once() -> None:
    assert sent(State.CREATED) is State.SENT
    for state in set(State) - {State.CREATED}:
        with pytest.raises(ValueError, match="sent once"):
            sent(state)


def test_it_is_asked_about_for_a_week() -> None:
    ages: list[float] = []
    now = SENT_AT
    while (at := ask_again(SENT_AT, len(ages), now, answered=True)) is not None:
        ages.append((at - SENT_AT) / timedelta(seconds=1))
        now = at
    assert ages == [2, 10, 30, 120, 600, 3600, 21600, *(86400 * day for day in range(1, 8))]


def test_times_that_passed_meanwhile_are_left_out() -> None:
    late = SENT_AT + timedelta(minutes=5)
    assert ask_again(SENT_AT, 1, late, answered=True) == SENT_AT + timedelta(minutes=10)


def test_an_enquiry_that_nobody_answered_is_repeated_soon_and_for_a_week() -> None:
    for age in (timedelta(seconds=2), timedelta(days=6)):
        assert ask_again(SENT_AT, 3, SENT_AT + age, answered=False) == SENT_AT + age + timedelta(seconds=10)
    assert ask_again(SENT_AT, 3, SENT_AT + timedelta(days=7), answered=False) is None


@pytest.mark.parametrize("seen", Seen)
def test_what_is_told_is_what_was_learned(seen: Seen) -> None:
    answer = Answer(seen, ABOUT_OURS, "op_1", "card_declined")
    told = told_by(OURS, answer, is_repair=True)
    assert (told.reference, told.learned, told.is_repair) == (OURS.reference, learned(OURS, answer), True)
    silent = {Seen.TIMED_OUT, Seen.LOST, Seen.RATE_LIMITED, Seen.SERVER_ERROR, Seen.UNREADABLE}
    assert told.answered == (seen not in silent and told.learned is not Learned.NOT_SENT)
    assert (told.acquirer_reference is not None) == (seen in (Seen.APPROVED, Seen.DECLINED, Seen.CANCELLED))


def test_words_about_another_operation_are_not_kept() -> None:
    told = told_by(OURS, Answer(Seen.APPROVED, replace(ABOUT_OURS, amount=1001), "op_1"))
    assert (told.learned, told.answered, told.acquirer_reference) == (Learned.UNKNOWN, False, None)


def test_out_of_tries_what_is_repaired_is_for_an_operator() -> None:
    assert {state for state in State if given_up(state) is not state} == set(REPAIR)
    assert {given_up(state) for state in REPAIR} == {State.MANUAL}


def test_a_reference_names_one_operation() -> None:
    assert reference("00", 12, Kind.AUTHORIZATION, 3) == "00-12-authorization-3"
    named = {reference("00", *each) for each in product((1, 11), Kind, (1, 11))}
    assert len(named) == 2 * len(Kind) * 2


@dataclass
class Acquirer:
    """The truth: what an acquirer knows of one reference, and whether the original is still on its way."""

    knows: Seen | None = None
    on_its_way: bool = False

    def arrive(self, decision: Seen) -> None:
        if self.on_its_way and self.knows is None:
            self.knows = decision
        self.on_its_way = False

    def decide(self, decision: Seen) -> None:
        if self.knows is Seen.PROCESSING:
            self.knows = decision

    def ask(self, repair: Repair) -> Seen:
        if repair is Repair.CANCEL and self.knows in (None, Seen.PROCESSING):
            self.knows = Seen.CANCELLED
        return self.knows or Seen.NOT_FOUND


DECISIONS = st.sampled_from([Seen.APPROVED, Seen.DECLINED, Seen.PROCESSING])
LOST = [Seen.TIMED_OUT, Seen.LOST, Seen.RATE_LIMITED, Seen.SERVER_ERROR, Seen.UNREADABLE]
FATES = st.sampled_from(["not sent", "lost on its way", "late", "answer lost", "wrong amount", "answered"])


def answered(fate: str, truth: Seen | None, lost: Seen) -> Answer:
    if fate == "not sent":
        return Answer(Seen.NOT_CONNECTED)
    if fate in ("answered", "wrong amount") and truth is not None:
        return Answer(truth, replace(ABOUT_OURS, amount=1000 if fate == "answered" else 1001))
    return Answer(lost)


def call(acquirer: Acquirer, fate: str, decision: Seen, lost: Seen) -> Answer:
    """The call that may move money; what is lost on its way never arrives, what is late may."""
    acquirer.on_its_way = fate not in ("not sent", "lost on its way")
    if fate != "late":
        acquirer.arrive(decision)
    return answered(fate, acquirer.knows, lost)


def repair(acquirer: Acquirer, state: State, fate: str, lost: Seen) -> State:
    if state not in REPAIR:
        return state
    truth = acquirer.ask(REPAIR[state]) if fate in ("answered", "wrong amount", "answer lost") else None
    return after(state, learned(OURS, answered(fate, truth, lost)))


def agrees(acquirer: Acquirer, state: State) -> bool:
    allowed = {
        State.APPROVED: acquirer.knows is Seen.APPROVED,
        State.DECLINED: acquirer.knows is Seen.DECLINED,
        State.FAILED: acquirer.knows is Seen.CANCELLED,
        State.NOT_SENT: acquirer.knows is None and not acquirer.on_its_way,
    }
    return allowed.get(state, True)


@given(
    first=st.tuples(FATES, DECISIONS, st.sampled_from(LOST)),
    then=st.lists(st.tuples(st.sampled_from(["arrive", "decide", "repair"]), FATES, DECISIONS, st.sampled_from(LOST))),
)
def test_no_history_ends_against_the_truth(
    first: tuple[str, Seen, Seen], then: list[tuple[str, str, Seen, Seen]]
) -> None:
    acquirer = Acquirer()
    state = after(sent(State.CREATED), learned(OURS, call(acquirer, *first)))
    assert agrees(acquirer, state)
    for event, fate, decision, lost in then:
        if event == "repair":
            state = repair(acquirer, state, fate, lost)
        else:
            (acquirer.arrive if event == "arrive" else acquirer.decide)(decision)
        assert agrees(acquirer, state), (state, acquirer)
    for _ in range(2):  # the faults are over: an enquiry, and a cancel of what is not known
        state = repair(acquirer, state, "answered", Seen.LOST)
    acquirer.arrive(Seen.APPROVED)
    assert agrees(acquirer, state)
    assert state in FINAL or acquirer.knows is Seen.PROCESSING
