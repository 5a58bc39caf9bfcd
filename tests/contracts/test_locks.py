"""Rows that another transaction has locked: who waits, who gets an error, and that other commands go on."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from payments.payment import idempotency_store
from payments.payment import store as payment_store
from payments.payment.answers import StoredAnswer
from payments.payment.commands import Command
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.writing import write
from tests.contracts.answers import captured, new_payment_id, status_or_code
from tests.contracts.commands import authorize, capture, carry_out, new_payment, run_one, void
from tests.servers import until


@contextmanager
def holding(engine: Engine, payment_id: int) -> Iterator[Connection]:
    """Another transaction has locked the payment's row (on SQLite: the file)."""
    with engine.connect() as connection, connection.begin():
        payment_store.lock(connection, [payment_id])
        yield connection


WAITING = (
    "FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id"
    " WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()"
)


def wait_for_lock_wait(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watcher:
        waiting = text(f"SELECT COUNT(*) {WAITING}")
        # MariaDB caches this for 0.1 s, so ask less often
        until(lambda: watcher.execute(waiting).scalar_one(), "somebody waits for a lock", interval=0.15)


def test_a_held_payment_row_does_not_fail_its_neighbours(mariadb: Engine) -> None:
    held, free = new_payment_id(mariadb, "held"), new_payment_id(mariadb, "free")
    with holding(mariadb, held):
        stuck, *others = carry_out(
            mariadb, capture(held, "c"), capture(free, "c2"), authorize("n"), void(free, "v"), seconds=4.5
        )
    assert [status_or_code(result) for result in others] == ["CAPTURED", "AUTHORIZED", "VOID_CONFLICT"]
    assert status_or_code(stuck) == "SERVICE_UNAVAILABLE", "nothing was committed for it, so its key may be used again"
    assert status_or_code(run_one(mariadb, capture(held, "c"))) == "CAPTURED"


def test_a_payment_row_that_is_given_back_in_time_is_waited_for(mariadb: Engine) -> None:
    held, free = new_payment_id(mariadb, "held"), new_payment_id(mariadb, "free")
    with ThreadPoolExecutor(1) as pool:
        with holding(mariadb, held):
            results = pool.submit(carry_out, mariadb, capture(held, "c"), capture(free, "c2"))
            wait_for_lock_wait(mariadb)
        assert [status_or_code(result) for result in results.result(15)] == ["CAPTURED", "CAPTURED"]


def test_the_time_of_a_step_is_after_the_wait_for_its_payment(mariadb: Engine) -> None:
    def locked_at() -> datetime:
        with mariadb.begin() as connection:
            return payment_store.lock(connection, [held])[1]

    held = new_payment_id(mariadb, "held")
    with ThreadPoolExecutor(1) as pool:
        with holding(mariadb, held) as holder:
            waiting = pool.submit(locked_at)
            wait_for_lock_wait(mariadb)
            still_held_at = database_now(holder)
        assert waiting.result(15) >= still_held_at


@pytest.mark.parametrize(
    "make", [lambda i: capture(i, "held"), lambda _: authorize("held")], ids=["capture", "authorize"]
)
def test_a_held_key_is_in_progress_and_neighbours_succeed(mariadb: Engine, make: Callable[[int], Command]) -> None:
    payment_id, free = new_payment_id(mariadb, "p"), new_payment_id(mariadb, "free")
    command = make(payment_id)
    with mariadb.connect() as first, first.begin() as transaction:
        if command.operation == "capture":
            idempotency_store.reserve(first, {command.scope: command.digest})
        else:
            payment_store.add(first, [new_payment("held")])
        stuck, *others = carry_out(mariadb, command, capture(free, "c"), authorize("n"), seconds=4.5)
        assert status_or_code(stuck) == "REQUEST_IN_PROGRESS"
        assert [status_or_code(result) for result in others] == ["CAPTURED", "AUTHORIZED"]
        transaction.rollback()  # the owner crashed: no marker remains
    assert status_or_code(run_one(mariadb, command)) in ("CAPTURED", "AUTHORIZED")


def test_a_key_whose_owner_commits_while_we_wait_is_replayed(mariadb: Engine) -> None:
    payment_id = new_payment_id(mariadb, "p")
    command = capture(payment_id, "c", 4000)
    with ThreadPoolExecutor(1) as pool, mariadb.connect() as first:
        transaction = first.begin()
        idempotency_store.reserve(first, {command.scope: command.digest})
        waiting = pool.submit(carry_out, mariadb, command)
        wait_for_lock_wait(mariadb)
        answer = StoredAnswer(command.digest, 200, '{"status":"ITS OWNER\'S"}')
        write(first, idempotency_store.filling({command.scope: answer}, database_now(first)))
        transaction.commit()
        (result,) = waiting.result(15)
    assert (result.body, result.replayed) == (answer.body, True)
    assert captured(mariadb) == 0


def test_a_deadlock_runs_again(mariadb: Engine) -> None:
    first, second = new_payment_id(mariadb, "first"), new_payment_id(mariadb, "second")
    with ThreadPoolExecutor(1) as pool, mariadb.connect() as other:
        transaction = other.begin()
        heavy: list[dict[str, Any]] = [
            {"at": database_now(other), "actor": "a", "action": "b", "target": str(n), "detail": ""} for n in range(99)
        ]
        other.execute(text("INSERT INTO operator_action (at, actor, action, target, detail)"
                           " VALUES (:at, :actor, :action, :target, :detail)"),
                      [row | {"at": row["at"].replace(tzinfo=None)} for row in heavy])  # fmt: skip
        payment_store.lock(other, [second])
        batch = pool.submit(carry_out, mariadb, capture(first, "c1"), capture(second, "c2"))
        wait_for_lock_wait(mariadb)  # the batch has the first row and waits for the second
        payment_store.lock(other, [first])  # MariaDB ends the lighter of the two: the batch
        transaction.commit()
        assert [status_or_code(result) for result in batch.result(15)] == ["CAPTURED", "CAPTURED"]


def test_a_file_that_another_process_writes_is_waited_for(sqlite_url: str) -> None:
    engine, impatient = create_engine(sqlite_url), create_engine(sqlite_url, busy_ms=10)
    payment_id = new_payment_id(engine, "p")
    with ThreadPoolExecutor(1) as pool:
        with holding(engine, payment_id):
            assert (
                status_or_code(carry_out(impatient, capture(payment_id, "a", 1), seconds=0.2)[0])
                == "SERVICE_UNAVAILABLE"
            )
            waiting = pool.submit(carry_out, impatient, capture(payment_id, "c"))
        assert status_or_code(waiting.result(15)[0]) == "CAPTURED"
    engine.dispose()
    impatient.dispose()


def test_a_killed_connection_runs_again(mariadb: Engine) -> None:
    held = new_payment_id(mariadb, "p")
    with ThreadPoolExecutor(1) as pool:
        with holding(mariadb, held):
            batch = pool.submit(carry_out, mariadb, capture(held, "c"))
            wait_for_lock_wait(mariadb)
            with mariadb.connect() as killer:
                victim = killer.execute(text(f"SELECT trx_mysql_thread_id {WAITING}")).scalar_one()
                killer.execute(text(f"KILL {victim}"))
        assert status_or_code(batch.result(15)[0]) == "CAPTURED"
