"""Versions of fee schedules, as they are shown. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Connection

from payments.outbox.rules import format_time
from payments.platform.json_types import Count, Identifier, JsonObject, Minor, OneOf, Time
from payments.platform.paging import page
from payments.settlement import schedule_store
from payments.settlement.fees import OnRefund
from payments.settlement.schedule_store import StoredSchedule


@dataclass(frozen=True, slots=True)
class FeeSchedule(JsonObject):
    """One version of what a merchant, or each that has none of its own (`*`), pays from `validFrom` on."""

    schedule_id: Identifier
    merchant_id: str
    currency: str
    basis_points: Count
    fixed: Minor
    minimum: Minor
    maximum: Minor | None
    on_refund: Annotated[str, OneOf(OnRefund)]
    valid_from: Time
    created_at: Time
    created_by: str


def schedules(
    connection: Connection, merchant_id: str | None, currency: str | None, before: int | None, limit: int
) -> tuple[list[FeeSchedule], int | None]:
    """A page of versions of fee schedules, the newest added first; None: of all merchants, of all currencies."""

    def read(behind: int | None, size: int) -> Sequence[StoredSchedule]:
        return schedule_store.page(connection, merchant_id, currency, behind, size)

    return page(read, schedule, lambda each: each.schedule_id, before, limit)


def schedule(found: StoredSchedule) -> FeeSchedule:
    """A version of a fee schedule as it is shown."""
    of = found.schedule
    return FeeSchedule(
        schedule_id=found.schedule_id,
        merchant_id=of.merchant_id,
        currency=of.currency,
        basis_points=of.basis_points,
        fixed=of.fixed,
        minimum=of.minimum,
        maximum=of.maximum,
        on_refund=of.on_refund.value,
        valid_from=format_time(of.valid_from),
        created_at=format_time(found.created_at),
        created_by=found.created_by,
    )
