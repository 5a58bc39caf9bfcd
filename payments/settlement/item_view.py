"""Items of batches: each line of what is paid, down to its posting. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Connection

from payments.ledger.rules import SourceType
from payments.outbox.rules import format_time
from payments.platform.json_types import Identifier, JsonObject, OneOf, Time
from payments.platform.paging import page
from payments.settlement import item_store, view
from payments.settlement.item_store import StoredItem
from payments.settlement.rules import Item, ItemKind


@dataclass(frozen=True, slots=True)
class Source(JsonObject):
    """What a posting is of that is of no event."""

    type: Annotated[str, OneOf(SourceType)]
    id: Identifier


@dataclass(frozen=True, slots=True)
class SettlementItem(JsonObject):
    """A line of a batch: one posting. `net`, with its sign, is what it adds to what is paid, after its fee."""

    item_id: Identifier
    kind: Annotated[str, OneOf(ItemKind)]
    amount: int
    fee: int
    net: int
    entry_id: Identifier
    event_id: Identifier | None
    payment_id: Identifier | None
    occurred_at: Time
    source: Source | None


def items(
    connection: Connection, batch_id: int, merchant_id: str | None, behind: int | None, limit: int
) -> tuple[list[SettlementItem], int | None]:
    """A page of items, oldest first, and the id after which the next begins. Raises NotFound as `view.get`."""
    view.get(connection, batch_id, merchant_id)

    def read(cursor: int | None, size: int) -> Sequence[StoredItem]:
        return item_store.page(connection, batch_id, cursor or 0, size)

    return page(read, _item, lambda each: each.item_id, behind, limit)


def statement_items(
    connection: Connection, batch_id: int, behind: int | None, limit: int
) -> tuple[list[Item], int | None]:
    """At most `limit` items of a closed batch's statement, and the id behind which the next are (None: the last)."""
    found = item_store.page(connection, batch_id, behind or 0, limit)
    return [each.item for each in found], found[-1].item_id if len(found) == limit else None


def _item(found: StoredItem) -> SettlementItem:
    of = found.item
    return SettlementItem(
        item_id=found.item_id,
        kind=of.kind.value,
        amount=of.amount,
        fee=of.fee,
        net=of.signed - of.fee,
        entry_id=of.entry_id,
        event_id=of.event_id,
        payment_id=of.payment_id,
        occurred_at=format_time(found.occurred_at),
        source=None if found.source is None else Source(found.source[0].value, found.source[1]),
    )
