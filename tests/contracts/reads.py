"""How many rows and index entries MariaDB has read for a session: what a plan really costs, whatever EXPLAIN says."""

from typing import Final

from sqlalchemy import Connection, text

_READS: Final = text(
    "SELECT SUM(variable_value) FROM information_schema.session_status WHERE variable_name LIKE 'Handler_read%'"
)


def rows_read(connection: Connection) -> int:
    """Since the session began."""
    return int(connection.execute(_READS).scalar_one())
