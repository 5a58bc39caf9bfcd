"""INSERTs of many rows as one text each, and several of them in one round trip.

For the hot paths: Core's executemany costs more Python than the rows, and on MariaDB every round trip costs more than
a row. The texts hold placeholders only; the driver escapes every value. Knows no table.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection

Row = Sequence[Any]
_SQLITE: Final = "sqlite"
_PART_LIMIT: Final = 1024 * 1024
"""Characters of up to four bytes each; MariaDB's default packet has 16 MiB."""


class Insert(NamedTuple):
    """Rows for one table. `changed`: columns to update where the row of the key columns `keys` exists already.

    Values are texts, whole numbers and None; times go through `as_text`. There is at least one row.
    """

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Row]
    keys: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def write(connection: Connection, *inserts: Insert) -> None:
    """Run them in order, on MariaDB in one round trip. Raises sqlalchemy errors; the first one ends it."""
    if connection.dialect.name == _SQLITE:
        for insert in inserts:
            connection.exec_driver_sql(_text(insert, "?", _on_conflict(insert)), _values(insert))
        return
    texts, values = zip(*map(statement, inserts), strict=True)
    # a compound statement ends at its first error, as if each had been sent alone
    text = texts[0] if len(texts) == 1 else f"BEGIN NOT ATOMIC {'; '.join(texts)}; END"
    connection.exec_driver_sql(text, tuple(chain.from_iterable(values)))


def statement(insert: Insert) -> tuple[str, tuple[Any, ...]]:
    """One as MariaDB's text and its values."""
    return _text(insert, "%s", _on_duplicate(insert)), _values(insert)


def write_in_parts(connection: Connection, insert: Insert) -> None:
    """Run one whose rows may be large, in as many statements as keep each below MariaDB's largest packet."""
    part: list[Row] = []
    size = 0
    for row in insert.rows:
        length = sum(len(value) for value in row if isinstance(value, str))
        if part and size + length > _PART_LIMIT:
            write(connection, insert._replace(rows=part))
            part, size = [], 0
        part.append(row)
        size += length
    write(connection, insert._replace(rows=part))


def write_returning(connection: Connection, insert: Insert, row: str, *returned: str) -> Sequence[Row]:
    """Run one whose rows are the text `row` each (values: %s on MariaDB, ? on SQLite); returns columns `returned`.

    Times come back as `as_text` makes them.
    """
    text = f"{_head(insert)}{','.join([row] * len(insert.rows))} RETURNING JSON_ARRAY({','.join(returned)})"
    return rows_of(connection, text, _values(insert))


def rows_of(connection: Connection, text: str, values: tuple[Any, ...]) -> list[Row]:
    """The rows of a statement that answers one JSON array for each."""
    return [orjson.loads(row[0]) for row in connection.exec_driver_sql(text, values).all()]


def as_text(at: datetime) -> str:
    """A time as both databases store it. ValueError unless it is UTC."""
    if at.tzinfo is not UTC:
        raise ValueError("times must be UTC")
    return _text_of(at)


def from_text(text: str) -> datetime:
    """The time of which `as_text` made `text`."""
    return datetime.fromisoformat(f"{text}+00:00")


@lru_cache(maxsize=256)  # the rows of a batch have few times
def _text_of(at: datetime) -> str:
    return at.isoformat(" ", "microseconds")[:26]


def _head(insert: Insert) -> str:
    return f"INSERT INTO {insert.table} ({','.join(insert.columns)}) VALUES "  # noqa: S608  (names of our own)


def _text(insert: Insert, placeholder: str, ending: str) -> str:
    row = f"({','.join([placeholder] * len(insert.columns))})"
    return f"{_head(insert)}{','.join([row] * len(insert.rows))}{ending}"


def _values(insert: Insert) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(insert.rows))


def _on_duplicate(insert: Insert) -> str:
    if not insert.changed:
        return ""
    return " ON DUPLICATE KEY UPDATE " + ",".join(f"{name}=VALUES({name})" for name in insert.changed)


def _on_conflict(insert: Insert) -> str:
    if not insert.changed:
        return ""
    changes = ",".join(f"{name}=excluded.{name}" for name in insert.changed)
    return f" ON CONFLICT ({','.join(insert.keys)}) DO UPDATE SET {changes}"
