"""INSERTs written as text, on both databases: all or none of a transaction, in one round trip on MariaDB."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import IntegrityError

from payments.platform.tables.events import inbox_event
from payments.platform.tables.processes import lease
from payments.platform.writing import Insert, as_text, write, write_in_parts, write_returning

NOW = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
AT = as_text(NOW)
COLUMNS = ("event_id", "payment_id", "posted_at")


def inbox(*rows: tuple[int, int]) -> Insert:
    return Insert(inbox_event.name, COLUMNS, [(*row, AT) for row in rows])


def stored(connection: Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(select(inbox_event).order_by(inbox_event.c.event_id))]


def test_several_statements_are_written_in_their_order(engine: Engine) -> None:
    again = inbox((2, 9), (3, 3))._replace(keys=("event_id",), changed=("payment_id",))
    with engine.begin() as connection:
        write(connection, inbox((1, 1), (2, 2)), again)
        assert stored(connection) == [(1, 1, NOW), (2, 9, NOW), (3, 3, NOW)]


def test_an_error_ends_it_and_rolls_back_as_ever(engine: Engine) -> None:
    with engine.begin() as connection:
        write(connection, inbox((1, 1)))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        write(connection, inbox((2, 2)), inbox((1, 1)), inbox((3, 3)))
    with engine.begin() as connection:
        assert stored(connection) == [(1, 1, NOW)]


def test_values_are_escaped_by_the_driver(engine: Engine) -> None:
    texts = ["'; DROP TABLE lease; --", "%s", '\\"', "é\0😀", "?"]
    columns = ("name", "holder", "fence", "renewed_at", "expires_at")
    with engine.begin() as connection:
        write(connection, Insert(lease.name, columns, [(name, name, 1, AT, AT) for name in texts]))
        assert set(connection.execute(select(lease.c.holder)).scalars()) == set(texts)


def test_on_mariadb_it_is_one_round_trip(mariadb: Engine) -> None:
    asked = text("SHOW SESSION STATUS LIKE 'Questions'")
    with mariadb.begin() as connection:
        before = int(connection.execute(asked).one()[1])
        write(connection, inbox((1, 1)), inbox((2, 2)), inbox((3, 3)))
        assert int(connection.execute(asked).one()[1]) - before == 2  # the second is this query


def test_what_is_larger_than_a_packet_is_parted(engine: Engine) -> None:
    rows = [("payment", n, "E", "t", "é" * 500_000, "{}", AT, 0, 0) for n in range(20)]
    columns = [
        "aggregate_type",
        "aggregate_id",
        "event_type",
        "topic",
        "payload",
        "headers",
        "created_at",
        "published",
        "attempts",
    ]
    with engine.begin() as connection:
        write_in_parts(connection, Insert("outbox_event", tuple(columns), rows))
        lengths = connection.execute(text("SELECT aggregate_id, LENGTH(payload) > 499999 FROM outbox_event")).all()
    assert sorted(map(tuple, lengths)) == [(n, 1) for n in range(20)]


def test_what_is_made_comes_back(engine: Engine) -> None:
    row = "(?,?,?)" if engine.dialect.name == "sqlite" else "(%s,%s,%s)"
    with engine.begin() as connection:
        assert sorted(
            map(tuple, write_returning(connection, inbox((1, 5), (2, 6)), row, "event_id", "payment_id"))
        ) == [
            (1, 5),
            (2, 6),
        ]
        assert connection.execute(select(func.count()).select_from(inbox_event)).scalar_one() == 2


def test_a_local_time_is_refused() -> None:
    with pytest.raises(ValueError, match="times must be UTC"):
        as_text(datetime(2025, 10, 27))  # noqa: DTZ001
