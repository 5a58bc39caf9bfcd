"""Searches the table `payment` of all merchants: one index narrows what is read, the other filters apply to that.

Each function reads a bounded number of rows. `payments.reading.search` puts them together to pages.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from payments.payment.store import LISTED
from payments.platform.json_types import LARGEST_ID
from payments.platform.tables.payments import payment as table

CHUNK: Final = 5_000
"""Candidates whose rows one statement may read."""
FEW: Final = 2_000
"""A range of amounts that holds no more payments is read whole."""
NEAREST: Final = 1_000
"""Rows beside a time among which the lowest or highest id is taken: ids are given before times are."""
MERCHANTS_LIMIT: Final = 10_000
"""Merchants whose stored answers are looked at for a key."""
_MERCHANTS_PART: Final = 500
# one index entry for each merchant, whatever the statistics are; DISTINCT reads the whole index when they are old
_NEXT_MERCHANTS: Final = """BEGIN NOT ATOMIC
DECLARE name VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT %s;
DECLARE number INT DEFAULT 0;
DECLARE found LONGTEXT CHARACTER SET ascii DEFAULT '';
merchants: WHILE number < %s DO
  SELECT MIN(merchant_id) INTO name FROM payment WHERE merchant_id > name;
  IF name IS NULL THEN LEAVE merchants; END IF;
  SET found = CONCAT(found, HEX(name), ' '), number = number + 1;
END WHILE;
SELECT found;
END"""
_BY_ID: Final = "PRIMARY"
_FOUND: Final = (*LISTED, table.c.idempotency_key)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a payment must be; None filters nothing. Amounts in minor units, inclusive; times in UTC.

    `since` is inclusive, `until` is not.
    """

    merchant_id: str | None = None
    status: str | None = None
    currency: str | None = None
    amount_from: int | None = None
    amount_to: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> dict[str, ColumnElement[bool]]:
        """Name of the filter → its condition."""
        found: dict[str, ColumnElement[bool] | None] = {
            "merchant_id": None if self.merchant_id is None else table.c.merchant_id == self.merchant_id,
            "status": None if self.status is None else table.c.status == self.status,
            "currency": None if self.currency is None else table.c.currency == self.currency,
            "amount_from": None if self.amount_from is None else table.c.amount >= self.amount_from,
            "amount_to": None if self.amount_to is None else table.c.amount <= self.amount_to,
            "since": None if self.since is None else table.c.requested_at >= self.since,
            "until": None if self.until is None else table.c.requested_at < self.until,
        }
        return {name: condition for name, condition in found.items() if condition is not None}


class Candidates:
    """The payments that one index finds for some of the filters, newest first; the rest of the filters is checked."""

    def __init__(self, filters: Filters) -> None:
        """Chooses the index."""
        self._conditions = filters.conditions()
        self._index, names = _driver(filters)
        self._driving = [self._conditions[name] for name in names]

    @property
    def are_found(self) -> bool:
        """Whether there are no other filters, so that every candidate belongs to the result."""
        return len(self._driving) == len(self._conditions)

    def end_of_chunk(self, connection: Connection, lowest: int, below: int) -> int | None:
        """The id of candidate number CHUNK in [lowest, below), None: there are fewer. Reads the index alone."""
        query = _within(select(table.c.payment_id).where(*self._driving), self._index, lowest, below)
        return connection.execute(query.limit(1).offset(CHUNK - 1)).scalar()

    def found(self, connection: Connection, lowest: int, below: int, limit: int) -> Sequence[Row[Any]]:
        """The newest `limit` candidates in [lowest, below) that pass all filters, as `payments.payment.view` reads."""
        query = _within(select(*_FOUND).where(*self._conditions.values()), self._index, lowest, below)
        return connection.execute(query.limit(limit)).all()


def _driver(filters: Filters) -> tuple[str, tuple[str, ...]]:
    """The index that narrows most, and the filters that it applies."""
    if filters.merchant_id is not None:
        if filters.status is not None:
            return "ix_payment_merchant_status", ("merchant_id", "status")
        return "ix_payment_merchant", ("merchant_id",)
    if filters.status is not None:
        return "ix_payment_status", ("status",)
    if filters.amount_from is not None and filters.amount_from == filters.amount_to:
        return "ix_payment_amount", ("amount_from", "amount_to")
    return _BY_ID, ()


def _within(query: Select[Any], index: str, lowest: int, below: int) -> Select[Any]:
    # with an index hint: MariaDB's statistics are old after quick growth, and then it may read the whole table
    return (
        query.where(table.c.payment_id >= lowest, table.c.payment_id < below)
        .order_by(table.c.payment_id.desc())
        .with_hint(table, f"FORCE INDEX ({index})", "mysql")
    )


def bounds(connection: Connection, filters: Filters) -> tuple[int, int] | None:
    """[lowest id, id above the highest) of payments in the filters' time; None: there are none.

    Ids and times rise together, but for payments that commit beside each other: check `requested_at`, too.
    """
    lowest, below = 0, LARGEST_ID
    at = table.c.requested_at
    query = select(table.c.payment_id).with_hint(table, "FORCE INDEX (ix_payment_requested)", "mysql").limit(NEAREST)
    if filters.since is not None:
        first = connection.execute(query.where(at >= filters.since).order_by(at)).scalars().all()
        if not first:
            return None
        lowest = min(first)
    if filters.until is not None:
        last = connection.execute(query.where(at < filters.until).order_by(at.desc())).scalars().all()
        if not last:
            return None
        below = max(last) + 1
    return lowest, below


def few_by_amount(connection: Connection, filters: Filters) -> set[int] | None:
    """Ids of all payments within the filters' amounts; None: these filter nothing, or find more than FEW."""
    conditions = filters.conditions()
    amounts = [conditions[name] for name in ("amount_from", "amount_to") if name in conditions]
    if not amounts:
        return None
    query = select(table.c.payment_id).where(*amounts).with_hint(table, "FORCE INDEX (ix_payment_amount)", "mysql")
    ids = connection.execute(query.limit(FEW + 1)).scalars().all()
    return None if len(ids) > FEW else set(ids)


def among(connection: Connection, ids: Iterable[int], filters: Filters) -> Sequence[Row[Any]]:
    """Those of these payments that pass all filters, newest first. At most 500 ids in one call."""
    query = select(*_FOUND).where(table.c.payment_id.in_(list(ids)), *filters.conditions().values())
    hinted = query.with_hint(table, f"FORCE INDEX ({_BY_ID})", "mysql")
    return connection.execute(hinted.order_by(table.c.payment_id.desc())).all()


def existing(connection: Connection, payment_id: int) -> set[int]:
    """The id, if there is such a payment."""
    return set(connection.execute(select(table.c.payment_id).where(table.c.payment_id == payment_id)).scalars())


def requested_at(connection: Connection, payment_id: int) -> datetime:
    """When the payment was authorized (UTC)."""
    at: datetime = connection.execute(select(table.c.requested_at).where(table.c.payment_id == payment_id)).scalar_one()
    return at


def authorized_by(connection: Connection, key: str, merchant_id: str | None) -> set[int]:
    """Payments whose authorization had this idempotency key, of one merchant or of all: at most MERCHANTS_LIMIT."""
    query = select(table.c.payment_id).where(table.c.idempotency_key == key)
    if merchant_id is not None:
        query = query.where(table.c.merchant_id == merchant_id)
    hinted = query.with_hint(table, "FORCE INDEX (uq_payment_key_merchant)", "mysql")
    return set(connection.execute(hinted.limit(MERCHANTS_LIMIT)).scalars())


def merchants(connection: Connection) -> list[str]:
    """Every merchant that has payments, in order, at most MERCHANTS_LIMIT."""
    if connection.dialect.name == "sqlite":
        query = select(table.c.merchant_id).distinct().order_by(table.c.merchant_id).limit(MERCHANTS_LIMIT)
        return list(connection.execute(query).scalars())
    found: list[str] = []
    while len(found) < MERCHANTS_LIMIT:
        last = found[-1] if found else ""
        part = connection.exec_driver_sql(_NEXT_MERCHANTS, (last, _MERCHANTS_PART)).scalar_one()
        found += [bytes.fromhex(name).decode() for name in part.split()]
        if len(part.split()) < _MERCHANTS_PART:
            break
    return found
