"""After any error of COMMIT no answer says that nothing was done, and a commit that was done is found."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pymysql
import pytest
from sqlalchemy import Connection, Engine, event, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError

from payments.platform.database import create_engine
from payments.platform.tables.processes import operator_action
from tests.contracts.answers import captured, new_payment_id, status_or_code
from tests.contracts.commands import authorize, capture, carry_out

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def error(kind: type[DBAPIError], code: int, text: str = "no") -> DBAPIError:
    return kind("COMMIT", None, pymysql.err.OperationalError(code, text))


ERRORS = {
    "a deadlock": error(OperationalError, 1213),
    "a lock that was not given": error(OperationalError, 1205),
    "a taken key": error(IntegrityError, 1062),
    "a lost connection": error(OperationalError, 2013),
    "a busy file": OperationalError("COMMIT", None, Exception("database is locked")),
    "a full disk": error(InternalError, 1030),
    "a read-only server": error(OperationalError, 1290),
    "what nobody has heard of": error(DBAPIError, 4711),
}


@contextmanager
def commits(engine: Engine, on_commit: Callable[[Connection], None]) -> Iterator[None]:
    event.listen(engine, "commit", on_commit)
    try:
        yield
    finally:
        event.remove(engine, "commit", on_commit)


@pytest.mark.parametrize("done", [False, True], ids=["undone", "done"])
def test_a_commit_that_fails_once_is_looked_up(engine: Engine, done: bool) -> None:
    failing: list[str] = []

    def fail_once(connection: Connection) -> None:
        if failing:
            if done:
                connection.exec_driver_sql("COMMIT")
            raise ERRORS[failing.pop()]

    with commits(engine, fail_once):
        for number, kind in enumerate(ERRORS, 1):
            payment_id = new_payment_id(engine, kind)
            failing.append(kind)
            results = carry_out(engine, capture(payment_id, f"c-{kind}", 4000), authorize(f"n-{kind}"))
            assert [(status_or_code(result), result.replayed) for result in results] == [
                ("PARTIALLY_CAPTURED", False), ("AUTHORIZED", False),
            ], kind  # fmt: skip
            assert captured(engine) == number * 4000
            failing.append(kind)
            (alone,) = carry_out(engine, authorize(f"alone-{kind}"))
            assert (status_or_code(alone), alone.replayed) == ("AUTHORIZED", False), kind


def test_a_commit_that_always_fails_is_unknown_and_leaves_nothing_open(engine: Engine) -> None:
    other = create_engine(engine.url.render_as_string(hide_password=False))
    failing: list[str] = []

    def fail(_connection: Connection) -> None:
        if failing:
            raise ERRORS[failing[-1]]

    with commits(engine, fail):
        for number, kind in enumerate(ERRORS, 1):
            payment_id = new_payment_id(other, kind)
            failing.append(kind)
            results = carry_out(engine, capture(payment_id, f"c-{kind}", 4000), authorize(f"n-{kind}"), seconds=0.1)
            failing.clear()
            assert [status_or_code(result) for result in results] == ["OUTCOME_UNKNOWN"] * 2, kind
            (again,) = carry_out(other, capture(payment_id, f"c-{kind}", 4000))  # its locks were released
            assert (status_or_code(again), again.replayed) == ("PARTIALLY_CAPTURED", False), kind
            assert captured(other) == number * 4000
    other.dispose()


def test_what_is_refused_after_a_commit_was_sent_is_unknown_too(engine: Engine) -> None:
    payment_id = new_payment_id(engine, "p")
    sent: list[Connection] = []

    def fail(connection: Connection) -> None:
        sent.append(connection)
        raise ERRORS["a full disk"]

    def refuse(*_: object) -> None:
        if sent:
            raise ERRORS["what nobody has heard of"]

    event.listen(engine, "before_cursor_execute", refuse)
    with commits(engine, fail):
        (result,) = carry_out(engine, capture(payment_id, "c", 4000), seconds=1)
    event.remove(engine, "before_cursor_execute", refuse)
    assert status_or_code(result) == "OUTCOME_UNKNOWN"


def test_what_a_failed_commit_leaves_open_is_stored_by_nobody_else(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also other transactions: relay, ledger and housekeeping commit by `engine.begin()`."""

    def fail(_connection: object) -> None:
        monkeypatch.undo()
        if engine.dialect.name == "sqlite":
            raise sqlite3.OperationalError("disk I/O error")
        raise pymysql.err.OperationalError(1290, "The MariaDB server is running with the --read-only option")

    monkeypatch.setattr(engine.dialect, "do_commit", fail)
    values = {"at": NOW, "actor": "cli:ann", "target": "t", "detail": ""}
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(insert(operator_action), {**values, "action": "given up"})
    with engine.begin() as connection:
        connection.execute(insert(operator_action), {**values, "action": "stored"})
    with engine.connect() as connection:
        assert connection.execute(select(operator_action.c.action)).scalars().all() == ["stored"]
