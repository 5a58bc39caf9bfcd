"""Fee schedules in `fee_schedule`: versions, which are added and never change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select

from payments.platform.tables.settlement import fee_schedule as table
from payments.settlement.fees import ANY_MERCHANT, FeeSchedule, OnRefund


@dataclass(frozen=True, slots=True)
class StoredSchedule:
    """One row of `fee_schedule`; `created_by`: the operator."""

    schedule_id: int
    schedule: FeeSchedule
    created_at: datetime
    created_by: str


_OF: Final = (
    select(table)
    .where(table.c.currency == bindparam("currency"), table.c.merchant_id.in_(bindparam("owners", expanding=True)))
    .order_by(table.c.schedule_id)
)


def of_merchant(connection: Connection, merchant_id: str, currency: str) -> list[FeeSchedule]:
    """All versions in one currency that may be a merchant's: its own, and those of all."""
    rows = connection.execute(_OF, {"currency": currency, "owners": sorted({merchant_id, ANY_MERCHANT})})
    return [_schedule(row) for row in rows]


def page(
    connection: Connection, merchant_id: str | None, currency: str | None, behind: int | None, limit: int
) -> list[StoredSchedule]:
    """At most `limit` versions with ids smaller than `behind` (None: any), newest first; None: of all."""
    query = select(table)
    for column, value in ((table.c.merchant_id, merchant_id), (table.c.currency, currency)):
        if value is not None:
            query = query.where(column == value)
    if behind is not None:
        query = query.where(table.c.schedule_id < behind)
    rows = connection.execute(query.order_by(table.c.schedule_id.desc()).limit(limit))
    return [StoredSchedule(row.schedule_id, _schedule(row), row.created_at, row.created_by) for row in rows]


def add(connection: Connection, new: FeeSchedule, actor: str, now: datetime) -> StoredSchedule:
    """Store a version; `payments.settlement.fees.added` says which may be.

    Raises sqlalchemy IntegrityError when there is one of its merchant, currency and time.
    """
    values = {
        "merchant_id": new.merchant_id,
        "currency": new.currency,
        "basis_points": new.basis_points,
        "fixed": new.fixed,
        "minimum": new.minimum,
        "maximum": new.maximum,
        "on_refund": new.on_refund.value,
        "valid_from": new.valid_from,
        "created_at": now,
        "created_by": actor,
    }
    schedule_id = connection.execute(insert(table), values).lastrowid
    return StoredSchedule(schedule_id, new, now, actor)


def _schedule(row: Row[Any]) -> FeeSchedule:
    return FeeSchedule(
        merchant_id=row.merchant_id,
        currency=row.currency,
        basis_points=row.basis_points,
        fixed=row.fixed,
        minimum=row.minimum,
        maximum=row.maximum,
        valid_from=row.valid_from,
        on_refund=OnRefund(row.on_refund),
    )
