"""Payments in the table `payment`: batches for the commands, single ones and pages for the readers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, tuple_

from payments.adapters.database import upsert
from payments.adapters.tables import payment as table
from payments.domain.payment import Payment, ReleaseReason, Status

_BY_IDS = select(table).where(table.c.payment_id.in_(bindparam("ids", expanding=True))).order_by(table.c.payment_id)
_LOCK = _BY_IDS.with_for_update()
_OWNERS = select(table.c.payment_id, table.c.merchant_id).where(
    table.c.payment_id.in_(bindparam("ids", expanding=True))
)
_KEYS = select(table.c.merchant_id, table.c.idempotency_key).where(
    tuple_(table.c.merchant_id, table.c.idempotency_key).in_(bindparam("keys", expanding=True))
)
_INSERT = insert(table).returning(table.c.merchant_id, table.c.idempotency_key, table.c.payment_id)
_CHANGED = ("captured_amount", "released_amount", "refunded_amount", "release_reason", "status", "updated_at")
_EXPIRED = (
    select(table.c.payment_id, table.c.merchant_id)
    .where(
        table.c.status.in_([Status.AUTHORIZED, Status.PARTIALLY_CAPTURED, Status.PARTIALLY_REFUNDED]),
        table.c.expires_at <= bindparam("now"),
        table.c.amount > table.c.captured_amount + table.c.released_amount,
    )
    .limit(bindparam("most"))
)


def _payment(row: Row[Any]) -> Payment:
    values = row._mapping
    reason = values["release_reason"]
    return Payment(
        payment_id=values["payment_id"],
        merchant_id=values["merchant_id"],
        idempotency_key=values["idempotency_key"],
        amount=values["amount"],
        currency=values["currency"],
        requested_at=values["requested_at"],
        updated_at=values["updated_at"],
        expires_at=values["expires_at"],
        captured_amount=values["captured_amount"],
        released_amount=values["released_amount"],
        refunded_amount=values["refunded_amount"],
        release_reason=ReleaseReason(reason) if reason else None,
    )


def _values(payment: Payment) -> dict[str, Any]:
    return {
        "merchant_id": payment.merchant_id,
        "amount": payment.amount,
        "captured_amount": payment.captured_amount,
        "released_amount": payment.released_amount,
        "refunded_amount": payment.refunded_amount,
        "release_reason": payment.release_reason,
        "currency": payment.currency,
        "status": payment.status,
        "idempotency_key": payment.idempotency_key,
        "requested_at": payment.requested_at,
        "updated_at": payment.updated_at,
        "expires_at": payment.expires_at,
    }


def owners(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The merchant of each payment that exists. It never changes, so this needs no lock."""
    return {row.payment_id: row.merchant_id for row in connection.execute(_OWNERS, {"ids": list(ids)})}


def lock(connection: Connection, ids: Iterable[int]) -> dict[int, Payment]:
    """Lock the rows of `ids` in their order and read them; ids that do not exist are absent from the answer."""
    # SQLite has no row locks: its transaction already holds the whole file (BEGIN IMMEDIATE)
    rows = connection.execute(_LOCK, {"ids": sorted(ids)})
    return {row.payment_id: _payment(row) for row in rows}


def add(connection: Connection, payments: Sequence[Payment]) -> dict[tuple[str, str], int]:
    """Insert new payments, sorted by (merchant, key); returns the id that each (merchant, key) got.

    Raises sqlalchemy IntegrityError when one of the keys already made a payment.
    """
    ordered = sorted(payments, key=lambda p: (p.merchant_id, p.idempotency_key))
    rows = connection.execute(_INSERT, [_values(p) for p in ordered])
    # matched by key, never by position: RETURNING promises no order
    return {(merchant, key): payment_id for merchant, key, payment_id in rows}


def save(connection: Connection, payments: Sequence[Payment]) -> None:
    """Write the amounts, status and time of payments whose rows this transaction has locked."""
    statement = upsert(connection, table, ["payment_id"], _CHANGED)
    ordered = sorted(payments, key=lambda p: p.payment_id)
    connection.execute(statement, [{"payment_id": p.payment_id, **_values(p)} for p in ordered])


def taken_keys(connection: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (merchant, idempotency key) pairs already made a payment."""
    return {(row.merchant_id, row.idempotency_key) for row in connection.execute(_KEYS, {"keys": sorted(keys)})}


def expired(connection: Connection, now: datetime, most: int) -> list[tuple[int, str]]:
    """At most `most` (payment id, merchant) whose authorization is over and that still have something open."""
    return [(row.payment_id, row.merchant_id) for row in connection.execute(_EXPIRED, {"now": now, "most": most})]


def get(connection: Connection, payment_id: int) -> Payment | None:
    """One payment without locking it, or None."""
    row = connection.execute(_BY_IDS, {"ids": [payment_id]}).first()
    return None if row is None else _payment(row)


def page(connection: Connection, merchant_id: str, status: str | None, before: int | None, limit: int) -> list[Payment]:
    """A merchant's payments, newest first: at most `limit`, with ids smaller than `before`."""
    query = select(table).where(table.c.merchant_id == merchant_id)
    if status is not None:
        query = query.where(table.c.status == status)
    if before is not None:
        query = query.where(table.c.payment_id < before)
    return [_payment(row) for row in connection.execute(query.order_by(table.c.payment_id.desc()).limit(limit))]
