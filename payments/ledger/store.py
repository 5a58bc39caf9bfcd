"""Reads postings: in pages, and as sums by account. `inbox_store` writes them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, select

from payments.platform.tables.events import inbox_event
from payments.platform.tables.ledger import ledger_entry as table
from payments.platform.tables.payments import payment


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting as it is stored; `amount` in minor units. Of an event of a payment, or of a source: never of both.

    `merchant_id`: of a source's posting that is a merchant's.
    """

    entry_id: int
    payment_id: int | None
    event_id: int | None
    posting_no: int
    debit_account: str
    credit_account: str
    amount: int
    currency: str
    occurred_at: datetime
    posted_at: datetime
    source_type: str | None
    source_id: int | None
    merchant_id: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """The sum of all postings from one account to another, in one currency (minor units)."""

    debit_account: str
    credit_account: str
    currency: str
    amount: int


_COLUMNS = (
    table.c.entry_id,
    table.c.payment_id,
    table.c.event_id,
    table.c.posting_no,
    table.c.debit_account,
    table.c.credit_account,
    table.c.amount,
    table.c.currency,
    table.c.occurred_at,
    table.c.posted_at,
    table.c.source_type,
    table.c.source_id,
    table.c.merchant_id,
)
_OF_PAYMENT = select(*_COLUMNS).where(table.c.payment_id == bindparam("payment_id")).order_by(table.c.entry_id)
_POSTED_AT = select(inbox_event.c.event_id, inbox_event.c.posted_at).where(
    inbox_event.c.event_id.in_(bindparam("ids", expanding=True))
)
_PART = 1_000_000
_ACCOUNTS = (table.c.debit_account, table.c.credit_account, table.c.currency)
# in two parts: SQLite refuses a sum beyond 2^63, which nine million of the largest payments reach
_LOW = table.c.amount % _PART
_SUMS: Final[Select[Any]] = select(
    *_ACCOUNTS, func.sum((table.c.amount - _LOW) // _PART).label("high"), func.sum(_LOW).label("low")
).group_by(*_ACCOUNTS)


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(*row)


def of_payment(connection: Connection, payment_id: int) -> list[Entry]:
    """All postings of one payment, oldest first."""
    return [_entry(row) for row in connection.execute(_OF_PAYMENT, {"payment_id": payment_id})]


class Order(StrEnum):
    """Which postings come first in a list."""

    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which postings a list has, and in which order. None: of all payments, of all events, of all sources."""

    payment_id: int | None = None
    event_id: int | None = None
    order: Order = Order.OLDEST
    source_type: str | None = None
    source_id: int | None = None
    """Of `source_type`: without that, no index finds it."""


def page(connection: Connection, wanted: Wanted, behind: int | None, limit: int) -> list[Entry]:
    """At most `limit` postings in the list's order, from the one after the id `behind` on (None: from the first)."""
    query, newest = select(*_COLUMNS), wanted.order is Order.NEWEST
    filters = (
        (table.c.payment_id, wanted.payment_id),
        (table.c.event_id, wanted.event_id),
        (table.c.source_type, wanted.source_type),
        (table.c.source_id, wanted.source_id),
    )
    for column, value in filters:
        if value is not None:
            query = query.where(column == value)
    if behind is not None:
        query = query.where(table.c.entry_id < behind if newest else table.c.entry_id > behind)
    order = table.c.entry_id.desc() if newest else table.c.entry_id
    return [_entry(row) for row in connection.execute(query.order_by(order).limit(limit))]


def posted_at(connection: Connection, event_ids: Iterable[int]) -> dict[int, datetime]:
    """When each of these events was posted; those not yet posted are absent."""
    return {row.event_id: row.posted_at for row in connection.execute(_POSTED_AT, {"ids": list(event_ids)})}


def moved(connection: Connection, merchant_id: str | None, until: datetime | None = None) -> list[Moved]:
    """The sums of postings by pair of accounts, of one merchant or of all; exact, however large.

    `until`: only of postings up to this moment. Reads every posting, of that merchant or of all, whatever the moment.
    """
    if merchant_id is None:
        return _summed(connection, [_SUMS], until)
    of_payments = _SUMS.join(payment, payment.c.payment_id == table.c.payment_id)
    return _summed(
        connection,
        [  # apart: with OR, no index would find either
            of_payments.where(payment.c.merchant_id == merchant_id),
            _SUMS.where(table.c.source_type.is_not(None), table.c.merchant_id == merchant_id),
        ],
        until,
    )


def _summed(connection: Connection, queries: Sequence[Select[Any]], until: datetime | None) -> list[Moved]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for each in queries:
        query = each if until is None else each.where(table.c.posted_at <= until)
        for row in connection.execute(query):
            sums[row.debit_account, row.credit_account, row.currency] += int(row.high) * _PART + int(row.low)
    return [Moved(*key, amount) for key, amount in sums.items()]
