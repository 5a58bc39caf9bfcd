"""The ledger's use case on both databases when one message of a batch cannot be posted: the others are posted."""

import json
from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError, SQLAlchemyError

from payments.dead_letters import service as dead_letters
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.halt import PoisonWatch
from payments.ledger import inbox_store
from payments.ledger.inbox_store import PostedEvent
from payments.ledger.posting import PostingOutcome, post_batch
from payments.platform.database import refuses_a_value
from tests.contracts.test_lost_replays import refuse
from tests.integration.worker.test_posting import CLUSTER, counts, messages, outcomes
from tests.integration.worker.test_posting_replays import letter
from tests.integration.worker.workers import number, pay


def test_what_the_database_refuses_is_a_letter_and_the_others_are_posted(engine: Engine) -> None:
    pay(engine, "a", 5)
    batch = messages(engine)
    refuse(engine, "NEW.event_id = 3", "ledger_entry", "INSERT")
    results = post_batch(engine, batch, CLUSTER)
    assert outcomes(results) == {PostingOutcome.POSTED: 9, PostingOutcome.DEAD_LETTER: 2}
    assert [each.message for each in results] == batch, "in their order"
    assert (results[2].outcome, results[2].error_type) == (PostingOutcome.DEAD_LETTER, "InvalidEvent")
    assert "refused by a test" in results[2].error_message
    assert number(engine, "SELECT COUNT(*) FROM inbox_event WHERE event_id = 3") == 0
    assert outcomes(post_batch(engine, batch, CLUSTER)) == {PostingOutcome.REPEATED: 11}
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER test_refusal")
        letter_id = connection.execute(text("SELECT id FROM dead_letter WHERE offset_no = 3")).scalar_one()
        dead_letters.replay(connection, letter_id, "cli:ann")
    post_batch(engine, [batch[2]._replace(offset=99, letter_id=letter_id)], CLUSTER)
    assert (letter(engine, letter_id).state, counts(engine)) == ("RESOLVED", (10, 15, 2))


@pytest.mark.parametrize("error", [KeyError("amount"), ValueError("no"), DataError("", {}, Exception(1264, "range"))])
def test_what_raises_is_a_letter_whatever_it_raises(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    pay(engine, "a", 5)
    post = inbox_store.post

    def fail(connection: Connection, events: Sequence[PostedEvent], now: datetime) -> None:
        if any(event.event_id == 4 for event in events):
            raise error
        post(connection, events, now)

    monkeypatch.setattr(inbox_store, "post", fail)
    assert outcomes(post_batch(engine, messages(engine), CLUSTER)) == {
        PostingOutcome.POSTED: 9,
        PostingOutcome.DEAD_LETTER: 2,
    }


def test_an_outbox_row_that_nobody_can_read_stops_only_its_own_message(engine: Engine) -> None:
    pay(engine, "a", 3)
    batch = messages(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox_event SET payload = '{}' WHERE event_id = 2"))
    results = post_batch(engine, batch, CLUSTER)
    assert outcomes(results) == {PostingOutcome.POSTED: 5, PostingOutcome.DEAD_LETTER: 2}
    assert results[1].error_message == "The message cannot be posted: KeyError 'amount'"


def test_postings_that_the_inbox_does_not_know_stop_only_their_own_message(engine: Engine) -> None:
    pay(engine, "a", 3)
    batch = messages(engine)
    post_batch(engine, batch[:1], CLUSTER)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM inbox_event"))
    assert outcomes(post_batch(engine, batch, CLUSTER)) == {PostingOutcome.POSTED: 5, PostingOutcome.DEAD_LETTER: 2}
    assert number(engine, "SELECT COUNT(*) FROM ledger_entry WHERE event_id = 1") == 1


def test_what_is_wrong_with_the_database_makes_no_letters(engine: Engine) -> None:
    pay(engine, "a", 3)
    batch = messages(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE inbox_event RENAME TO elsewhere"))
    with pytest.raises(SQLAlchemyError):
        post_batch(engine, batch, CLUSTER)
    assert number(engine, "SELECT COUNT(*) FROM dead_letter") == 0
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO inbox_event"))
    assert outcomes(post_batch(engine, batch, CLUSTER)) == {PostingOutcome.POSTED: 6, PostingOutcome.DEAD_LETTER: 1}


def test_a_letter_that_is_refused_waits(engine: Engine) -> None:
    """Nothing is skipped: the database is at fault when it refuses dead letters."""
    pay(engine, "a", 3)
    batch = messages(engine)
    refuse(engine, "NEW.offset_no = 1", "dead_letter", "INSERT")
    with pytest.raises(SQLAlchemyError):
        post_batch(engine, batch, CLUSTER)
    assert (counts(engine)[0], counts(engine)[2]) == (6, 0), "the others are posted"


def test_of_a_replay_that_is_refused_its_letter_tells(engine: Engine) -> None:
    value = json.dumps({"paymentId": 1, "eventId": 1, "amount": 1000, "currency": "KRW"}).encode()
    pay(engine, "a", 1, captures=0)
    message = messages(engine)[0]._replace(value=value)
    refuse(engine, "NEW.event_id = 1", "ledger_entry", "INSERT")
    post_batch(engine, [message], CLUSTER)
    with engine.begin() as connection:
        dead_letters.replay(connection, 1, "cli:ann")
    post_batch(engine, [message._replace(offset=9, letter_id=1)], CLUSTER, PoisonWatch())
    assert (letter(engine).state, letter(engine).attempts, counts(engine)) == ("OPEN", 2, (0, 0, 1))
    with engine.begin() as connection:
        assert dead_letter_store.newest_id(connection) == 1


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (DataError("", {}, Exception(1406, "too long")), True),
        (OperationalError("", {}, Exception(4025, "CONSTRAINT failed")), True),
        (OperationalError("", {}, Exception(1644, "signalled")), True),
        (OperationalError("", {}, Exception(1142, "denied")), False),
        (OperationalError("", {}, Exception(1114, "the table is full")), False),
        (OperationalError("", {}, Exception(2013, "lost")), False),
        (OperationalError("", {}, Exception(1205, "lock wait")), False),
        (ProgrammingError("", {}, Exception(1146, "no such table")), False),
        (ValueError("no"), True),
        (OSError("no"), False),
        (MemoryError(), False),
    ],
)
def test_a_value_is_refused_or_the_database_is_not_well(error: Exception, refused: bool) -> None:
    assert refuses_a_value(error) is refused
