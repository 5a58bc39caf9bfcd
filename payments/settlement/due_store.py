"""Finds postings on merchant_payable that are in no settlement item, whatever their ids.

Always an anti-join, never "all behind the last one": an id is given before its commit, so a posting may appear behind
others that are settled.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, case, func, or_, select

from payments.ledger.rules import Account, SourceType
from payments.platform.ledger_table import ledger_entry as entry
from payments.platform.merchant_tables import merchant
from payments.platform.settlement_tables import settlement_item as item
from payments.platform.tables import payment
from payments.settlement.due import Due, OfPayment

UNREGISTERED: Final = "UTC"
"""Where the days of a merchant end that is not registered."""
PIECE: Final = 10_000
"""Postings that one statement of `waiting` reads, so that it never takes long."""
PAYMENTS: Final = 1_000
"""Payments whose postings one statement of `of_payments` reads."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Postings of one merchant and currency in no item: of payments within these ids, and `entries` of sources."""

    merchant_id: str
    currency: str
    oldest: datetime
    """When the first of them occurred."""
    first_payment: int
    """0, with `last_payment`: none are of payments."""
    last_payment: int
    entries: tuple[int, ...] = ()

    def and_also(self, other: "Waiting") -> "Waiting":
        """Both together, of one merchant and currency."""
        firsts = [each.first_payment for each in (self, other) if each.first_payment]
        return Waiting(
            self.merchant_id,
            self.currency,
            min(self.oldest, other.oldest),
            min(firsts, default=0),
            max(self.last_payment, other.last_payment),
            self.entries + other.entries,
        )


_IS_DUE: Final = (
    or_(
        entry.c.debit_account == Account.MERCHANT_PAYABLE.value,
        entry.c.credit_account == Account.MERCHANT_PAYABLE.value,
    ),
    # what a batch itself has posted is no item of another one
    or_(entry.c.source_type.is_(None), entry.c.source_type != SourceType.SETTLEMENT_BATCH.value),
    item.c.entry_id.is_(None),
)
_IN_NO_ITEM: Final = entry.outerjoin(item, item.c.entry_id == entry.c.entry_id)
_SOURCED: Final = case((entry.c.source_type.is_(None), 0), else_=entry.c.entry_id)
_OWNER: Final = func.coalesce(payment.c.merchant_id, entry.c.merchant_id)
_WAITING: Final = (
    select(
        _OWNER.label("owner"),
        entry.c.currency,
        _SOURCED.label("sourced"),
        func.min(entry.c.occurred_at, type_=entry.c.occurred_at.type).label("oldest"),
        func.coalesce(func.min(entry.c.payment_id), 0).label("first_payment"),
        func.coalesce(func.max(entry.c.payment_id), 0).label("last_payment"),
    )
    .select_from(_IN_NO_ITEM.outerjoin(payment, payment.c.payment_id == entry.c.payment_id))
    .with_hint(entry, "FORCE INDEX (PRIMARY)", "mysql")
    .where(entry.c.entry_id >= bindparam("first"), entry.c.entry_id < bindparam("end"), *_IS_DUE)
    .group_by(_OWNER, entry.c.currency, _SOURCED)
)
_BOUNDS: Final = select(func.min(entry.c.entry_id), func.max(entry.c.entry_id))
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
    .select_from(payment.join(_IN_NO_ITEM, entry.c.payment_id == payment.c.payment_id))
    .with_hint(payment, "FORCE INDEX (ix_payment_merchant)", "mysql")
    .with_hint(entry, "FORCE INDEX (ix_entry_payment)", "mysql")
    .where(
        payment.c.merchant_id == bindparam("merchant"),
        payment.c.payment_id >= bindparam("first"),
        payment.c.payment_id <= bindparam("last"),
        entry.c.currency == bindparam("currency"),
        entry.c.occurred_at < bindparam("cutoff"),
        *_IS_DUE,
    )
)
_OF_SOURCES: Final = (
    select(*_DUE)
    .select_from(_IN_NO_ITEM)
    .where(entry.c.entry_id.in_(bindparam("ids", expanding=True)), entry.c.occurred_at < bindparam("cutoff"), *_IS_DUE)
)
_ZONES: Final = select(merchant.c.time_zone).distinct()
_ZONE: Final = select(merchant.c.time_zone).where(merchant.c.merchant_id == bindparam("merchant"))


def bounds(connection: Connection) -> tuple[int, int] | None:
    """The smallest and the largest id of a posting; None: there are none."""
    smallest, largest = connection.execute(_BOUNDS).one()
    return None if smallest is None else (smallest, largest)


def waiting(connection: Connection, first: int) -> list[Waiting]:
    """What is in no item of the postings with ids from `first` on, PIECE ids, by merchant and currency."""
    rows = connection.execute(_WAITING, {"first": first, "end": first + PIECE})
    return [
        Waiting(
            row.owner,
            row.currency,
            row.oldest,
            row.first_payment,
            row.last_payment,
            (row.sourced,) if row.sourced else (),
        )
        for row in rows
    ]


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


def zones(connection: Connection) -> set[str]:
    """The time zones of all merchants."""
    return set(connection.execute(_ZONES).scalars())


def zone(connection: Connection, merchant_id: str) -> str:
    """The time zone in which a merchant's days end."""
    return connection.execute(_ZONE, {"merchant": merchant_id}).scalar() or UNREGISTERED


def _signed(row: Any) -> int:
    amount: int = row.amount
    return amount if row.credit_account == Account.MERCHANT_PAYABLE.value else -amount
