"""Settlement batches in `settlement_batch`. Whoever changes one locks it first. It is closed once, and stays so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from payments.platform.tables.settlement import settlement_batch as table
from payments.settlement.rules import Batch, State, following


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """One row of `settlement_batch`; times in UTC.

    `cutoff`: its items happened before. `sha256`: of its statement, None while it is OPEN.
    """

    batch: Batch
    number: int
    """From 1, of its merchant and currency."""
    cutoff: datetime
    sha256: str | None
    created_at: datetime
    closed_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which batches a list has. None: of all."""

    merchant_id: str | None = None
    currency: str | None = None
    state: State | None = None


_BY_ID: Final = select(table).where(table.c.batch_id == bindparam("id"))
_NEWEST: Final = (
    select(table)
    .where(table.c.merchant_id == bindparam("merchant"), table.c.currency == bindparam("currency"))
    .order_by(table.c.number.desc())
    .limit(1)
)
_OPEN: Final = select(table.c.merchant_id, table.c.currency).where(table.c.state == State.OPEN.value)


def get(connection: Connection, batch_id: int, *, lock: bool = False) -> StoredBatch | None:
    """One batch, or None. `lock`: nobody changes it until the transaction ends (SQLite locks the whole file)."""
    row = connection.execute(_BY_ID.with_for_update() if lock else _BY_ID, {"id": batch_id}).first()
    return None if row is None else batch_of(row)


def newest(connection: Connection, merchant_id: str, currency: str, *, lock: bool = False) -> StoredBatch | None:
    """The batch with the highest number of a merchant and currency, or None. All others of them are closed."""
    statement = _NEWEST.with_for_update() if lock else _NEWEST
    row = connection.execute(statement, {"merchant": merchant_id, "currency": currency}).first()
    return None if row is None else batch_of(row)


def open_ones(connection: Connection) -> list[tuple[str, str]]:
    """Merchant and currency of each OPEN batch."""
    return [(row.merchant_id, row.currency) for row in connection.execute(_OPEN)]


def page(connection: Connection, wanted: Wanted, behind: int | None, limit: int) -> list[StoredBatch]:
    """At most `limit` batches with ids smaller than `behind` (None: any), newest first."""
    query = select(table)
    for column, value in (
        (table.c.merchant_id, wanted.merchant_id),
        (table.c.currency, wanted.currency),
        (table.c.state, wanted.state and wanted.state.value),
    ):
        if value is not None:
            query = query.where(column == value)
    if behind is not None:
        query = query.where(table.c.batch_id < behind)
    return [batch_of(row) for row in connection.execute(query.order_by(table.c.batch_id.desc()).limit(limit))]


def add(
    connection: Connection, merchant_id: str, currency: str, before: StoredBatch | None, cutoff: datetime, now: datetime
) -> StoredBatch:
    """Open the batch that follows `before`, the newest one (None: it is the first), with what that one carries.

    Raises ValueError while that one is OPEN, sqlalchemy IntegrityError when somebody else has just opened it.
    """
    values = {
        "merchant_id": merchant_id,
        "currency": currency,
        "number": 1 if before is None else before.number + 1,
        "cutoff": cutoff,
        "state": State.OPEN.value,
        "carried_in": 0 if before is None else following(before.batch, 0).carried_in,
        **dict.fromkeys(("gross", "refunds", "fees", "adjustments", "net", "carried_out", "items"), 0),
        "created_at": now,
        "updated_at": now,
    }
    batch_id = connection.execute(insert(table), values).lastrowid
    added = get(connection, batch_id)
    if added is None:
        raise LookupError(f"batch {batch_id} was stored and is not there")
    return added


def close(connection: Connection, closed: Batch, sha256: str, now: datetime) -> bool:
    """Write the sums, the state and the statement's hash of a batch; False, and nothing, when it is not OPEN now."""
    values = {
        "state": closed.state.value,
        "gross": closed.gross,
        "refunds": closed.refunds,
        "fees": closed.fees,
        "adjustments": closed.adjustments,
        "net": closed.net,
        "carried_out": closed.carried_out,
        "items": closed.items,
        "sha256": sha256,
        "closed_at": now,
        "updated_at": now,
    }
    is_open = (table.c.batch_id == closed.batch_id, table.c.state == State.OPEN.value)
    return connection.execute(update(table).where(*is_open).values(values)).rowcount == 1


def save(connection: Connection, changed: Batch, now: datetime) -> None:
    """Write the state and the approvals of a closed batch that this transaction has locked. Its sums never change.

    Raises ValueError for an OPEN batch: it is closed by `close`, and never opens again.
    """
    if changed.state is State.OPEN:
        raise ValueError(f"batch {changed.batch_id} does not open again")
    first, second = (*changed.approved_by, None, None)[:2]
    values = {
        "state": changed.state.value,
        "approved_by": first,
        "approved_by_second": second,
        "updated_at": now,
    }
    connection.execute(update(table).where(table.c.batch_id == changed.batch_id).values(values))


def batch_of(row: Row[Any]) -> StoredBatch:
    """The batch of a row with all columns of `settlement_batch`."""
    names = (name for name in (row.approved_by, row.approved_by_second) if name is not None)
    batch = Batch(
        batch_id=row.batch_id,
        merchant_id=row.merchant_id,
        currency=row.currency,
        carried_in=row.carried_in,
        state=State(row.state),
        gross=row.gross,
        refunds=row.refunds,
        fees=row.fees,
        adjustments=row.adjustments,
        items=row.items,
        approved_by=tuple(names),
    )
    return StoredBatch(batch, row.number, row.cutoff, row.sha256, row.created_at, row.closed_at, row.updated_at)
