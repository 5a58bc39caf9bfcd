"""Reads batches, payouts, payout files and adjustments for the audit. `audit.settled` checks them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, case, func, or_, select

from payments.audit.settled import (
    AdjustmentRow,
    AuditedBatch,
    AuditedPayout,
    AuditedPayoutFile,
    BatchRow,
    ItemSums,
    Sums,
)
from payments.audit.source_reads import net_by_source
from payments.audit.sources import Net
from payments.ledger.rules import Account, SourceType
from payments.platform.settlement_tables import (
    payout,
    payout_file,
    settlement_adjustment,
    settlement_batch,
    settlement_item,
)
from payments.platform.tables import ledger_entry, payment
from payments.settlement.rules import ItemKind, State

PIECE: Final = 20_000
"""Items that one statement adds up."""

_IDS: Any = bindparam("ids", expanding=True)
_batch, _item, _entry = settlement_batch.c, settlement_item.c, ledger_entry.c
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

_SIDES = or_(
    and_(
        _item.kind == ItemKind.CAPTURE,
        _entry.credit_account == Account.MERCHANT_PAYABLE,
        _entry.debit_account == Account.ACQUIRER_RECEIVABLE,
        _item.amount == _entry.amount,
    ),
    and_(
        _item.kind == ItemKind.REFUND,
        _entry.debit_account == Account.MERCHANT_PAYABLE,
        _entry.credit_account == Account.ACQUIRER_RECEIVABLE,
        _item.amount == _entry.amount,
    ),
    and_(
        _item.kind == ItemKind.ADJUSTMENT,
        _entry.source_type.in_((SourceType.PAYOUT, SourceType.ADJUSTMENT)),
        or_(
            and_(_entry.credit_account == Account.MERCHANT_PAYABLE, _item.amount == _entry.amount),
            and_(_entry.debit_account == Account.MERCHANT_PAYABLE, _item.amount == -_entry.amount),
        ),
    ),
)
_AGREES = and_(
    _SIDES,
    _entry.currency == _batch.currency,
    func.coalesce(payment.c.merchant_id, _entry.merchant_id) == _batch.merchant_id,
    _entry.occurred_at < _batch.cutoff,
    _entry.payment_id.is_not_distinct_from(_item.payment_id),
    _entry.event_id.is_not_distinct_from(_item.event_id),
)
_STRAY = case((_AGREES, None), else_=_item.item_id)
"""NULL for an item that agrees with its posting: also a posting that is not there gives the id."""
_PIECE = (
    select(
        _item.item_id,
        _item.kind,
        _item.amount,
        _item.fee,
        _STRAY.label("stray"),
    )
    .join(settlement_batch, _batch.batch_id == _item.batch_id)
    .outerjoin(ledger_entry, _entry.entry_id == _item.entry_id)
    .outerjoin(payment, payment.c.payment_id == _entry.payment_id)
    .where(_item.batch_id == bindparam("batch_id"), _item.item_id > bindparam("after"))
    .order_by(_item.item_id)
    .limit(bindparam("piece"))
    .subquery()
)
_ITEMS: Select[Any] = select(
    _PIECE.c.kind,
    func.count(),
    func.sum(_PIECE.c.amount),
    func.sum(_PIECE.c.fee),
    func.count(_PIECE.c.stray),
    func.min(_PIECE.c.stray),
    func.max(_PIECE.c.item_id),
).group_by(_PIECE.c.kind)


def batches(connection: Connection, ids: Sequence[int], *, with_items: bool) -> list[AuditedBatch]:
    """These batches; the items of those that are not OPEN are read `with_items`."""
    payouts = {row.batch_id: AuditedPayout(*row[1:]) for row in connection.execute(_PAYOUTS, {"ids": ids})}
    posted = net_by_source(connection, SourceType.SETTLEMENT_BATCH, ids)
    paid = net_by_source(connection, SourceType.PAYOUT, [each.payout_id for each in payouts.values()])
    found = []
    for row in [BatchRow(*row) for row in connection.execute(_BATCHES, {"ids": ids})]:
        payout_ = payouts.get(row.batch_id)
        counted = _items(connection, row.batch_id) if with_items and row.state != State.OPEN else None
        of_payout = Counter() if payout_ is None else paid.get(payout_.payout_id, Counter())
        found.append(AuditedBatch(row, counted, posted.get(row.batch_id, Counter()), payout_, of_payout))
    return found


def _items(connection: Connection, batch_id: int) -> ItemSums:
    amounts: Counter[str] = Counter()
    fees, count, strays, some, after = 0, 0, 0, None, 0
    while rows := connection.execute(_ITEMS, {"batch_id": batch_id, "after": after, "piece": PIECE}).all():
        for kind, number, amount, fee, strayed, stray, last in rows:
            amounts[kind] += int(amount)
            fees, count, strays = fees + int(fee), count + number, strays + strayed
            some, after = some or stray, max(after, last)
    in_order = (ItemKind.CAPTURE, ItemKind.REFUND, ItemKind.ADJUSTMENT)
    gross, refunds, adjustments = (amounts[kind] for kind in in_order)
    return ItemSums(Sums(gross, refunds, fees, adjustments, count), strays, some)


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
