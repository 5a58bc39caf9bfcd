"""The ledger's use case on both databases: replays settle dead letters, and a flood stores nothing of its batch."""

import json
from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, text

from payments.dead_letters import halt, halt_store
from payments.dead_letters import service as dead_letters
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.halt import PoisonWatch, PostingHalted
from payments.dead_letters.store import DeadLetter
from payments.ledger.checking import Message
from payments.ledger.posting import PostingOutcome, PostingResult, post_batch
from tests.integration.worker.test_posting import CLUSTER, counts, messages, outcomes
from tests.integration.worker.workers import number, pay


def bad(offset: int, value: bytes = b"{", letter_id: int | None = None) -> Message:
    return Message("payment.voided", 0, offset, 1, None, value, letter_id)


def post(engine: Engine, batch: Sequence[Message], watch: PoisonWatch | None = None) -> list[PostingResult]:
    return post_batch(engine, batch, CLUSTER, watch)


def letter(engine: Engine, letter_id: int = 1) -> DeadLetter:
    with engine.begin() as connection:
        found = dead_letter_store.get(connection, letter_id)
    assert found is not None
    return found


def replay(engine: Engine, letter_id: int = 1) -> None:
    with engine.begin() as connection:
        dead_letters.replay(connection, letter_id, "cli:ann")


def early(engine: Engine) -> Message:
    """The message of an event that is stored later; a dead letter until then."""
    pay(engine, "a", 1, captures=0)
    message = messages(engine)[0]
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox_event SET aggregate_type = 'hidden' WHERE event_id = 1"))
    (result,) = post(engine, [message])
    assert result.error_type == "EventNotFound"
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox_event SET aggregate_type = 'payment' WHERE event_id = 1"))
    return message._replace(offset=900, letter_id=1)


def test_a_replay_that_is_posted_resolves_its_letter(engine: Engine) -> None:
    again = early(engine)
    replay(engine)
    assert outcomes(post(engine, [again])) == {PostingOutcome.POSTED: 1}
    assert (letter(engine).state, counts(engine)) == ("RESOLVED", (1, 1, 1))
    assert outcomes(post(engine, [again])) == {PostingOutcome.REPEATED: 1}


def test_a_replay_of_what_is_posted_already_resolves_its_letter(engine: Engine) -> None:
    again = early(engine)
    assert outcomes(post(engine, [again._replace(offset=1, letter_id=None)])) == {PostingOutcome.POSTED: 1}
    assert letter(engine).state == "OPEN"
    replay(engine)
    assert outcomes(post(engine, [again, again])) == {PostingOutcome.REPEATED: 2}
    assert (letter(engine).state, counts(engine)) == ("RESOLVED", (1, 1, 1))


def test_a_replay_that_fails_again_makes_no_second_letter_and_no_announcement(engine: Engine) -> None:
    post(engine, [bad(1)])
    replay(engine)
    assert outcomes(post(engine, [bad(2, letter_id=1)])) == {PostingOutcome.DEAD_LETTER: 1}
    assert outcomes(post(engine, [bad(2, letter_id=1)])) == {PostingOutcome.REPEATED: 1}
    assert (letter(engine).state, letter(engine).attempts) == ("OPEN", 2)
    assert number(engine, "SELECT COUNT(*) FROM outbox_event WHERE aggregate_type = 'dead_letter'") == 1


@pytest.mark.parametrize("stranger", [bad(2, letter_id=77), bad(2, b"[", 1), bad(2, letter_id=1)._replace(topic="x")])
def test_a_borrowed_number_hides_nothing(engine: Engine, stranger: Message) -> None:
    post(engine, [bad(1)])
    replay(engine)
    assert outcomes(post(engine, [stranger])) == {PostingOutcome.DEAD_LETTER: 1}
    assert (letter(engine).state, letter(engine, 2).state) == ("REPLAYING", "OPEN")


def test_of_a_flood_nothing_is_stored_until_it_is_accepted(engine: Engine) -> None:
    pay(engine, "a", 5)
    batch = [*messages(engine)[:-1], *(bad(offset) for offset in range(60))]
    watch = PoisonWatch()
    for _ in range(2):
        with pytest.raises(PostingHalted, match="of the last 50 messages could not be posted"):
            post(engine, batch, watch)
    assert counts(engine) == (0, 0, 0)
    assert number(engine, "SELECT COUNT(*) FROM outbox_event WHERE aggregate_type = 'dead_letter'") == 0
    assert number(engine, "SELECT COUNT(*) FROM ledger_halt") == 1
    with pytest.raises(PostingHalted):  # other workers, and this one after a restart
        post(engine, batch[:1], PoisonWatch())
    with engine.begin() as connection:
        halt.resume(connection, 60, "cli:ann")
    assert outcomes(post(engine, batch, watch)) == {PostingOutcome.POSTED: 10, PostingOutcome.DEAD_LETTER: 60}
    with engine.begin() as connection:
        last = halt_store.newest(connection)
    assert last is not None
    assert (last.is_open, last.accepted_left) == (False, 0)


def test_poison_delivered_again_and_replays_are_no_flood(engine: Engine) -> None:
    watch = PoisonWatch()
    for start in range(0, 80, 40):
        post(engine, [bad(offset) for offset in range(start, start + 40)], PoisonWatch())
    assert outcomes(post(engine, [bad(offset) for offset in range(80)], watch)) == {PostingOutcome.REPEATED: 80}
    for letter_id in dead_letters.open_ids(engine, None, None):
        replay(engine, letter_id)
    again = [bad(100 + number_, letter_id=number_) for number_ in range(1, 81)]
    assert outcomes(post(engine, again, watch)) == {PostingOutcome.DEAD_LETTER: 80}
    assert counts(engine) == (0, 0, 80)


def test_a_letter_says_its_error_anew(engine: Engine) -> None:
    value = json.dumps({"paymentId": 1, "eventId": 1, "amount": 7}).encode()
    post(engine, [bad(1, value)])
    assert letter(engine).error_type == "PaymentNotFound"
    pay(engine, "a", 1, captures=0)
    replay(engine)
    post(engine, [bad(2, value, 1)])
    assert (letter(engine).error_type, letter(engine).attempts) == ("EventNotFound", 2)
