"""The classification of real errors of both databases, and the settings of sessions."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from payments.platform.clock import database_now
from payments.platform.database import Failure, classify, create_engine, engine_options, took_too_long, upsert
from payments.platform.tables.events import inbox_event
from payments.platform.tables.ledger import ledger_entry
from tests.servers import until

NOW = datetime(2025, 10, 27, tzinfo=UTC)
INBOX = {"event_id": 1, "payment_id": 1, "posted_at": NOW}
ENTRY = {
    "payment_id": 1,
    "event_id": 1,
    "posting_no": 0,
    "debit_account": "a",
    "credit_account": "b",
    "amount": 1,
    "currency": "KRW",
    "occurred_at": NOW,
    "posted_at": NOW,
}


def failure_of(act: Callable[[], object]) -> Failure:
    with pytest.raises(SQLAlchemyError) as caught:
        act()
    return classify(caught.value)


def test_errors_of_statements(engine: Engine, subtests: pytest.Subtests) -> None:
    with engine.begin() as connection:
        connection.execute(inbox_event.insert(), INBOX)
    attempts: dict[str, tuple[Failure, Callable[[Connection], object]]] = {
        "a taken key": (Failure.DUPLICATE, lambda c: c.execute(inbox_event.insert(), INBOX)),
        "no such payment": (Failure.OTHER, lambda c: c.execute(ledger_entry.insert(), ENTRY)),
        "a CHECK": (Failure.OTHER, lambda c: c.execute(ledger_entry.insert(), ENTRY | {"amount": 0})),
        "a missing value": (Failure.OTHER, lambda c: c.execute(text("INSERT INTO inbox_event (event_id) VALUES (2)"))),
        "no such table": (Failure.OTHER, lambda c: c.execute(text("SELECT * FROM nowhere"))),
        "no SQL": (Failure.OTHER, lambda c: c.execute(text("SELEKT"))),
    }
    for name, (expected, attempt) in attempts.items():
        with subtests.test(name), engine.connect() as connection:
            assert failure_of(partial(attempt, connection)) is expected


def test_a_row_that_somebody_holds(mariadb_url: str) -> None:
    engine = create_engine(mariadb_url)
    with engine.begin() as first:
        first.execute(inbox_event.insert(), INBOX)
        with engine.begin() as second:
            assert failure_of(lambda: second.execute(inbox_event.insert(), INBOX)) is Failure.LOCKED
    engine.dispose()


def test_a_killed_connection_and_a_silent_one_are_lost(mariadb_url: str) -> None:
    engine = create_engine(mariadb_url, timeout=1)
    with engine.connect() as killer, engine.connect() as victim:
        killer.execute(text(f"KILL {victim.execute(text('SELECT CONNECTION_ID()')).scalar_one()}"))
        assert failure_of(lambda: victim.execute(text("SELECT 1"))) is Failure.LOST
    with engine.connect() as slow:
        assert failure_of(lambda: slow.execute(text("SELECT SLEEP(4)"))) is Failure.LOST
    engine.dispose()


def sleeping(connection: Connection) -> list[int]:
    """The ids of the statements that sleep in the server."""
    query = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'SELECT SLEEP%'"
    return list(connection.execute(text(query)).scalars())


def test_the_server_ends_a_statement_before_its_client_gives_up(mariadb_url: str) -> None:
    engine = sqlalchemy.create_engine(mariadb_url, **engine_options(mariadb_url, statement_seconds=0.2))
    with engine.connect() as connection:
        with pytest.raises(SQLAlchemyError) as caught:
            connection.execute(text("SELECT SLEEP(60)"))
        assert (classify(caught.value), took_too_long(caught.value)) == (Failure.LOST, True)
        assert connection.execute(text("SELECT 1")).scalar_one() == 1, "the connection is as it was"
    engine.dispose()


@pytest.mark.parametrize("statement", ["SELECT SLEEP(60)", "BEGIN NOT ATOMIC SELECT SLEEP(60); SELECT 2; END"])
def test_no_statement_goes_on_for_long_after_its_client_has_gone(mariadb_url: str, statement: str) -> None:
    engine = create_engine(mariadb_url, timeout=1)
    with engine.connect() as watcher, engine.connect() as client:
        with pytest.raises(SQLAlchemyError) as caught:
            client.exec_driver_sql(statement)
        assert (classify(caught.value), took_too_long(caught.value)) == (Failure.LOST, True)
        until(lambda: not sleeping(watcher), "the statement has ended", seconds=3)
    engine.dispose()


def test_what_was_lost_at_once_did_not_take_too_long(mariadb_url: str) -> None:
    engine = create_engine(mariadb_url)
    with engine.connect() as killer, engine.connect() as victim:
        killer.execute(text(f"KILL {victim.execute(text('SELECT CONNECTION_ID()')).scalar_one()}"))
        with pytest.raises(SQLAlchemyError) as caught:
            victim.execute(text("SELECT 1"))
        assert not took_too_long(caught.value)
    engine.dispose()


def test_no_server_and_no_free_connection_are_lost(mariadb_url: str) -> None:
    assert failure_of(create_engine("mysql+pymysql://nobody@127.0.0.1:1/paydb").connect) is Failure.LOST
    engine = create_engine(mariadb_url, pool_size=1)
    with engine.connect():
        assert failure_of(engine.connect) is Failure.LOST
    engine.dispose()


def test_a_file_that_somebody_writes_and_one_that_is_not_there(sqlite_url: str, tmp_path: Path) -> None:
    engine = create_engine(sqlite_url, busy_ms=1)
    with engine.begin(), engine.connect() as second:
        assert failure_of(second.begin) is Failure.BUSY
    assert failure_of(create_engine(f"sqlite:///{tmp_path}/no/folder.db").connect) is Failure.LOST
    engine.dispose()


def test_readers_of_a_file_do_not_wait_for_its_writer(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url, busy_ms=1)
    with engine.begin() as writer, engine.connect().execution_options(reading=True) as reader:
        writer.execute(inbox_event.insert(), INBOX)
        assert reader.execute(text("SELECT COUNT(*) FROM inbox_event")).scalar_one() == 0
    engine.dispose()


def test_sessions_of_mariadb(mariadb_url: str) -> None:
    engine = create_engine(mariadb_url)
    with engine.connect() as connection:
        names = (
            "tx_isolation, innodb_lock_wait_timeout, idle_write_transaction_timeout, time_zone, max_statement_time,"
            " sql_mode"
        )
        said = connection.execute(text("SELECT " + ", ".join(f"@@{name.strip()}" for name in names.split(",")))).one()
    engine.dispose()
    assert said[:5] == ("READ-COMMITTED", 1, 5, "+00:00", 2.5)
    assert "STRICT_ALL_TABLES" in said[5]


def test_sessions_of_sqlite(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    expected = {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "busy_timeout": 5000,
        "recursive_triggers": 1,
    }
    with engine.connect() as connection:
        said = {name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in expected}
    engine.dispose()
    assert said == expected


def test_the_database_s_clock_is_utc_and_has_microseconds(engine: Engine) -> None:
    with engine.connect() as connection:
        first, second = database_now(connection), database_now(connection)
    assert first.tzinfo is UTC
    assert first <= second
    assert abs((datetime.now(UTC) - first).total_seconds()) < 60


def test_an_upsert_changes_what_it_may_and_nothing_else(engine: Engine) -> None:
    later = datetime(2026, 1, 1, tzinfo=UTC)
    with engine.begin() as connection:
        connection.execute(inbox_event.insert(), INBOX)
        rows = [{"event_id": n, "payment_id": 9, "posted_at": later} for n in (1, 2)]
        connection.execute(upsert(connection, inbox_event, ["event_id"], ["posted_at"]), rows)
        stored = connection.execute(inbox_event.select().order_by(inbox_event.c.event_id)).all()
    assert [tuple(row) for row in stored] == [(1, 1, later), (2, 9, later)]
