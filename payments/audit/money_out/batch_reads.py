"""Reads settlement batches with their payouts and postings for the audit. `batch_rules` checks them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, select

from payments.audit.money_out.batches import AuditedBatch, AuditedPayout, BatchRow
from payments.audit.money_out.fee_reads import wrong_fees
from payments.audit.money_out.fees import NONE_WRONG
from payments.audit.money_out.item_reads import items
from payments.audit.money_out.source_reads import net_by_source
from payments.ledger.rules import SourceType
from payments.platform.tables.settlement import payout, settlement_batch
from payments.platform.tasks.throttle import Rest
from payments.settlement.rules import State

_IDS: Any = bindparam("ids", expanding=True)


_batch = settlement_batch.c


_BEFORE = settlement_batch.alias("before")


_BATCHES: Select[Any] = (
    select(
        _batch.batch_id,
        _batch.merchant_id,
        _batch.currency,
        _batch.number,
        _batch.state,
        _batch.carried_in,
        _batch.gross,
        _batch.refunds,
        _batch.fees,
        _batch.adjustments,
        _batch["items"],
        _batch.net,
        _batch.carried_out,
        _batch.approved_by,
        _batch.approved_by_second,
        _BEFORE.c.carried_out.label("carried_before"),
    )
    .outerjoin(
        _BEFORE,
        and_(
            _BEFORE.c.merchant_id == _batch.merchant_id,
            _BEFORE.c.currency == _batch.currency,
            _BEFORE.c.number == _batch.number - 1,
            _BEFORE.c.state != State.OPEN,
        ),
    )
    .where(_batch.batch_id.in_(_IDS))
)


_PAYOUTS: Select[Any] = select(
    payout.c.batch_id, payout.c.payout_id, payout.c.merchant_id, payout.c.currency, payout.c.amount, payout.c.state
).where(payout.c.batch_id.in_(_IDS))


def batches(connection: Connection, ids: Sequence[int], rest: Rest | None) -> list[AuditedBatch]:
    """These batches; the items of those that are not OPEN are read, with a `rest` after each piece. None: not."""
    payouts = {row.batch_id: AuditedPayout(*row[1:]) for row in connection.execute(_PAYOUTS, {"ids": ids})}
    posted = net_by_source(connection, SourceType.SETTLEMENT_BATCH, ids)
    paid = net_by_source(connection, SourceType.PAYOUT, [each.payout_id for each in payouts.values()])
    found = []
    for row in [BatchRow(*row) for row in connection.execute(_BATCHES, {"ids": ids})]:
        payout_ = payouts.get(row.batch_id)
        counted, mispriced = None, NONE_WRONG
        if rest is not None and row.state != State.OPEN:
            counted = items(connection, row.batch_id, rest)
            mispriced = wrong_fees(connection, row.batch_id, row.merchant_id, row.currency, rest)
        of_payout = Counter() if payout_ is None else paid.get(payout_.payout_id, Counter())
        closing = posted.get(row.batch_id, Counter())
        found.append(AuditedBatch(row, counted, closing, payout_, of_payout, mispriced))
    return found
