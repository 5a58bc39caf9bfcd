"""Migrations create exactly the tables of the code; running them again, or twice at once, changes nothing."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, inspect, select, text

from payments.migrations import migrate
from payments.payment import store as payment_store
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.every import metadata
from payments.platform.tables.payments import payment
from payments.platform.tables.reconciliation import recon_file
from stack.mariadb import MariaDBAddress
from tests.servers import empty_database

HEAD = "0020"


@pytest.fixture(params=["sqlite", "mariadb"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    address: MariaDBAddress = request.getfixturevalue("mariadb_server")
    with empty_database(address) as url:
        yield url


def schema(url: str) -> list[Any]:
    """The database's description of its tables, triggers and views."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                return sorted(connection.execute(text("SELECT type, name, sql FROM sqlite_master")).all())
            tables = sorted(inspect(connection).get_table_names())
            made = [connection.execute(text(f"SHOW CREATE TABLE {name}")).one()[1] for name in tables]
            triggers = connection.execute(text("SHOW TRIGGERS")).all()
            return [
                *made,
                *sorted((t[0], t[1], t[2], t[3], t[4]) for t in triggers),
                inspect(connection).get_view_names(),
            ]
    finally:
        engine.dispose()


def test_the_migrated_schema_is_what_the_code_sees(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    assert migrate(empty_url) == HEAD
    before = schema(empty_url)
    assert migrate(empty_url) == HEAD
    assert schema(empty_url) == before


def test_what_was_killed_before_it_was_noted_runs_again(mariadb_server: MariaDBAddress) -> None:
    """MariaDB commits each ALTER by itself; the revision is noted afterwards."""
    with empty_database(mariadb_server) as url:
        migrate(url)
        before = schema(url)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
        engine.dispose()
        assert migrate(url) == HEAD
        assert schema(url) == before


def test_two_at_once_make_one_schema(empty_url: str) -> None:
    """Two processes, as two machines would: threads would share Alembic's globals."""
    command = [sys.executable, "-m", "payments", "migrate"]
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(
                lambda _: subprocess.run(
                    command, env={"DATABASE_URL": empty_url}, capture_output=True, text=True, timeout=180, check=False
                ),
                range(2),
            )
        )
    assert [(run.returncode, run.stdout) for run in done] == [(0, f"database is at revision {HEAD}\n")] * 2, done
    assert migrate(empty_url) == HEAD


class Killed(Exception):
    """The process ended between two statements."""


@contextmanager
def killed_after_each_new_statement() -> Iterator[set[str]]:
    """Each new statement is the last of its process. MariaDB has committed it, if it was DDL."""
    seen: set[str] = set()

    def after(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said = (
            statement if statement.startswith("INSERT INTO platform") else f"{statement} {parameters}"
        )  # random values
        if said not in seen and not statement.lstrip().startswith(("SELECT", "PRAGMA", "SHOW", "DESCRIBE", "SET")):
            seen.add(said)
            raise Killed(statement)

    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield seen
    finally:
        event.remove(Engine, "after_cursor_execute", after)


def test_a_migration_that_was_killed_at_any_statement_runs_again_to_the_end(
    empty_url: str, request: pytest.FixtureRequest, long: bool
) -> None:
    if empty_url.startswith("sqlite") and not long:
        pytest.skip("its DDL is part of the transaction: each attempt begins anew, which takes minutes (--long)")
    kills = 0
    with killed_after_each_new_statement() as seen:
        while True:
            try:
                migrate(empty_url)
                break
            except Killed:
                kills += 1
    assert kills == len(seen) > 30
    whole = request.getfixturevalue("sqlite_url" if empty_url.startswith("sqlite") else "mariadb_url")
    assert schema(empty_url) == schema(whole)


def test_the_release_before_writes_what_this_one_reads(engine: Engine) -> None:
    """Its INSERT names its columns, without open_until."""
    with engine.begin() as connection:
        now = database_now(connection)
        row = {
            "merchant_id": "M1",
            "amount": 100,
            "currency": "KRW",
            "status": "AUTHORIZED",
            "idempotency_key": "k",
            "captured_amount": 0,
            "released_amount": 0,
            "refunded_amount": 0,
            **{name: now.replace(tzinfo=None) for name in ("requested_at", "updated_at", "expires_at")},
        }
        before = text(f"INSERT INTO payment ({','.join(row)}) VALUES ({','.join(f':{name}' for name in row)})")
        connection.execute(before, row)
        assert connection.execute(select(payment.c.open_until)).scalar_one() == now
        assert payment_store.expired(connection, now, 10) == [(1, "M1")]
        connection.execute(text("UPDATE payment SET captured_amount = 100"))
        assert connection.execute(select(payment.c.open_until)).scalar_one() is None
        assert payment_store.expired(connection, now, 10) == []


def test_files_of_the_release_before_count_as_searched(engine: Engine) -> None:
    columns = "sha256, connector, name, day, state, line_count, matched, exceptions, created_by, created_at, ended_at"
    files = {"DONE": "'2030-05-18 06:00:00'", "READING": "NULL"}
    with engine.begin() as connection:
        for state, ended_at in files.items():
            values = f"'{state}', 'simulator', 'x', '2030-05-17', '{state}', 0, 0, 0, 'a', '2030-05-18', {ended_at}"
            connection.execute(text(f"INSERT INTO recon_file ({columns}) VALUES ({values})"))
        assert connection.execute(select(recon_file.c.searched_at)).scalars().all() == [None, None]
        connection.execute(text("UPDATE alembic_version SET version_num = '0017'"))
    assert migrate(engine.url.render_as_string(hide_password=False)) == HEAD
    with engine.connect() as connection:
        found = connection.execute(select(recon_file.c.searched_at).order_by(recon_file.c.state)).scalars().all()
    assert found == [datetime(2030, 5, 18, 6, tzinfo=UTC), None]


def test_migrations_form_one_line() -> None:
    scripts = ScriptDirectory(str(Path(sys.modules[migrate.__module__].__file__ or "").parent))
    assert scripts.get_heads() == [HEAD]
    assert [script.revision for script in scripts.walk_revisions()] == [f"{n:04d}" for n in range(int(HEAD), 0, -1)]


def test_a_migration_that_cannot_be_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "payments", "migrate"]
    for environment, sentence in (
        ({}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "mysql+pymysql://nobody@127.0.0.1:1/paydb"}, "The database could not be migrated"),
        ({"DATABASE_URL": f"sqlite:///{tmp_path}/no/such/folder.db"}, "The database could not be migrated"),
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode != 0
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def test_tables_of_mariadb_are_innodb(mariadb_url: str) -> None:
    engine = create_engine(mariadb_url)
    with engine.connect() as connection:
        kinds = connection.execute(
            text(
                "SELECT DISTINCT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND engine <> ''"
            )
        )
        assert kinds.scalars().all() == ["InnoDB"]
    engine.dispose()
