"""What goes to MariaDB past PyMySQL's own escaping comes back as it was, in every mode of quoting."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from payments.platform.database import create_engine

TEXTS = [
    *(chr(code) for code in range(0x180)),
    *("é😀", "\u2028", "\ufeff", "%s", "%(a)s", "%", "''", "\\'", "'\\", "\\\\'", "'; DROP TABLE lease; --", '"', ""),
    '{"status":"AUTHORIZED","detail":"O\'Neil \\"quoted\\""}',
]


class Word(StrEnum):
    """A text of another class than str."""

    ONE = "it's"


def answer(connection: Connection, *values: Any) -> list[Any]:
    """What SELECT answers for these values."""
    return list(connection.exec_driver_sql(f"SELECT {','.join(['%s'] * len(values))}", values).one())


@pytest.mark.parametrize("mode", ["STRICT_ALL_TABLES", "STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES", "ANSI_QUOTES"])
def test_every_text_comes_back(mariadb: Engine, mode: str) -> None:
    with mariadb.connect() as connection:
        connection.exec_driver_sql("SET SESSION sql_mode=%s", (mode,))
        assert answer(connection, *TEXTS) == TEXTS
        doubled = [f"a{one}{one}b" for one in TEXTS]
        assert answer(connection, *doubled) == doubled


def test_other_values_are_written_as_ever(mariadb: Engine) -> None:
    with mariadb.connect() as connection:
        given = [None, 0, -1, 2**63 - 1, Word.ONE, b"\0'\\", Decimal("1.50"), True]
        assert answer(connection, *given) == [None, 0, -1, 2**63 - 1, "it's", b"\0'\\", Decimal("1.50"), 1]
        named = connection.execute(text("SELECT :one, :two"), {"one": "it's", "two": 2}).one()
    assert tuple(named) == ("it's", 2)


def test_times_come_back_with_and_without_a_fraction(mariadb: Engine) -> None:
    with mariadb.connect() as connection:
        kinds = "CAST(%s AS DATETIME(6)), CAST(%s AS DATETIME), CAST(NULL AS DATETIME(6))"
        at = "2025-10-27 06:16:28.123456"
        found = connection.exec_driver_sql(f"SELECT {kinds}", (at, at)).one()
        connection.exec_driver_sql("SET SESSION sql_mode=''")
        never = connection.exec_driver_sql("SELECT CAST('0000-00-00 00:00:00' AS DATETIME)").scalar_one()
    assert tuple(found) == (datetime(2025, 10, 27, 6, 16, 28, 123456), datetime(2025, 10, 27, 6, 16, 28), None)  # noqa: DTZ001
    assert str(never) == "0000-00-00 00:00:00", "as PyMySQL shows it"


def test_an_error_tells_no_value(mariadb_url: str) -> None:
    """Keys and answers must not be logged."""
    engine = create_engine(mariadb_url)
    with engine.connect() as connection, pytest.raises(Exception, match="missing") as caught:
        connection.exec_driver_sql("INSERT INTO missing VALUES (%s)", ("a secret",))
    assert "a secret" not in str(caught.value)
    engine.dispose()
