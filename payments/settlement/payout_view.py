"""Payout files, adjustments and fee schedules, as operators see them. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Connection

from payments.outbox.rules import format_time
from payments.platform.errors import NotFound
from payments.platform.json_types import Count, Identifier, JsonObject, Minor, OneOf, Time
from payments.platform.paging import page
from payments.settlement import adjustment_store, payout_store, schedule_store
from payments.settlement.adjustment_store import StoredAdjustment
from payments.settlement.fees import OnRefund
from payments.settlement.payout_file import Format
from payments.settlement.payout_store import StoredFile
from payments.settlement.schedule_store import StoredSchedule


@dataclass(frozen=True, slots=True)
class PayoutFile(JsonObject):
    """A file of payouts. `payouts`: how many; `total`: their sum in minor units; `sha256`: of its bytes."""

    file_id: Identifier
    name: str
    format: Annotated[str, OneOf(Format)]
    currency: str
    payouts: Count
    total: Minor
    sha256: str
    created_by: str
    created_at: Time


@dataclass(frozen=True, slots=True)
class SettlementAdjustment(JsonObject):
    """A correction, in minor units; above 0 the merchant gets it. `postedAt` is null until a second operator agrees."""

    adjustment_id: Identifier
    merchant_id: str
    currency: str
    amount: int
    reason: str
    proposed_by: str
    agreed_by: str | None
    created_at: Time
    posted_at: Time | None


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


def payout_files(connection: Connection, before: int | None, limit: int) -> tuple[list[PayoutFile], int | None]:
    """A page of files, newest first, and the id after which the next page begins (None: the last)."""

    def read(behind: int | None, size: int) -> Sequence[StoredFile]:
        return payout_store.files(connection, behind, size)

    return page(read, payout_file, lambda each: each.file_id, before, limit)


def get_file(connection: Connection, file_id: int) -> PayoutFile:
    """One file. Raises NotFound."""
    found = payout_store.get_file(connection, file_id)
    if found is None:
        raise NotFound(f"There is no payout file {file_id}.")
    return payout_file(found)


def content(connection: Connection, file_id: int) -> tuple[str, bytes]:
    """The name under which a file is saved, and its bytes. Raises NotFound."""
    found = payout_store.get_file(connection, file_id)
    text = payout_store.content_of(connection, file_id)
    if found is None or text is None:
        raise NotFound(f"There is no payout file {file_id}.")
    return f"{found.name}.{'xml' if found.format is Format.PAIN_001 else 'csv'}", text.encode()


def adjustments(
    connection: Connection, before: int | None, limit: int
) -> tuple[list[SettlementAdjustment], int | None]:
    """A page of adjustments, as `payout_files`."""

    def read(behind: int | None, size: int) -> Sequence[StoredAdjustment]:
        return adjustment_store.page(connection, behind, size)

    return page(read, adjustment, lambda each: each.adjustment_id, before, limit)


def schedules(
    connection: Connection, merchant_id: str | None, currency: str | None, before: int | None, limit: int
) -> tuple[list[FeeSchedule], int | None]:
    """A page of versions of fee schedules, the newest added first; None: of all merchants, of all currencies."""

    def read(behind: int | None, size: int) -> Sequence[StoredSchedule]:
        return schedule_store.page(connection, merchant_id, currency, behind, size)

    return page(read, schedule, lambda each: each.schedule_id, before, limit)


def payout_file(found: StoredFile) -> PayoutFile:
    """A file as it is shown."""
    return PayoutFile(
        file_id=found.file_id,
        name=found.name,
        format=found.format.value,
        currency=found.currency,
        payouts=found.payouts,
        total=found.total,
        sha256=found.sha256,
        created_by=found.created_by,
        created_at=format_time(found.created_at),
    )


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
    )


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
