"""What MariaDB keeps on disk: the size of a database, and a way to write much without a flush at each commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine, text

from bench.platform import wait_until

WRITING_SECONDS: Final = 600.0
FEW_PAGES: Final = 500
"""Pages that are not written yet, few enough to begin a measurement."""
WRITE_AT_ONCE: Final = (
    "innodb_max_dirty_pages_pct = 0",
    "innodb_io_capacity_max = 40000",
    "innodb_io_capacity = 20000",
)
DEFAULTS: Final = ("innodb_io_capacity = 200", "innodb_io_capacity_max = 2000", "innodb_max_dirty_pages_pct = 90")
"""Of MariaDB 10.11."""
_DIRTY = text(
    "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Innodb_buffer_pool_pages_dirty'"
)
_BYTES = text(
    "SELECT SUM(file_size) FROM information_schema.innodb_sys_tablespaces WHERE name LIKE CONCAT(DATABASE(), '/%')"
)


@contextmanager
def without_flushes(engine: Engine) -> Iterator[None]:
    """No flush at each commit inside the block; at its end all is on disk, and commits are durable again."""
    with engine.connect() as connection:
        connection.execute(text("SET GLOBAL innodb_flush_log_at_trx_commit = 0"))
        try:
            yield
        finally:
            connection.execute(text("SET GLOBAL innodb_flush_log_at_trx_commit = 1"))
        for setting in WRITE_AT_ONCE:
            connection.execute(text(f"SET GLOBAL {setting}"))
        wait_until(lambda: _dirty_pages(engine) < FEW_PAGES, WRITING_SECONDS, "the added rows are on disk")
        for setting in DEFAULTS:
            connection.execute(text(f"SET GLOBAL {setting}"))


def _dirty_pages(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(_DIRTY).scalar_one())


def bytes_on_disk(engine: Engine) -> int:
    """What the tables and indexes of the engine's database take."""
    with engine.connect() as connection:
        return int(connection.execute(_BYTES).scalar_one())
