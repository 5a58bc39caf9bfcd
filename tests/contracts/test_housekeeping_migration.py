"""The migration of housekeeping's tables is run again after it was killed half-way: DDL is not transactional."""

import pytest
from sqlalchemy import Engine, inspect, text

from payments.adapters.database import create_engine
from payments.migrations import migrate

STEPS = ("DROP TABLE task_run", "DROP TABLE clock_watch", "DROP INDEX ix_dead_letter_key ON dead_letter")


@pytest.mark.parametrize("undone", range(len(STEPS) + 1))
def test_a_migration_that_was_killed_is_run_again(mariadb_url: str, undone: int) -> None:
    engine: Engine = create_engine(mariadb_url)
    with engine.begin() as connection:
        for statement in STEPS[len(STEPS) - undone :]:
            connection.execute(text(statement))
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    migrate(mariadb_url)
    with engine.connect() as connection:
        there = inspect(connection)
        assert {"task_run", "clock_watch"} <= set(there.get_table_names())
        assert "ix_dead_letter_key" in {index["name"] for index in there.get_indexes("dead_letter")}
    engine.dispose()
