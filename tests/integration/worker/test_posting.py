"""The ledger's use case on both databases when other consumers are first or hold locks, or the connection breaks."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import cycle

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from payments.ledger.checking import Message
from payments.ledger.posting import ROUNDS, PostingOutcome, PostingResult, post_batch
from payments.outbox import store as outbox_store
from payments.outbox.rules import with_event_id
from payments.platform.database import create_engine
from tests.integration.worker.workers import number, pay

CLUSTER = "c1"


def messages(engine: Engine) -> list[Message]:
    """The messages that the relay would publish now, and a poison message."""
    with engine.connect().execution_options(reading=True) as connection:
        rows = outbox_store.pending(connection, 1000)
    good = [
        Message(row.topic, 0, row.event_id, 1, b"1", with_event_id(row.payload, row.event_id).encode()) for row in rows
    ]
    return [*good, Message("payment.voided", 5, 1, 1, None, b"{")]


def outcomes(results: list[PostingResult]) -> dict[PostingOutcome, int]:
    found = [each.outcome for each in results]
    return {outcome: found.count(outcome) for outcome in set(found)}


@contextmanager
def before_each(engine: Engine, read: Callable[[], None], write: Callable[[], None]) -> Iterator[None]:
    """Do something before each batch is read and checked, and something else before its transaction begins."""
    turns = cycle([read, write])

    def on_checkout(*_: object) -> None:
        next(turns)()

    event.listen(engine, "checkout", on_checkout)
    yield
    event.remove(engine, "checkout", on_checkout)


def before_each_write(engine: Engine, do: Callable[[], None]) -> AbstractContextManager[None]:
    return before_each(engine, lambda: None, do)


@pytest.fixture
def another(database_url: str) -> Iterator[Engine]:
    """The engine of another consumer."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def counts(engine: Engine) -> tuple[int, int, int]:
    return (
        number(engine, "SELECT COUNT(*) FROM inbox_event"),
        number(engine, "SELECT COUNT(*) FROM ledger_entry"),
        number(engine, "SELECT COUNT(*) FROM dead_letter"),
    )


def test_when_another_consumer_was_faster_all_is_repeated(engine: Engine, another: Engine) -> None:
    pay(engine, "a", 5)
    batch, faster = messages(engine), iter([True])

    def post_elsewhere() -> None:
        if next(faster, False):
            assert outcomes(post_batch(another, batch, CLUSTER)) == {
                PostingOutcome.POSTED: 10,
                PostingOutcome.DEAD_LETTER: 1,
            }

    with before_each_write(engine, post_elsewhere):
        assert outcomes(post_batch(engine, batch, CLUSTER)) == {PostingOutcome.REPEATED: 11}
    assert counts(engine) == (10, 15, 1)


def test_when_another_posted_a_part_the_rest_is_posted(engine: Engine, another: Engine) -> None:
    pay(engine, "a", 5)
    batch, faster = messages(engine), iter([True])

    def post_some_elsewhere() -> None:
        if next(faster, False):
            post_batch(another, batch[2:5], CLUSTER)

    with before_each_write(engine, post_some_elsewhere):
        results = post_batch(engine, batch, CLUSTER)
    assert outcomes(results) == {PostingOutcome.POSTED: 7, PostingOutcome.REPEATED: 3, PostingOutcome.DEAD_LETTER: 1}
    assert counts(engine) == (10, 15, 1)


def test_many_consumers_with_the_same_batch_post_it_once(engine: Engine, database_url: str) -> None:
    pay(engine, "a", 50)
    batch, together, found = messages(engine), threading.Barrier(4), []

    def consume() -> None:
        own = create_engine(database_url)
        together.wait()
        found.append(outcomes(post_batch(own, batch, CLUSTER)))
        own.dispose()

    threads = [threading.Thread(target=consume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.get(PostingOutcome.POSTED, 0) for each in found) == 100
    assert sum(each.get(PostingOutcome.DEAD_LETTER, 0) for each in found) == 1
    assert counts(engine) == (100, 150, 1)


def test_a_payment_that_is_locked_is_waited_for(mariadb_url: str) -> None:
    """A posting takes a shared lock on its payment; a capture may lock the row for longer than the lock timeout."""
    engine = create_engine(mariadb_url)
    pay(engine, "a", 2)
    batch, rounds = messages(engine), []
    with engine.connect() as holder:
        transaction = holder.begin()
        holder.execute(text("SELECT * FROM payment WHERE payment_id = 1 FOR UPDATE"))

        def release_in_the_second_round() -> None:
            rounds.append(1)
            if len(rounds) == 2:
                transaction.rollback()

        with before_each_write(engine, release_in_the_second_round):
            assert outcomes(post_batch(engine, batch, CLUSTER)) == {
                PostingOutcome.POSTED: 4,
                PostingOutcome.DEAD_LETTER: 1,
            }
    assert len(rounds) == 2
    assert counts(engine) == (4, 6, 1)
    engine.dispose()


def test_one_that_never_gets_its_lock_is_told(mariadb_url: str) -> None:
    engine = create_engine(mariadb_url)
    pay(engine, "a", 1)
    batch, rounds = messages(engine), []
    with engine.connect() as holder:
        transaction = holder.begin()
        holder.execute(text("SELECT * FROM payment WHERE payment_id = 1 FOR UPDATE"))
        with before_each_write(engine, lambda: rounds.append(1)), pytest.raises(SQLAlchemyError):
            post_batch(engine, batch, CLUSTER)
        transaction.rollback()
    assert len(rounds) == ROUNDS
    assert counts(engine) == (0, 0, 0)
    engine.dispose()


def test_a_connection_lost_in_the_middle_leaves_nothing_half_done(mariadb_url: str) -> None:
    engine, another = create_engine(mariadb_url), create_engine(mariadb_url)
    pay(engine, "a", 5)
    batch, statements = messages(engine), []

    def cut(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)
        if "INTO ledger_entry" in statement and len(statements) < 10:
            driver = connection.connection.dbapi_connection
            assert driver is not None
            with another.begin() as killer:
                killer.execute(text(f"KILL {driver.thread_id()}"))

    event.listen(engine, "before_cursor_execute", cut)
    with pytest.raises(SQLAlchemyError):
        post_batch(engine, batch, CLUSTER)
    event.remove(engine, "before_cursor_execute", cut)
    assert counts(engine) == (0, 0, 0)
    assert outcomes(post_batch(engine, batch, CLUSTER)) == {PostingOutcome.POSTED: 10, PostingOutcome.DEAD_LETTER: 1}
    engine.dispose()
    another.dispose()


def test_an_event_without_its_payment_row_stops_nothing(engine: Engine) -> None:
    """The outbox has an event of a missing payment: a dead letter, not a batch that always fails."""
    pay(engine, "a", 1)
    batch = messages(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox_event SET aggregate_id = 77 WHERE event_id = 1"))
    value = (batch[0].value or b"").replace(b'"paymentId":1,', b'"paymentId":77,')
    results = post_batch(engine, [batch[0]._replace(value=value), *batch[1:]], CLUSTER)
    assert results[0].error_type == "PaymentNotFound"
    assert results[1].outcome is PostingOutcome.POSTED


def test_nothing_to_do_writes_nothing(engine: Engine) -> None:
    pay(engine, "a", 1)
    batch = messages(engine)
    post_batch(engine, batch, CLUSTER)
    writes: list[int] = []
    with before_each_write(engine, lambda: writes.append(1)):
        assert outcomes(post_batch(engine, batch[:-1], CLUSTER)) == {PostingOutcome.REPEATED: 2}
    assert writes == []
