"""Engines and errors as far as they need no server; real errors of both databases are in tests/contracts."""

from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from payments.platform.database import Failure, check_sqlite_version, classify, create_engine, engine_options, with_ca


def test_no_connection_to_be_had_is_a_lost_one() -> None:
    assert classify(PoolTimeout("QueuePool limit")) is Failure.LOST


@pytest.mark.parametrize("error", [ValueError("times must be UTC"), StatementError("bad", "SELECT", {}, ValueError())])
def test_our_own_mistakes_are_other(error: Exception) -> None:
    assert classify(error) is Failure.OTHER


@pytest.mark.parametrize(
    ("original", "failure"),
    [
        (Exception(2006, "MySQL server has gone away"), Failure.LOST),
        (Exception(2013, "Lost connection to MySQL server during query"), Failure.LOST),
        (Exception(1927, "Connection was killed"), Failure.LOST),
        (Exception(1040, "Too many connections"), Failure.LOST),
        (Exception(1205, "Lock wait timeout exceeded"), Failure.LOCKED),
        (Exception(1213, "Deadlock found"), Failure.LOCKED),
        (Exception(1062, "Duplicate entry"), Failure.DUPLICATE),
        (Exception(1452, "a foreign key constraint fails"), Failure.OTHER),
        (Exception(4025, "CONSTRAINT failed"), Failure.OTHER),
        (Exception("database is locked"), Failure.BUSY),
        (Exception("unable to open database file"), Failure.LOST),
        (Exception("disk I/O error"), Failure.LOST),
        (Exception(), Failure.OTHER),
    ],
)
def test_errors_by_their_number_or_text(original: Exception, failure: Failure) -> None:
    assert classify(OperationalError("SELECT 1", {}, original)) is failure


def test_an_invalidated_connection_is_lost_whatever_its_error_says() -> None:
    assert classify(DBAPIError("SELECT 1", {}, Exception(9999), connection_invalidated=True)) is Failure.LOST
    assert classify(InterfaceError("SELECT 1", {}, Exception("(0, '')"))) is Failure.LOST


def test_an_old_sqlite_is_refused_with_a_sentence() -> None:
    check_sqlite_version((3, 35, 0))
    with pytest.raises(RuntimeError, match=r"SQLite 3\.34\.1 is too old: payops needs 3\.35 or newer"):
        check_sqlite_version((3, 34, 1))


def test_a_frozen_mariadb_cannot_hold_a_request_for_long() -> None:
    options = engine_options("mysql+pymysql://user@127.0.0.1/paydb")
    waits = {name: options["connect_args"][name] for name in ("connect_timeout", "read_timeout", "write_timeout")}
    assert waits == {"connect_timeout": 2, "read_timeout": 2, "write_timeout": 2}
    assert "pool_pre_ping" not in options


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_that_cannot_be_read_is_a_lost_connection(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    engine = create_engine(with_ca("mysql+pymysql://nobody:p%40ss@127.0.0.1:1/paydb", str(file)))
    with pytest.raises(OperationalError, match=r"the CA file .*ca\.pem cannot be read") as failed:
        engine.connect()
    assert classify(failed.value) is Failure.LOST


def test_a_ca_leaves_the_rest_of_a_url(tmp_path: Path) -> None:
    url = make_url(with_ca("mysql+pymysql://me:p%40ss@db-1:3307/paydb?charset=utf8mb4", str(tmp_path / "a b&c.pem")))
    assert (url.password, url.host, url.port, url.database) == ("p@ss", "db-1", 3307, "paydb")
    assert dict(url.query) == {"charset": "utf8mb4", "ssl_ca": str(tmp_path / "a b&c.pem")}


def test_an_engine_connects_only_when_asked() -> None:
    create_engine("mysql+pymysql://nobody@127.0.0.1:1/paydb").dispose()
