"""Batches and their items, as operators and merchants see them. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from sqlalchemy import Connection

from payments.ledger.rules import SourceType
from payments.outbox.rules import format_time
from payments.platform.desk_errors import SettlementConflict
from payments.platform.errors import NotFound
from payments.platform.json_types import Count, Identifier, JsonObject, Keywords, Minor, OneOf, Time
from payments.platform.paging import page
from payments.settlement import item_store, payout_store, store
from payments.settlement.item_store import StoredItem
from payments.settlement.rules import Item, ItemKind, State
from payments.settlement.store import StoredBatch, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement(JsonObject):
    """A batch as its merchant sees it, in minor units; sums are 0 while it is OPEN.

    `net` is what is paid, or carried into the next batch as `carriedOut`. `sha256`: of its statement.
    """

    batch_id: Identifier
    merchant_id: str
    currency: str
    number: Annotated[int, Keywords(minimum=1)]
    cutoff: Time
    state: Annotated[str, OneOf(State)]
    carried_in: int
    gross: Minor
    refunds: Minor
    fees: int
    adjustments: int
    net: int
    carried_out: int
    items: Count
    sha256: str | None
    created_at: Time
    closed_at: Time | None
    updated_at: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementBatch(Settlement):
    """A batch as operators see it. `approvedBy`: in their order. `payoutFileId`: null until it is exported."""

    approved_by: list[str]
    payout_file_id: Identifier | None


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


def batches(
    connection: Connection, wanted: Wanted, before: int | None, limit: int
) -> tuple[list[SettlementBatch], int | None]:
    """A page of batches, newest first, and the id after which the next page begins (None: the last)."""
    found, last = _batches(connection, wanted, before, limit)
    files = payout_store.files_of(connection, [each.batch.batch_id for each in found])
    return [_of_operators(each, files.get(each.batch.batch_id)) for each in found], last


def settlements(
    connection: Connection, wanted: Wanted, before: int | None, limit: int
) -> tuple[list[Settlement], int | None]:
    """As `batches`, as their merchant sees them."""
    found, last = _batches(connection, wanted, before, limit)
    return [settlement(each) for each in found], last


def _batches(
    connection: Connection, wanted: Wanted, before: int | None, limit: int
) -> tuple[list[StoredBatch], int | None]:
    def read(behind: int | None, size: int) -> Sequence[StoredBatch]:
        return store.page(connection, wanted, behind, size)

    return page(read, lambda each: each, lambda each: each.batch.batch_id, before, limit)


def get(connection: Connection, batch_id: int, merchant_id: str | None = None) -> StoredBatch:
    """One batch; of `merchant_id`, or of anybody's (None). Raises NotFound, also for another merchant's."""
    found = store.get(connection, batch_id)
    if found is None or merchant_id not in (None, found.batch.merchant_id):
        raise NotFound(f"There is no batch {batch_id}.")
    return found


def closed(connection: Connection, batch_id: int, merchant_id: str | None = None) -> StoredBatch:
    """As `get`, of a batch that has a statement. Raises SettlementConflict while it is OPEN, too."""
    found = get(connection, batch_id, merchant_id)
    if found.batch.state is State.OPEN:
        raise SettlementConflict(f"Batch {batch_id} is OPEN: it has a statement when it is closed.")
    return found


def batch(connection: Connection, found: StoredBatch) -> SettlementBatch:
    """A batch as operators see it."""
    batch_id = found.batch.batch_id
    return _of_operators(found, payout_store.files_of(connection, [batch_id]).get(batch_id))


def settlement(found: StoredBatch) -> Settlement:
    """A batch as its merchant sees it."""
    return Settlement(**_members(found))


def items(
    connection: Connection, batch_id: int, merchant_id: str | None, behind: int | None, limit: int
) -> tuple[list[SettlementItem], int | None]:
    """A page of a batch's items, oldest first, and the id after which the next begins. Raises NotFound as `get`."""
    get(connection, batch_id, merchant_id)

    def read(cursor: int | None, size: int) -> Sequence[StoredItem]:
        return item_store.page(connection, batch_id, cursor or 0, size)

    return page(read, _item, lambda each: each.item_id, behind, limit)


def statement_items(
    connection: Connection, batch_id: int, behind: int | None, limit: int
) -> tuple[list[Item], int | None]:
    """At most `limit` items of a closed batch's statement, and the id behind which the next are (None: the last)."""
    found = item_store.page(connection, batch_id, behind or 0, limit)
    return [each.item for each in found], found[-1].item_id if len(found) == limit else None


def _of_operators(found: StoredBatch, file_id: int | None) -> SettlementBatch:
    return SettlementBatch(**_members(found), approved_by=list(found.batch.approved_by), payout_file_id=file_id)


def _members(found: StoredBatch) -> dict[str, Any]:
    of = found.batch
    return {
        "batch_id": of.batch_id,
        "merchant_id": of.merchant_id,
        "currency": of.currency,
        "number": found.number,
        "cutoff": format_time(found.cutoff),
        "state": of.state.value,
        "carried_in": of.carried_in,
        "gross": of.gross,
        "refunds": of.refunds,
        "fees": of.fees,
        "adjustments": of.adjustments,
        "net": of.net,
        "carried_out": of.carried_out,
        "items": of.items,
        "sha256": found.sha256,
        "created_at": format_time(found.created_at),
        "closed_at": None if found.closed_at is None else format_time(found.closed_at),
        "updated_at": format_time(found.updated_at),
    }


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
