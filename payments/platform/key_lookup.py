"""SELECTs rows by many keys as statement texts, of several tables in one round trip; knows no table.

For the hot paths, as `writing`: Core's expanding IN of 200 keys costs five times what MariaDB needs to find them.
A row comes as one JSON array: PyMySQL takes ten times as long for a value as orjson, and longer for a column's name.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from payments.platform.writing import Insert, Row, rows_of, statement

NOW: Final = "SYSDATE(6)"
"""A column with the time when a row is read, after the wait for its lock, not when the statement began. On MariaDB."""


class Lookup(NamedTuple):
    """Reads `columns` of the rows of `table` whose `key` columns have one of the `wanted` values.

    Values come as JSON has them: texts, whole numbers, None, and times as texts (2025-10-27 06:16:28.123456).
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    wanted: Collection[Sequence[Any]]
    ending: str = ""
    """What follows in its SELECT: an order, a lock."""


def read(connection: Connection, *lookups: Lookup) -> list[list[Row]]:
    """The rows of each, all as of one moment. Asks nothing when nothing is wanted."""
    asked = [(number, lookup) for number, lookup in enumerate(lookups) if lookup.wanted]
    found: list[list[Row]] = [[] for _ in lookups]
    if asked:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        text = " UNION ALL ".join(_select(lookup, f"{number},", mark) for number, lookup in asked)
        for number, *row in rows_of(connection, text, _values(lookup for _, lookup in asked)):
            found[number].append(row)
    return found


def write_and_read(connection: Connection, insert: Insert | None, lookup: Lookup) -> list[Row]:
    """Run the Insert, then read what is wanted, in one round trip of MariaDB. The first error ends it."""
    text, values = _select(lookup, "", "%s"), _values([lookup])
    if insert is not None:
        written, inserted = statement(insert)
        text, values = f"BEGIN NOT ATOMIC {written}; {text}; END", inserted + values
    return rows_of(connection, text, values)


def _select(lookup: Lookup, first: str, mark: str) -> str:
    columns, key = ",".join(lookup.columns), ",".join(lookup.key)
    each = f"({','.join([mark] * len(lookup.key))})"
    rows = ",".join([each] * len(lookup.wanted))
    inside = f"VALUES {rows}" if mark == "?" else rows  # SQLite accepts no list of rows after IN
    text = f"SELECT JSON_ARRAY({first}{columns}) FROM {lookup.table} WHERE ({key}) IN ({inside})"  # noqa: S608  (our own names)
    return text + lookup.ending


def _values(lookups: Iterable[Lookup]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(chain.from_iterable(lookup.wanted for lookup in lookups)))
