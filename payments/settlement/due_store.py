"""Reads postings on merchant_payable that are in no settlement item, whatever their ids.

Always an anti-join, never "all behind the last one": an id is given before its commit, so a posting may appear behind
others that are settled.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, or_, select

from payments.ledger.rules import Account, SourceType
from payments.platform.tables.ledger import ledger_entry as entry
from payments.platform.tables.payments import payment
from payments.platform.tables.settlement import settlement_item as item
from payments.settlement.due import Due, OfPayment

PAYMENTS: Final = 1_000
"""Payments whose postings one statement of `of_payments` reads."""


IS_DUE: Final = (
    or_(
        entry.c.debit_account == Account.MERCHANT_PAYABLE.value,
        entry.c.credit_account == Account.MERCHANT_PAYABLE.value,
    ),
    # what a batch itself has posted is no item of another one
    or_(entry.c.source_type.is_(None), entry.c.source_type != SourceType.SETTLEMENT_BATCH.value),
    item.c.entry_id.is_(None),
)
IN_NO_ITEM: Final = entry.outerjoin(item, item.c.entry_id == entry.c.entry_id)
_BOUNDARY: Final = (
    select(payment.c.payment_id)
    .with_hint(payment, "FORCE INDEX (ix_payment_merchant)", "mysql")
    .where(
        payment.c.merchant_id == bindparam("merchant"),
        payment.c.payment_id >= bindparam("first"),
        payment.c.payment_id <= bindparam("last"),
    )
    .order_by(payment.c.payment_id)
    .limit(1)
    .offset(bindparam("skipped"))
)
_DUE: Final = (entry.c.entry_id, entry.c.amount, entry.c.credit_account, entry.c.event_id, entry.c.payment_id)
_OF_PAYMENTS: Final = (
    select(*_DUE, payment.c.requested_at)
    .select_from(payment.join(IN_NO_ITEM, entry.c.payment_id == payment.c.payment_id))
    .with_hint(payment, "FORCE INDEX (ix_payment_merchant)", "mysql")
    .with_hint(entry, "FORCE INDEX (ix_entry_payment)", "mysql")
    .where(
        payment.c.merchant_id == bindparam("merchant"),
        payment.c.payment_id >= bindparam("first"),
        payment.c.payment_id <= bindparam("last"),
        entry.c.currency == bindparam("currency"),
        entry.c.occurred_at < bindparam("cutoff"),
        *IS_DUE,
    )
)
_OF_SOURCES: Final = (
    select(*_DUE)
    .select_from(IN_NO_ITEM)
    .where(entry.c.entry_id.in_(bindparam("ids", expanding=True)), entry.c.occurred_at < bindparam("cutoff"), *IS_DUE)
)


def boundary(connection: Connection, merchant_id: str, first: int, last: int) -> int:
    """The last payment of a merchant that `of_payments` should read from `first` on; at most `last`."""
    values = {"merchant": merchant_id, "first": first, "last": last, "skipped": PAYMENTS - 1}
    found = connection.execute(_BOUNDARY, values).scalar()
    return last if found is None else int(found)


def of_payments(
    connection: Connection, merchant_id: str, currency: str, payments: tuple[int, int], cutoff: datetime
) -> list[Due]:
    """What is due of a merchant's payments from the first to the last of these ids, and occurred before `cutoff`."""
    first, last = payments
    values = {"merchant": merchant_id, "currency": currency, "first": first, "last": last, "cutoff": cutoff}
    return [
        Due(row.entry_id, _signed(row), OfPayment(row.event_id, row.payment_id, row.requested_at))
        for row in connection.execute(_OF_PAYMENTS, values)
    ]


def of_sources(connection: Connection, entry_ids: tuple[int, ...], cutoff: datetime) -> list[Due]:
    """What of these postings is due still, and occurred before `cutoff`."""
    rows = connection.execute(_OF_SOURCES, {"ids": entry_ids, "cutoff": cutoff})
    return [Due(row.entry_id, _signed(row)) for row in rows]


def _signed(row: Any) -> int:
    amount: int = row.amount
    return amount if row.credit_account == Account.MERCHANT_PAYABLE.value else -amount
