"""Column types and table options that all tables share, on both databases. Migrations have their own copies."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, Text
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMBLOB, MEDIUMTEXT, TINYINT
from sqlalchemy.types import TypeDecorator, UserDefinedType

MARIADB_OPTIONS: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_nopad_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
    "sqlite_autoincrement": True,  # else a pruned id is given again, and its posting is taken for a repeat
}


class UtcTime(TypeDecorator[datetime]):
    """UTC with microseconds; aware in Python, naive in the database."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """DATETIME(6) on MariaDB, ISO text on SQLite."""
        return dialect.type_descriptor(DateTime() if dialect.name == "sqlite" else DATETIME(fsp=6))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raise ValueError for a time that is not UTC."""
        if value is None:
            return None
        if value.tzinfo is not UTC:
            raise ValueError("times must be UTC")
        return value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class _Flag(UserDefinedType[int]):
    """A small integer in a column that was created as BOOLEAN."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name on SQLite."""
        return "BOOLEAN"


SmallNumber = _Flag().with_variant(TINYINT(1), "mysql", "mariadb")
Id = BigInteger().with_variant(Integer(), "sqlite")
LongText = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
LongBytes = LargeBinary().with_variant(MEDIUMBLOB(), "mysql", "mariadb")
