"""Rows found by many keys, on both databases: every value as it was stored, of several tables in one round trip."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError

from payments.platform.key_lookup import Lookup, read, write_and_read
from payments.platform.tables.events import inbox_event
from payments.platform.tables.processes import lease
from payments.platform.writing import Insert, as_text, from_text, write

NOW = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
SECOND = datetime(2025, 10, 27, 6, 16, 28, 0, UTC)
NAMES = [
    *(f"{chr(code)}!" for code in range(0x180)),
    "é😀",
    "\u2028",
    "\ufeff",
    "null",
    "[1]",
    '{"a":1}',
    "\\u0041",
    "'",
]
LEASE = ("name", "holder", "fence", "renewed_at", "expires_at")
INBOX = ("event_id", "payment_id", "posted_at")


def leases(*names: str) -> Insert:
    return Insert(lease.name, LEASE, [(name, name, 2**63 - 1, as_text(NOW), as_text(SECOND)) for name in names])


def events(*ids: int) -> Insert:
    return Insert(inbox_event.name, INBOX, [(number, number * 10, as_text(NOW)) for number in ids])


def test_every_value_comes_back(engine: Engine) -> None:
    with engine.begin() as connection:
        write(connection, leases(*NAMES))
        (rows,) = read(connection, Lookup(lease.name, LEASE, ("name",), [(name,) for name in NAMES]))
    assert sorted(row[0] for row in rows) == sorted(NAMES)
    for name, holder, fence, renewed_at, expires_at in rows:
        assert (holder, fence) == (name, 2**63 - 1)
        assert (from_text(renewed_at), from_text(expires_at)) == (NOW, SECOND)


def test_tables_are_read_in_one_statement_and_told_apart(engine: Engine) -> None:
    said: list[str] = []
    with engine.begin() as connection:
        write(connection, leases("a", "b"), events(1, 2, 3))
        event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
        two, none, pairs = read(
            connection,
            Lookup(lease.name, ("holder",), ("name",), [("b",), ("c",)]),
            Lookup(lease.name, ("holder",), ("name",), []),
            Lookup(
                inbox_event.name, ("payment_id", "event_id"), ("event_id", "payment_id"), [(1, 10), (2, 9), (3, 30)]
            ),
        )
        assert (two, none, sorted(map(tuple, pairs))) == ([["b"]], [], [(10, 1), (30, 3)])
        assert len(said) == 1
        assert read(connection, Lookup(lease.name, ("holder",), ("name",), [])) == [[]]
        assert len(said) == 1, "nothing was wanted"


def test_what_was_just_written_is_read(mariadb: Engine) -> None:
    wanted = Lookup(inbox_event.name, ("event_id",), ("event_id",), [(2,), (1,), (9,)], " ORDER BY event_id FOR UPDATE")
    with mariadb.begin() as connection:
        write(connection, events(1))
        assert write_and_read(connection, events(2), wanted) == [[1], [2]]
        assert write_and_read(connection, None, wanted) == [[1], [2]]


def test_an_error_while_writing_is_the_error(mariadb: Engine) -> None:
    wanted = Lookup(inbox_event.name, ("event_id",), ("event_id",), [(1,)])
    with mariadb.begin() as connection:
        write(connection, events(1))
    with pytest.raises(IntegrityError), mariadb.begin() as connection:
        write_and_read(connection, events(2, 1), wanted)
    with mariadb.begin() as connection:
        assert write_and_read(connection, None, wanted._replace(wanted=[(2,)])) == []
