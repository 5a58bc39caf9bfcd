"""Leases on both databases: one holder at a time, by the database's clock, and a fence that excludes former holders."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, insert, select, update

from payments.outbox import lease
from payments.outbox.lease import Lease, acquire, beat, give_back, holds, renew
from payments.platform.clock import database_now
from payments.platform.tables.processes import lease as table
from payments.platform.tables.processes import operator_action


def taken(engine: Engine, holder: str, seconds: float = 60.0) -> Lease | None:
    with engine.begin() as connection:
        return acquire(connection, "relay", holder, seconds)


def held(engine: Engine, holder: str, seconds: float = 60.0) -> Lease:
    found = taken(engine, holder, seconds)
    assert found is not None
    return found


def run_out(engine: Engine) -> None:
    """Make it expired, without waiting."""
    with engine.begin() as connection:
        past = database_now(connection) - timedelta(seconds=1)
        connection.execute(update(table).values(expires_at=past))


def test_the_first_takes_it_and_the_second_does_not(engine: Engine) -> None:
    assert held(engine, "a") == Lease("relay", "a", 1)
    assert taken(engine, "b") is None


def test_leases_of_other_names_are_other_leases(engine: Engine) -> None:
    held(engine, "a")
    with engine.begin() as connection:
        assert acquire(connection, "other", "b", 60) == Lease("other", "b", 1)


def test_one_that_ran_out_is_taken_over_with_the_next_fence(engine: Engine) -> None:
    first = held(engine, "a")
    run_out(engine)
    assert held(engine, "b") == Lease("relay", "b", 2)
    with engine.begin() as connection:
        assert not renew(connection, first, 60)
        assert not holds(connection, first)


def test_one_whose_end_lies_further_ahead_than_a_lease_lasts_is_taken_over(engine: Engine) -> None:
    """The database's clock was a year ahead when it was taken; its holder may have ended."""
    first = held(engine, "a")
    assert taken(engine, "b") is None
    with engine.begin() as connection:
        ahead = database_now(connection) + timedelta(days=365)
        connection.execute(update(table).values(renewed_at=ahead, expires_at=ahead + timedelta(seconds=60)))
    assert held(engine, "b") == Lease("relay", "b", 2)
    with engine.begin() as connection:
        assert not renew(connection, first, 60)
    assert taken(engine, "c") is None, "the new one is as good as any"


def test_one_that_ran_out_can_be_renewed_while_nobody_took_it(engine: Engine) -> None:
    first = held(engine, "a")
    run_out(engine)
    with engine.begin() as connection:
        assert holds(connection, first)
        assert renew(connection, first, 60)
    assert taken(engine, "b") is None


def test_a_holder_that_asks_again_gets_a_new_fence(engine: Engine) -> None:
    first, again = held(engine, "a"), held(engine, "a")
    assert again.fence == 2
    with engine.begin() as connection:
        assert not renew(connection, first, 60)


def test_given_back_it_is_free_at_once(engine: Engine) -> None:
    first = held(engine, "a")
    with engine.begin() as connection:
        give_back(connection, first)
    assert held(engine, "b").fence == 2


def test_a_former_holder_cannot_give_it_back(engine: Engine) -> None:
    first = held(engine, "a")
    run_out(engine)
    held(engine, "b")
    with engine.begin() as connection:
        give_back(connection, first)
    assert taken(engine, "c") is None


def test_it_lasts_as_long_as_asked_by_the_databases_clock(engine: Engine) -> None:
    held(engine, "a", 17)
    with engine.begin() as connection:
        row = connection.execute(select(table)).one()
        assert row.expires_at - row.renewed_at == timedelta(seconds=17)
        assert abs(database_now(connection) - row.renewed_at) < timedelta(seconds=5)


def test_a_write_on_the_strength_of_a_lost_lease_changes_nothing(engine: Engine) -> None:
    first = held(engine, "a")
    with engine.begin() as connection:
        now = database_now(connection)
        values = {"at": now, "actor": "x", "action": "x", "target": "x", "detail": "old"}
        connection.execute(insert(operator_action).values(values))
    statement = update(operator_action).where(lease.still_held()).values(detail="new")
    run_out(engine)
    second = held(engine, "b")
    with engine.begin() as connection:
        assert connection.execute(statement, first.parameters()).rowcount == 0
        assert connection.execute(statement, second.parameters()).rowcount == 1


def test_of_many_that_ask_at_once_one_gets_it(engine: Engine) -> None:
    held(engine, "before")
    run_out(engine)
    together, winners = Barrier(6), []

    def ask(holder: str) -> None:
        together.wait()
        found = taken(engine, holder)
        if found is not None:
            winners.append(found)

    threads = [Thread(target=ask, args=(f"h{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [winner.fence for winner in winners] == [2]


@pytest.mark.parametrize("holders", [("a", "a"), ("a", "b")])
def test_a_heartbeat_excludes_nobody_and_shows_the_last(engine: Engine, holders: tuple[str, str]) -> None:
    for holder in holders:
        with engine.begin() as connection:
            beat(connection, "ledger", holder)
    with engine.begin() as connection:
        row = connection.execute(select(table)).one()
        assert (row.name, row.holder) == ("ledger", holders[1])
        assert row.expires_at - row.renewed_at == timedelta(seconds=lease.HEARTBEAT_SECONDS)
