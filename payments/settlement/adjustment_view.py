"""Adjustments, as operators see them. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from payments.outbox.rules import format_time
from payments.platform.json_types import Identifier, JsonObject, Time
from payments.platform.paging import page
from payments.settlement import adjustment_store
from payments.settlement.adjustment_store import StoredAdjustment


@dataclass(frozen=True, slots=True)
class SettlementAdjustment(JsonObject):
    """A correction, in minor units; above 0 the merchant gets it.

    `postedAt` is null until a second operator agrees; when the adjustment is withdrawn instead, `withdrawnAt` is not.
    """

    adjustment_id: Identifier
    merchant_id: str
    currency: str
    amount: int
    reason: str
    proposed_by: str
    agreed_by: str | None
    created_at: Time
    posted_at: Time | None
    withdrawn_by: str | None
    withdrawn_at: Time | None


def adjustments(
    connection: Connection, before: int | None, limit: int
) -> tuple[list[SettlementAdjustment], int | None]:
    """A page of adjustments, as `payout_files`."""

    def read(behind: int | None, size: int) -> Sequence[StoredAdjustment]:
        return adjustment_store.page(connection, behind, size)

    return page(read, adjustment, lambda each: each.adjustment_id, before, limit)


def adjustment(found: StoredAdjustment) -> SettlementAdjustment:
    """An adjustment as it is shown."""
    return SettlementAdjustment(
        adjustment_id=found.adjustment_id,
        merchant_id=found.merchant_id,
        currency=found.currency,
        amount=found.amount,
        reason=found.reason,
        proposed_by=found.proposed_by,
        agreed_by=found.agreed_by,
        created_at=format_time(found.created_at),
        posted_at=None if found.posted_at is None else format_time(found.posted_at),
        withdrawn_by=found.withdrawn_by,
        withdrawn_at=None if found.withdrawn_at is None else format_time(found.withdrawn_at),
    )
