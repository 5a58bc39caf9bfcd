"""Tables of MariaDB that have grown quickly, and how many rows and index entries a session has read of them."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, Engine, text

from payments.platform.tables.every import metadata

_READS: Final = text(
    "SELECT SUM(variable_value) FROM information_schema.session_status WHERE variable_name LIKE 'Handler_read%'"
)


def rows_read(connection: Connection) -> int:
    """Rows and index entries read since the session began."""
    return int(connection.execute(_READS).scalar_one())


def grow(engine: Engine, fillings: Iterable[str]) -> None:
    """Run these statements; the statistics of all tables stay those of before."""
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(text(f"ANALYZE TABLE {table.name}")).all()
            connection.execute(text(f"ALTER TABLE {table.name} STATS_AUTO_RECALC=0"))
    with engine.begin() as connection:
        for filling in fillings:
            connection.exec_driver_sql(filling)
