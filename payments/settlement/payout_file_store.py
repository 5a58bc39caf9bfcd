"""Payout files in the table `payout_file`. A file is stored once and never written again."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select

from payments.merchants.rules import Mode
from payments.platform.tables.settlement import payout_file as table
from payments.settlement.payout_file import Format

_DESCRIBED: Final = tuple(column for column in table.c if column.name != "content")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One row of `payout_file` without its content. `payouts`: how many; `total`: their sum in minor units."""

    file_id: int
    name: str
    format: Format
    mode: Mode
    currency: str
    payouts: int
    total: int
    sha256: str
    created_by: str
    created_at: datetime


def add(connection: Connection, file: StoredFile, content: str) -> StoredFile:
    """Store a file; returns it with its id. Raises sqlalchemy's IntegrityError for a name that is taken."""
    values = {column.name: getattr(file, column.name) for column in _DESCRIBED if column.name != "file_id"}
    values |= {"format": file.format.value, "mode": file.mode.value, "content": content}
    return replace(file, file_id=int(connection.execute(insert(table), values).lastrowid))


def get(connection: Connection, file_id: int) -> StoredFile | None:
    """One file, without its content."""
    row = connection.execute(select(*_DESCRIBED).where(table.c.file_id == file_id)).one_or_none()
    return None if row is None else _file(row)


def content_of(connection: Connection, file_id: int) -> str | None:
    """The text of a file."""
    found: str | None = connection.execute(
        select(table.c.content).where(table.c.file_id == file_id)
    ).scalar_one_or_none()
    return found


def page(connection: Connection, before: int | None, limit: int) -> list[StoredFile]:
    """At most `limit` files with ids smaller than `before`, newest first."""
    query = select(*_DESCRIBED).order_by(table.c.file_id.desc()).limit(limit)
    return [
        _file(row) for row in connection.execute(query if before is None else query.where(table.c.file_id < before))
    ]


def _file(row: Row[Any]) -> StoredFile:
    values = dict(row._mapping)
    return StoredFile(**{**values, "format": Format(row.format), "mode": Mode(row.mode)})
