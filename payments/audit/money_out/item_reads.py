"""Adds up the items of a batch, and counts those that are not their postings. `batch_rules` checks the sums."""

from collections import Counter
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, case, func, or_, select

from payments.audit.money_out.batches import ItemSums, Sums
from payments.ledger.rules import Account, SourceType
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import payment
from payments.platform.tables.settlement import settlement_batch, settlement_item
from payments.platform.tasks.throttle import Rest
from payments.settlement.rules import ItemKind

PIECE: Final = 2_000
"""Items that one statement adds up: few, so that requests do not wait long for the database (ADR 14)."""


_batch, _item, _entry = settlement_batch.c, settlement_item.c, ledger_entry.c


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


def items(connection: Connection, batch_id: int, rest: Rest) -> ItemSums:
    """The sums of the items of a batch, PIECE at a time, with a rest after each."""
    amounts: Counter[str] = Counter()
    fees, count, strays, some, after = 0, 0, 0, None, 0
    while rows := connection.execute(_ITEMS, {"batch_id": batch_id, "after": after, "piece": PIECE}).all():
        for kind, number, amount, fee, strayed, stray, last in rows:
            amounts[kind] += int(amount)
            fees, count, strays = fees + int(fee), count + number, strays + strayed
            some, after = some or stray, max(after, last)
        rest()
    in_order = (ItemKind.CAPTURE, ItemKind.REFUND, ItemKind.ADJUSTMENT)
    gross, refunds, adjustments = (amounts[kind] for kind in in_order)
    return ItemSums(Sums(gross, refunds, fees, adjustments, count), strays, some)
