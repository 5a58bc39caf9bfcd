"""Reads payout files and adjustments for the audit. `payout_rules` checks them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, func, select

from payments.audit.money_out.payout_rules import AdjustmentRow, AuditedPayoutFile
from payments.audit.money_out.source_reads import net_by_source
from payments.audit.money_out.sources import Net
from payments.ledger.rules import SourceType
from payments.platform.tables.settlement import payout, payout_file, settlement_adjustment

_IDS: Any = bindparam("ids", expanding=True)


_ADJUSTMENTS: Select[Any] = select(
    settlement_adjustment.c.adjustment_id,
    settlement_adjustment.c.merchant_id,
    settlement_adjustment.c.currency,
    settlement_adjustment.c.amount,
    settlement_adjustment.c.proposed_by,
    settlement_adjustment.c.agreed_by,
    settlement_adjustment.c.posted_at,
).where(settlement_adjustment.c.adjustment_id.in_(_IDS))


def adjustments(connection: Connection, ids: Sequence[int]) -> list[tuple[AdjustmentRow, Net]]:
    """These adjustments, and what their postings changed."""
    posted = net_by_source(connection, SourceType.ADJUSTMENT, ids)
    rows = [AdjustmentRow(*row) for row in connection.execute(_ADJUSTMENTS, {"ids": ids})]
    return [(row, posted.get(row.adjustment_id, Counter())) for row in rows]


_OTHERS = case((payout.c.currency != payout_file.c.currency, 1))


_PAYOUT_FILES: Select[Any] = (
    select(
        payout_file.c.file_id,
        payout_file.c.payouts,
        payout_file.c.total,
        payout_file.c.sha256,
        payout_file.c.content,
        func.count(payout.c.payout_id),
        func.coalesce(func.sum(payout.c.amount), 0),  # MariaDB's is a Decimal, which is equal to the int
        func.count(_OTHERS),
    )
    .outerjoin(payout, payout.c.file_id == payout_file.c.file_id)
    .where(payout_file.c.file_id.in_(_IDS))
    .group_by(payout_file.c.file_id)
)


def payout_files(connection: Connection, ids: Sequence[int]) -> list[AuditedPayoutFile]:
    """These payout files, and the sums of their payouts."""
    return [AuditedPayoutFile(*row) for row in connection.execute(_PAYOUT_FILES, {"ids": ids})]
