"""Column types, table options and DDL that every migration uses; the same on both databases where that is possible.

MariaDB commits each DDL statement by itself, so a migration may be killed between two of them and is then run again
from its beginning: every statement must do nothing where its work is done.
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

OPTIONS: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_nopad_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
}


def on_sqlite() -> bool:
    """Whether the database being migrated is SQLite."""
    return bool(op.get_bind().dialect.name == "sqlite")


def id_type() -> Any:
    """BIGINT; on SQLite INTEGER, which alone can be AUTOINCREMENT."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def moment() -> Any:
    """UTC with microseconds."""
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def long_text() -> Any:
    """Text of up to 16 MiB."""
    return sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def long_bytes() -> Any:
    """Bytes, up to 16 MiB."""
    return sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def append_only(table_name: str) -> None:
    """Forbid UPDATE and DELETE of its rows by triggers, as 0003 does for the ledger."""
    for verb in ("UPDATE", "DELETE"):
        if on_sqlite():
            body = f"BEGIN SELECT RAISE(ABORT, '{table_name} is append-only'); END"
        else:
            body = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table_name} is append-only'"
        name = f"{table_name}_no_{verb.lower()}"
        op.execute(f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {verb} ON {table_name} FOR EACH ROW {body}")


def table(name: str, *parts: Any, autoincrement: bool = True) -> None:
    """CREATE TABLE IF NOT EXISTS with our options; on SQLite each VARCHAR(n) gets a CHECK, since SQLite ignores n."""
    checks: list[Any] = []
    if on_sqlite():
        checks = [
            sa.CheckConstraint(f"length({part.name}) <= {part.type.length}", name=f"ck_{name}_{part.name}_length")
            for part in parts
            if isinstance(part, sa.Column) and isinstance(part.type, sa.String) and part.type.length
        ]
    # AUTOINCREMENT: without it SQLite gives a pruned id again, and its posting would be taken for a repeat
    op.create_table(name, *parts, *checks, **OPTIONS, sqlite_autoincrement=autoincrement, if_not_exists=True)


def index(name: str, table_name: str, columns: list[str]) -> None:
    """CREATE INDEX IF NOT EXISTS."""
    op.create_index(name, table_name, columns, if_not_exists=True)


def generated_column(table_name: str, name: str, expression: str) -> None:
    """Add a column of `moment` that the database computes when it is read or indexed (VIRTUAL).

    The release before it neither reads nor writes it.
    """
    if on_sqlite():  # it has no IF NOT EXISTS here, and needs none: its DDL is undone with the transaction
        guard, kind = "", "DATETIME"
    else:
        guard, kind = "IF NOT EXISTS ", "DATETIME(6)"
    op.execute(f"ALTER TABLE {table_name} ADD COLUMN {guard}{name} {kind} GENERATED ALWAYS AS ({expression}) VIRTUAL")
