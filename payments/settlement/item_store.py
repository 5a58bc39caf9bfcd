"""Items of settlement batches in `settlement_item`: added under the lock of their OPEN batch, and never changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, FromClause, Row, bindparam, case, func, select

from payments.ledger.rules import SourceType
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.settlement import settlement_item as table
from payments.platform.writing import Insert, write
from payments.settlement.fees import Amounts
from payments.settlement.rules import Item, ItemKind, Sums

ITEMS_READ: Final = 5_000
"""Items of one statement when all items of a batch are read."""
ITEMS_SUMMED: Final = 50_000
"""Items of one statement when they are summed up."""


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One row of `settlement_item` with what its posting says. `source`: None where it is an event's."""

    item_id: int
    item: Item
    occurred_at: datetime
    source: tuple[SourceType, int] | None


_WRITTEN: Final = ("batch_id", "entry_id", "event_id", "payment_id", "kind", "amount", "fee")
_ITEMS: Final = (
    select(table, ledger_entry.c.occurred_at, ledger_entry.c.source_type, ledger_entry.c.source_id)
    .select_from(table.join(ledger_entry, ledger_entry.c.entry_id == table.c.entry_id))
    .where(table.c.batch_id == bindparam("batch"), table.c.item_id > bindparam("behind"))
    .order_by(table.c.item_id)
    .limit(bindparam("limit"))
)


def _sum_of(kind: ItemKind, items: FromClause) -> Any:
    return func.coalesce(func.sum(case((items.c.kind == kind.value, items.c.amount), else_=0)), 0)


_PAGE: Final = (
    select(table.c.item_id, table.c.kind, table.c.amount, table.c.fee)
    .where(table.c.batch_id == bindparam("batch"), table.c.item_id > bindparam("behind"))
    .order_by(table.c.item_id)
    .limit(ITEMS_SUMMED)
    .subquery()
)
_SUMS: Final = select(
    _sum_of(ItemKind.CAPTURE, _PAGE),
    _sum_of(ItemKind.REFUND, _PAGE),
    func.coalesce(func.sum(_PAGE.c.fee), 0),
    _sum_of(ItemKind.ADJUSTMENT, _PAGE),
    func.count(),
    func.max(_PAGE.c.item_id),
).select_from(_PAGE)
_COUNT: Final = select(func.count()).where(table.c.batch_id == bindparam("batch"))
_OF_PAYMENTS: Final = (
    select(
        table.c.payment_id,
        _sum_of(ItemKind.CAPTURE, table).label("captured"),
        _sum_of(ItemKind.REFUND, table).label("refunded"),
    )
    .where(table.c.payment_id.in_(bindparam("ids", expanding=True)))
    .group_by(table.c.payment_id)
)


def add(connection: Connection, items: Sequence[Item]) -> None:
    """Store items of a batch that this transaction has locked; at least one.

    Raises sqlalchemy IntegrityError when a posting or an event is in an item already.
    """
    rows = [
        (item.batch_id, item.entry_id, item.event_id, item.payment_id, item.kind.value, item.amount, item.fee)
        for item in items
    ]
    write(connection, Insert(table.name, _WRITTEN, rows))


def page(connection: Connection, batch_id: int, behind: int, limit: int) -> list[StoredItem]:
    """At most `limit` items of a batch with ids larger than `behind` (0: any), in the order of their ids."""
    values = {"batch": batch_id, "behind": behind, "limit": limit}
    return [_item(row) for row in connection.execute(_ITEMS, values)]


def of_batch(connection: Connection, batch_id: int) -> Iterator[StoredItem]:
    """Every item of a batch, read in pages: of a closed one they are always the same."""
    behind = 0
    while found := page(connection, batch_id, behind, ITEMS_READ):
        yield from found
        behind = found[-1].item_id


def sums(connection: Connection, batch_id: int) -> Sums:
    """What the items of a batch add up to, read in pages, so that no statement takes long."""
    total = Sums(0, 0, 0, 0, 0)
    behind: int | None = 0
    while behind is not None:
        *page_sums, behind = connection.execute(_SUMS, {"batch": batch_id, "behind": behind}).one()
        total = Sums(*(so_far + int(more) for so_far, more in zip(total, page_sums, strict=True)))
    return total


def count(connection: Connection, batch_id: int) -> int:
    """How many items a batch has. They are never changed, so the same number is the same items."""
    return int(connection.execute(_COUNT, {"batch": batch_id}).scalar_one())


def settled(connection: Connection, payment_ids: Iterable[int]) -> dict[int, Amounts]:
    """What of these payments is in items so far; those without any are absent."""
    rows = connection.execute(_OF_PAYMENTS, {"ids": sorted(set(payment_ids))})
    return {row.payment_id: Amounts(int(row.captured), int(row.refunded)) for row in rows}


def _item(row: Row[Any]) -> StoredItem:
    item = Item(row.batch_id, row.entry_id, ItemKind(row.kind), row.amount, row.fee, row.event_id, row.payment_id)
    source = None if row.source_type is None else (SourceType(row.source_type), row.source_id)
    return StoredItem(row.item_id, item, row.occurred_at, source)
