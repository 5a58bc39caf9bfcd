"""Adds up the ledger in pieces. `totals` compares the sums."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, case, func, or_, select

from payments.audit.money_out.totals import Ledger, Moved
from payments.ledger.rules import Account, SourceType
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import payment
from payments.platform.tables.settlement import settlement_batch, settlement_item
from payments.settlement.rules import State

PIECE: Final = 20_000
"""Ids of postings that one statement adds up."""


_ACCOUNTS: Final = (
    Account.MERCHANT_PAYABLE,
    Account.FEE_REVENUE,
    Account.PAYOUT_CLEARING,
    Account.BANK,
    Account.RECONCILIATION_SUSPENSE,
)


_OF_BATCH = and_(ledger_entry.c.source_type.is_not(None), ledger_entry.c.source_type == SourceType.SETTLEMENT_BATCH)


_IN_CLOSED = and_(settlement_batch.c.batch_id.is_not(None), settlement_batch.c.state != State.OPEN)


_GROUPS = (
    ledger_entry.c.debit_account,
    ledger_entry.c.credit_account,
    ledger_entry.c.currency,
    func.coalesce(payment.c.merchant_id, ledger_entry.c.merchant_id).label("merchant"),
    case((or_(_OF_BATCH, _IN_CLOSED), 0), else_=1).label("is_due"),
)


_MOVED: Select[Any] = (
    select(*_GROUPS, func.sum(ledger_entry.c.amount))
    .select_from(
        ledger_entry.outerjoin(payment, payment.c.payment_id == ledger_entry.c.payment_id)
        .outerjoin(settlement_item, settlement_item.c.entry_id == ledger_entry.c.entry_id)
        .outerjoin(settlement_batch, settlement_batch.c.batch_id == settlement_item.c.batch_id)
    )
    .where(
        ledger_entry.c.entry_id > bindparam("after"),
        ledger_entry.c.entry_id <= bindparam("until"),
        or_(ledger_entry.c.debit_account.in_(_ACCOUNTS), ledger_entry.c.credit_account.in_(_ACCOUNTS)),
    )
    .group_by(*_GROUPS)
)


def pieces(connection: Connection) -> Iterator[int]:
    """Where each piece of the ledger begins: `add_piece` adds it up."""
    last = connection.execute(select(func.max(ledger_entry.c.entry_id))).scalar() or 0
    yield from range(0, last, PIECE)


def add_piece(connection: Connection, ledger: Ledger, after: int) -> None:
    """Add the postings of the PIECE ids above `after`."""
    found = connection.execute(_MOVED, {"after": after, "until": after + PIECE})
    for debit, credit, currency, merchant_id, is_due, amount in found:
        ledger.add(Moved(debit, credit, currency, merchant_id, bool(is_due), int(amount)))
