"""Counts the rows and index entries that MariaDB has read for a session: the real cost of a plan."""

from typing import Final

from sqlalchemy import Connection, text

_READS: Final = text(
    "SELECT SUM(variable_value) FROM information_schema.session_status WHERE variable_name LIKE 'Handler_read%'"
)


def rows_read(connection: Connection) -> int:
    """Rows and index entries read since the session began."""
    return int(connection.execute(_READS).scalar_one())
