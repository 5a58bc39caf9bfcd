"""A round of enquiries, on both databases: what becomes known, what is sent, and what is only asked about again."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from payments.acquiring.connector import Seen
from payments.acquiring.rules import Learned, State
from payments.outbox.rules import EventType
from payments.platform.clock import database_now
from payments.platform.tables.events import outbox_event
from tests.contracts.commands import authorize, capture, expire, run_one
from tests.contracts.enquiring import NAME, Rounds, held, make_due, payment_of, sent, states, stored, unknown


@pytest.fixture
def rounds(engine: Engine) -> Rounds:
    return Rounds(engine)


def again(engine: Engine, key: str = "a") -> object:
    """What a repetition of the authorization is answered."""
    result = run_one(engine, authorize(key, connector=NAME))
    return result.error.code if result.error else (result.status, json.loads(result.body).get("status"))


def test_what_a_dead_request_has_sent_becomes_known(rounds: Rounds, engine: Engine) -> None:
    reference = sent(engine)
    assert again(engine) == "REQUEST_IN_PROGRESS"
    assert rounds.run(enquire=Seen.APPROVED) == [("enquire", reference)]
    assert stored(engine, reference).state is State.APPROVED
    assert again(engine) == (200, "AUTHORIZED")
    assert rounds.run() == [], "nothing is due any more"


def test_a_decline_is_final(rounds: Rounds, engine: Engine) -> None:
    reference = unknown(engine)
    rounds.run(enquire=Seen.DECLINED)
    assert (stored(engine, reference).state, payment_of(engine, reference).status) == (State.DECLINED, "DECLINED")


def test_what_is_not_found_is_cancelled_in_the_same_round_after_fencing_is_stored(
    rounds: Rounds, engine: Engine
) -> None:
    reference = unknown(engine)

    def cancelled() -> Seen:
        assert states(engine) == {reference: State.FENCING}
        return Seen.CANCELLED

    calls = rounds.run(enquire=Seen.NOT_FOUND, cancel=cancelled)
    assert calls == [("enquire", reference), ("cancel", reference)]
    assert (stored(engine, reference).state, stored(engine, reference).enquiries) == (State.FAILED, 2)
    assert payment_of(engine, reference).status == "DECLINED"


def test_without_a_cancel_nothing_has_failed(rounds: Rounds, engine: Engine) -> None:
    reference = unknown(engine)
    rounds.run(enquire=Seen.NOT_FOUND, cancel=Seen.TIMED_OUT)
    assert stored(engine, reference).state is State.FENCING
    make_due(engine)
    assert rounds.run(cancel=Seen.APPROVED) == [("cancel", reference)], "it is not enquired about any more"
    assert stored(engine, reference).state is State.APPROVED


def test_what_may_be_on_its_way_is_not_cancelled_yet(rounds: Rounds, engine: Engine) -> None:
    """The request that sent it has said nothing, and may still wait for its answer."""
    reference = sent(engine)
    assert rounds.run(enquire=Seen.NOT_FOUND, cancel=Seen.CANCELLED) == [("enquire", reference)]
    assert stored(engine, reference).state is State.UNKNOWN
    make_due(engine)
    assert rounds.run() == [("enquire", reference), ("cancel", reference)]
    assert stored(engine, reference).state is State.FAILED


@pytest.mark.parametrize("seen", [Seen.TIMED_OUT, Seen.LOST, Seen.NOT_CONNECTED, Seen.TOO_MANY_CALLS, Seen.NO_TIME])
@pytest.mark.parametrize("begin", [sent, unknown])
def test_an_enquiry_without_an_answer_says_nothing_and_is_no_try(
    rounds: Rounds, engine: Engine, seen: Seen, begin: object
) -> None:
    reference = sent(engine) if begin is sent else unknown(engine)
    assert rounds.run(enquire=seen) == [("enquire", reference)]
    left = stored(engine, reference)
    assert (left.state, left.enquiries) == (State.UNKNOWN, 0)
    assert left.next_enquiry_at
    with engine.connect() as connection:
        assert left.next_enquiry_at > database_now(connection)
    assert rounds.run() == []


def test_what_the_acquirer_still_processes_is_a_try(rounds: Rounds, engine: Engine) -> None:
    reference = unknown(engine)
    rounds.run(enquire=Seen.PROCESSING)
    assert (stored(engine, reference).state, stored(engine, reference).enquiries) == (State.UNKNOWN, 1)


def test_an_expiry_is_sent_after_the_intention_is_stored(rounds: Rounds, engine: Engine) -> None:
    payment_id = held(engine, lifetime=timedelta(0))
    run_one(engine, expire(payment_id))
    reference = f"00-{payment_id}-void-1"
    assert states(engine)[reference] is State.CREATED

    def approved() -> Seen:
        assert states(engine)[reference] is State.SENT
        return Seen.APPROVED

    assert rounds.run(void=approved) == [("void", reference)]
    assert payment_of(engine, reference).status == "EXPIRED"
    with engine.connect() as connection:
        assert EventType.EXPIRED in set(connection.execute(select(outbox_event.c.event_type)).scalars())


@pytest.mark.parametrize("seen", [Seen.NOT_CONNECTED, Seen.BREAKER_OPEN])
def test_an_expiry_that_was_not_sent_is_sent_later_under_its_reference(
    rounds: Rounds, engine: Engine, seen: Seen
) -> None:
    payment_id = held(engine, lifetime=timedelta(0))
    run_one(engine, expire(payment_id))
    reference = f"00-{payment_id}-void-1"
    rounds.run(void=seen)
    assert stored(engine, reference).state is State.CREATED
    assert rounds.run() == []
    make_due(engine)
    assert rounds.run(void=Seen.APPROVED) == [("void", reference)]
    assert payment_of(engine, reference).status == "EXPIRED"


def test_an_expiry_whose_answer_was_lost_is_asked_about_and_never_cancelled(rounds: Rounds, engine: Engine) -> None:
    payment_id = held(engine, lifetime=timedelta(0))
    run_one(engine, expire(payment_id))
    reference = f"00-{payment_id}-void-1"
    rounds.run(void=Seen.TIMED_OUT)
    make_due(engine)
    assert rounds.run(enquire=Seen.NOT_FOUND) == [("enquire", reference)]
    make_due(engine)
    assert rounds.run(void=Seen.APPROVED) == [("void", reference)]
    assert payment_of(engine, reference).status == "EXPIRED"


def test_a_capture_is_about_its_own_reference(rounds: Rounds, engine: Engine) -> None:
    payment_id = held(engine)
    reference = sent(engine, capture(payment_id, "c", 4000))
    rounds.run(enquire=Seen.APPROVED)
    assert payment_of(engine, reference).captured_amount == 4000


def test_what_was_learned_is_noted(rounds: Rounds, engine: Engine) -> None:
    unknown(engine)
    rounds.run(enquire=Seen.NOT_FOUND, cancel=Seen.CANCELLED)
    assert [learned for _, learned in rounds.noted] == [Learned.NOT_FOUND, Learned.CANCELLED]


def test_a_claim_ends_by_itself(rounds: Rounds, engine: Engine) -> None:
    reference = unknown(engine)
    rounds.unstored = {reference}
    with pytest.raises(Exception, match=reference):
        rounds.run()
    rounds.unstored = set()
    assert rounds.run() == []
    rounds.ahead = timedelta(seconds=15)
    assert rounds.run() == [("enquire", reference)]
    assert stored(engine, reference).state is State.APPROVED
