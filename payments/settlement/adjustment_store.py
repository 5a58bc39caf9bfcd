"""Corrections of what a merchant is paid, in the table `settlement_adjustment`. A row is never deleted."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from payments.platform.tables.settlement import settlement_adjustment as table


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAdjustment:
    """One row; `amount` in minor units with its sign.

    It waits for a second operator while neither `posted_at` nor `withdrawn_at` is there.
    """

    adjustment_id: int = 0
    merchant_id: str
    currency: str
    amount: int
    reason: str
    proposed_by: str
    agreed_by: str | None = None
    created_at: datetime
    posted_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    idempotency_key: str | None = None


_COLUMNS: Final = tuple(table.c[field.name] for field in fields(StoredAdjustment))


def add(connection: Connection, new: StoredAdjustment) -> StoredAdjustment:
    """Store an adjustment; returns it with its id. Raises sqlalchemy's IntegrityError when its key was used."""
    values = {column.name: getattr(new, column.name) for column in _COLUMNS if column.name != "adjustment_id"}
    return replace(new, adjustment_id=int(connection.execute(insert(table), values).lastrowid))


def lock(connection: Connection, adjustment_id: int) -> StoredAdjustment | None:
    """Lock one and read it."""
    query = select(*_COLUMNS).where(table.c.adjustment_id == adjustment_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else _adjustment(row)


def of_key(connection: Connection, merchant_id: str, key: str) -> StoredAdjustment | None:
    """The adjustment of a merchant that was proposed with this key; also one that was stored a moment ago."""
    query = (
        select(*_COLUMNS)
        .where(table.c.merchant_id == merchant_id, table.c.idempotency_key == key)
        .with_for_update()  # else it would not see what was stored since this transaction began
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _adjustment(row)


def save(connection: Connection, changed: StoredAdjustment) -> None:
    """Write who agreed or withdrew, and when it was posted or withdrawn."""
    values = {name: getattr(changed, name) for name in ("agreed_by", "posted_at", "withdrawn_by", "withdrawn_at")}
    connection.execute(update(table).where(table.c.adjustment_id == changed.adjustment_id).values(values))


def page(connection: Connection, before: int | None, limit: int) -> list[StoredAdjustment]:
    """At most `limit` adjustments with ids smaller than `before`, newest first."""
    query = select(*_COLUMNS).order_by(table.c.adjustment_id.desc()).limit(limit)
    if before is not None:
        query = query.where(table.c.adjustment_id < before)
    return [_adjustment(row) for row in connection.execute(query)]


def _adjustment(row: Row[Any]) -> StoredAdjustment:
    return StoredAdjustment(**row._mapping)
