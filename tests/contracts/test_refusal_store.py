"""Refused and parked events on both databases: which rows wait, and that none waits for ever."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text, update

from payments.outbox import backlog as backlog_store
from payments.outbox import lease, refusal_store
from payments.outbox import service as outbox
from payments.outbox import store as outbox_store
from payments.outbox.lease import Lease
from payments.outbox.republish import republish_unposted
from payments.outbox.rules import Aggregate, OutboxState
from payments.platform.clock import database_now
from payments.platform.tables.events import inbox_event
from payments.platform.tables.events import outbox_event as table
from tests.contracts.refusing import NOW, event, hold_all, pending, refuse, states, stored
from tests.contracts.test_locks import wait_for_lock_wait


@pytest.fixture
def held(engine: Engine) -> Lease:
    """The relay's lease, and a database in which payment 1 has the events 1, 3, 4, payment 2 the event 2."""
    return stored(engine, 1, 2, 1, 1)


@pytest.mark.parametrize("parks", [False, True])
def test_later_events_of_the_same_payment_wait(engine: Engine, held: Lease, parks: bool) -> None:
    assert refuse(engine, held, 3, parks=parks) == 1
    assert hold_all(engine, held) == 1
    blocking = OutboxState.PARKED if parks else OutboxState.REFUSED
    assert states(engine) == {
        1: OutboxState.PENDING, 2: OutboxState.PENDING, 3: blocking, 4: OutboxState.BEHIND
    }  # fmt: skip
    with engine.begin() as connection:
        assert [row.event_id for row in pending(connection)] == [1, 2], "what came before it goes on"
        outbox_store.add(connection, [event(1)])
    assert hold_all(engine, held) == 1, "also one that was committed later"


def test_a_letter_with_the_number_of_a_payment_does_not_wait_for_it(engine: Engine, held: Lease) -> None:
    refuse(engine, held, 1, parks=True)
    with engine.begin() as connection:
        row = outbox_store.new_row(Aggregate.DEAD_LETTER, 1, "DEAD_LETTER", "payment.dlq", "{}", "{}", NOW)
        outbox_store.add(connection, [row])
    hold_all(engine, held)
    with engine.begin() as connection:
        assert [row.event_id for row in pending(connection)] == [2, 5]


def test_published_after_all_it_frees_those_behind_it(engine: Engine, held: Lease) -> None:
    refuse(engine, held, 1)
    hold_all(engine, held)
    with engine.begin() as connection:
        (row,) = outbox_store.claim(connection, OutboxState.REFUSED, 10)
        assert (row.event_id, row.attempts) == (1, 1)
        assert outbox_store.mark_published(connection, [1], database_now(connection), held) == 1
        refusal_store.free(connection, [row.aggregate])
    assert states(engine) == {1: OutboxState.PUBLISHED} | dict.fromkeys((2, 3, 4), OutboxState.PENDING)


def test_a_parked_event_is_out_of_the_relays_reach(engine: Engine, held: Lease) -> None:
    refuse(engine, held, 1, attempts=5, parks=True)
    assert refuse(engine, held, 1) == 0
    with engine.begin() as connection:
        assert outbox_store.claim(connection, OutboxState.REFUSED, 10) == []
        assert outbox_store.mark_published(connection, [1], NOW, held) == 0
        assert outbox_store.note_failure(connection, [1], "x", held) == 0
        assert republish_unposted_of(engine) == 0
    assert states(engine)[1] is OutboxState.PARKED


def republish_unposted_of(engine: Engine) -> int:
    if engine.dialect.name == "sqlite":  # one writer: the test holds the file
        return 0
    with engine.connect() as connection:
        return republish_unposted(connection)


def test_without_the_lease_nothing_is_refused_or_held(engine: Engine, held: Lease) -> None:
    refuse(engine, held, 1)
    with engine.begin() as connection:
        another = lease.acquire(connection, "relay", "me", 60)
    assert another is not None
    assert refuse(engine, held, 2) == 0
    assert hold_all(engine, held) == 0
    assert hold_all(engine, another) == 2


def test_an_outage_does_not_count_as_refusals(engine: Engine, held: Lease) -> None:
    refuse(engine, held, 1)
    with engine.begin() as connection:
        assert outbox_store.note_failure(connection, [1, 2], "time-out", held) == 1


def test_parked_is_not_pending(engine: Engine, held: Lease) -> None:
    refuse(engine, held, 1, parks=True)
    hold_all(engine, held)
    refuse(engine, held, 2)
    with engine.begin() as connection:
        backlog = backlog_store.outbox_backlog(connection)
        assert (backlog.pending, backlog_store.outbox_parked(connection)) == (1, 1), "what is being tried is pending"
        assert backlog_store.oldest_unposted(connection) == NOW
        connection.execute(update(table).where(table.c.event_id == 2).values(published=OutboxState.PUBLISHED))
        connection.execute(inbox_event.insert().values(event_id=2, payment_id=2, posted_at=NOW))
        assert backlog_store.outbox_backlog(connection).oldest is None
        assert backlog_store.oldest_unposted(connection) is None, "the ledger is not behind"


def test_a_release_between_reading_and_holding_leaves_nothing_waiting(engine: Engine, held: Lease) -> None:
    refuse(engine, held, 1, parks=True)
    with engine.begin() as connection:
        behind = refusal_store.behind(connection, pending(connection))
    assert [row.event_id for row in behind] == [3, 4]
    with engine.begin() as connection:
        outbox.release(connection, 1, "cli:me")
    with engine.begin() as connection:
        assert refusal_store.hold(connection, behind, held) == 0
    assert set(states(engine).values()) == {OutboxState.PENDING}


def test_a_hold_while_a_release_commits_leaves_nothing_waiting(mariadb: Engine) -> None:
    held = stored(mariadb, 1, 1)
    refuse(mariadb, held, 1, parks=True)
    with mariadb.connect() as operator, ThreadPoolExecutor(1) as pool:
        transaction = operator.begin()
        outbox.release(operator, 1, "cli:me")
        holding = pool.submit(hold_all, mariadb, held)
        wait_for_lock_wait(mariadb)
        transaction.commit()
        assert holding.result(15) == 0
    assert set(states(mariadb).values()) == {OutboxState.PENDING}


def test_a_release_while_a_hold_commits_frees_what_it_held(mariadb: Engine) -> None:
    held = stored(mariadb, 1, 1)
    refuse(mariadb, held, 1, parks=True)

    def release() -> None:
        with mariadb.begin() as connection:
            outbox.release(connection, 1, "cli:me")

    with mariadb.connect() as relay, ThreadPoolExecutor(1) as pool:
        transaction = relay.begin()
        assert refusal_store.hold(relay, refusal_store.behind(relay, pending(relay)), held) == 1
        releasing = pool.submit(release)
        wait_for_lock_wait(mariadb)
        transaction.commit()
        releasing.result(15)
    assert set(states(mariadb).values()) == {OutboxState.PENDING}


def test_claims_read_no_parked_rows(mariadb: Engine) -> None:
    """With thousands of parked events and thousands behind them, a claim reads only its rows, by the index."""
    with mariadb.begin() as connection:
        outbox_store.add(connection, [event(number // 2 + 10) for number in range(4000)])
        connection.execute(text("UPDATE outbox_event SET published = 2 + event_id % 2"))
        outbox_store.add(connection, [event(1), event(2)])
    with mariadb.connect() as connection:
        connection.execute(text("FLUSH STATUS"))
        rows = pending(connection)
        assert refusal_store.behind(connection, rows) == []
        read = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
    assert len(rows) == 2
    assert sum(int(count) for name, count in read if name != "Handler_read_rnd_deleted") < 50, json.dumps(
        dict(map(tuple, read))
    )
