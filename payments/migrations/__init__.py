"""Migrations, forward only, one at a time; each works with the release before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from payments.platform.database import create_engine

LOCK_NAME: Final = "payops.migrate"
LOCK_WAIT_SECONDS: Final = 120
STATEMENT_SECONDS: Final = 3600
"""An ALTER of a large table takes minutes; only then is the server taken for dead."""


class MigrationLocked(Exception):
    """Another migration has been running for longer than we wait."""


def migrate(url: str) -> str:
    """Upgrade the database of `url` (a SQLAlchemy URL) to the newest schema; returns its revision.

    Safe to run from several machines at once: one migrates, the others wait. Raises MigrationLocked after 120 s.
    """
    engine = create_engine(url, pool_size=1, timeout=STATEMENT_SECONDS)
    try:
        with _alone(engine) as connection:
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    finally:
        engine.dispose()


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A connection that no second migration has at the same time."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection, connection.begin():  # BEGIN IMMEDIATE: one writer; DDL is transactional
            yield connection
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        lock = text("SELECT GET_LOCK(:name, :seconds)")
        if connection.execute(lock, {"name": LOCK_NAME, "seconds": LOCK_WAIT_SECONDS}).scalar_one() != 1:
            raise MigrationLocked(f"Another migration has been running for {LOCK_WAIT_SECONDS} s; wait for it to end.")
        try:
            yield connection
        finally:
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": LOCK_NAME})
