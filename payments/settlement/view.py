"""Batches, as operators and merchants see them. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from sqlalchemy import Connection

from payments.outbox.rules import format_time
from payments.platform.desk_errors import SettlementConflict
from payments.platform.errors import NotFound
from payments.platform.json_types import Count, Identifier, JsonObject, Keywords, Minor, OneOf, Time
from payments.platform.paging import page
from payments.settlement import payees, payout_store, store
from payments.settlement.rules import UNPAID, State
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
    """A batch as operators see it. `approvedBy`: in their order. `payoutFileId`: null until it is exported.

    `held`: it is closed or approved, and its merchant is suspended: until that is over it is in no payout file.
    """

    approved_by: list[str]
    payout_file_id: Identifier | None
    held: bool


def batches(
    connection: Connection, wanted: Wanted, before: int | None, limit: int
) -> tuple[list[SettlementBatch], int | None]:
    """A page of batches, newest first, and the id after which the next page begins (None: the last)."""
    found, last = _batches(connection, wanted, before, limit)
    return _of_operators(connection, found), last


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
    return _of_operators(connection, [found])[0]


def settlement(found: StoredBatch) -> Settlement:
    """A batch as its merchant sees it."""
    return Settlement(**_members(found))


def _of_operators(connection: Connection, found: Sequence[StoredBatch]) -> list[SettlementBatch]:
    files = payout_store.files_of(connection, [each.batch.batch_id for each in found])
    suspended = payees.suspended(connection, {each.batch.merchant_id for each in found})
    return [
        SettlementBatch(
            **_members(each),
            approved_by=list(each.batch.approved_by),
            payout_file_id=files.get(each.batch.batch_id),
            held=each.batch.state in UNPAID and each.batch.merchant_id in suspended,
        )
        for each in found
    ]


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
