"""Finds whose postings on merchant_payable are in no settlement item, over the whole ledger, and when days end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, case, func, select

from payments.platform.tables.ledger import ledger_entry as entry
from payments.platform.tables.merchants import merchant
from payments.platform.tables.payments import payment
from payments.settlement.due_store import IN_NO_ITEM, IS_DUE

UNREGISTERED: Final = "UTC"
"""Where the days of a merchant end that is not registered."""
PIECE: Final = 10_000
"""Postings that one statement of `waiting` reads, so that it never takes long."""


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
    .select_from(IN_NO_ITEM.outerjoin(payment, payment.c.payment_id == entry.c.payment_id))
    .with_hint(entry, "FORCE INDEX (PRIMARY)", "mysql")
    .where(entry.c.entry_id >= bindparam("first"), entry.c.entry_id < bindparam("end"), *IS_DUE)
    .group_by(_OWNER, entry.c.currency, _SOURCED)
)
_BOUNDS: Final = select(func.min(entry.c.entry_id), func.max(entry.c.entry_id))
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


def zones(connection: Connection) -> set[str]:
    """The time zones of all merchants."""
    return set(connection.execute(_ZONES).scalars())


def zone(connection: Connection, merchant_id: str) -> str:
    """The time zone in which a merchant's days end."""
    return connection.execute(_ZONE, {"merchant": merchant_id}).scalar() or UNREGISTERED
