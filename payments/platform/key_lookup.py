"""SELECTs rows by many composite keys, as one statement text; knows no table.

For the hot paths, as `writing`: Core's expanding IN of 200 keys costs five times what MariaDB needs to find them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection


def rows_by_keys(
    connection: Connection, table: str, columns: Sequence[str], key: Sequence[str], wanted: Iterable[Sequence[Any]]
) -> Sequence[Sequence[Any]]:
    """`columns` of the rows of `table` whose `key` columns have one of the `wanted` values."""
    values = list(wanted)
    if not values:
        return []
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    each = f"({','.join([mark] * len(key))})"
    found = f"SELECT {','.join(columns)} FROM {table} WHERE ({','.join(key)})"  # noqa: S608  (names of our own)
    # VALUES: SQLite accepts no list of rows after IN
    rows = ",".join([each] * len(values))
    inside = f"(VALUES {rows})" if mark == "?" else f"({rows})"
    return connection.exec_driver_sql(f"{found} IN {inside}", tuple(part for row in values for part in row)).all()
