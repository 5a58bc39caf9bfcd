"""Payments in the table `payment`: in batches for commands, single and in pages for reads."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, String, bindparam, cast, select

from payments.payment.rules import NewPayment, Payment, ReleaseReason, Status
from payments.platform.clock import database_now
from payments.platform.connectors import ConnectorName
from payments.platform.key_lookup import NOW, Lookup, read, write_and_read
from payments.platform.tables.payments import payment as table
from payments.platform.writing import Insert, as_text, from_text, write, write_returning

_WRITTEN: Final = tuple(column.name for column in table.c if column.computed is None)
_FIELDS: Final = tuple(field.name for field in fields(Payment))
_ID: Final = ("payment_id",)
LISTED: Final = (
    table.c.payment_id,
    table.c.merchant_id,
    table.c.status,
    table.c.amount,
    table.c.captured_amount,
    table.c.released_amount,
    table.c.refunded_amount,
    table.c.currency,
    cast(table.c.requested_at, String).label("requested_at"),
    cast(table.c.expires_at, String).label("expires_at"),
)
"""Columns of lists. Times as text: converting two of them to datetime costs more than the rest of a row."""
_KEY: Final = ("merchant_id", "idempotency_key")
_NEW: Final = (
    "merchant_id",
    "idempotency_key",
    "amount",
    "currency",
    "requested_at",
    "updated_at",
    "expires_at",
    "captured_amount",
    "released_amount",
    "refunded_amount",
    "status",
    "connector",
    "decided_at",
)
_INSERTED: Final = ("merchant_id", "idempotency_key", "payment_id")
_CHANGED = (
    "captured_amount",
    "released_amount",
    "refunded_amount",
    "release_reason",
    "status",
    "updated_at",
    "decided_at",
    "pending_capture",
    "pending_refund",
    "pending_release",
)
_MICROSECOND: Final = timedelta(microseconds=1)
_EXPIRED = (
    select(table.c.payment_id, table.c.merchant_id)
    .where(table.c.open_until <= bindparam("now"))
    .order_by(table.c.open_until)
    .limit(bindparam("limit"))
)
# with an index hint: else MariaDB may read all of the merchant's payments to find a few of one status
_BY_STATUS: Final = "FORCE INDEX (ix_payment_merchant_status)"


def _payment(row: Sequence[Any]) -> Payment:
    """Of the columns `_FIELDS`."""
    payment_id, merchant_id, key, amount, currency, requested_at, updated_at, expires_at, decided_at, *rest = row
    captured, released, refunded, reason, connector, pending_capture, pending_refund, pending_release = rest
    return Payment(
        payment_id,
        merchant_id,
        key,
        amount,
        currency,
        from_text(requested_at),
        from_text(updated_at),
        from_text(expires_at),
        None if decided_at is None else from_text(decided_at),
        captured,
        released,
        refunded,
        None if reason is None else ReleaseReason(reason),
        connector,
        pending_capture,
        pending_refund,
        pending_release,
    )


def _row(payment: Payment) -> tuple[Any, ...]:
    reason = payment.release_reason
    return (
        payment.payment_id,
        payment.merchant_id,
        payment.amount,
        payment.captured_amount,
        payment.released_amount,
        payment.refunded_amount,
        None if reason is None else reason.value,
        payment.currency,
        payment.status.value,
        payment.idempotency_key,
        as_text(payment.requested_at),
        as_text(payment.updated_at),
        as_text(payment.expires_at),
        payment.connector,
        None if payment.decided_at is None else as_text(payment.decided_at),
        payment.pending_capture,
        payment.pending_refund,
        payment.pending_release,
    )


def owners(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The merchant of each payment that exists. It never changes, so this needs no lock."""
    (rows,) = read(connection, owners_lookup(ids))
    return owners_of(rows)


def owners_lookup(ids: Iterable[int]) -> Lookup:
    """Reads the merchant of each payment that exists, for `owners_of`."""
    return Lookup(table.name, ("payment_id", "merchant_id"), _ID, [(number,) for number in ids])


def owners_of(rows: Iterable[Sequence[Any]]) -> dict[int, str]:
    """Payment id → merchant, of what was read."""
    return {row[0]: row[1] for row in rows}


def lock(
    connection: Connection, ids: Iterable[int], first: Insert | None = None
) -> tuple[dict[int, Payment], datetime]:
    """Lock the rows of `ids` in order and read them; returns also the time when the last was locked (UTC).

    Ids that do not exist are absent. `first` is written before that, on MariaDB in the same round trip.
    """
    wanted = [(number,) for number in sorted(ids)]
    if connection.dialect.name == "sqlite":  # no row locks: the transaction has locked the whole file
        if first is not None:
            write(connection, first)
        (found,) = read(connection, Lookup(table.name, _FIELDS, _ID, wanted))
        return {row[0]: _payment(row) for row in found}, database_now(connection)
    locking = Lookup(table.name, (NOW, *_FIELDS), _ID, wanted, " ORDER BY payment_id FOR UPDATE")
    rows = write_and_read(connection, first, locking)
    payments = {row[1]: _payment(row[1:]) for row in rows}
    return payments, from_text(max(row[0] for row in rows)) if rows else database_now(connection)


def add(connection: Connection, payments: Sequence[NewPayment]) -> tuple[dict[tuple[str, str], Payment], datetime]:
    """Insert new payments; returns them as stored, by (merchant, key), and their time (UTC).

    Raises sqlalchemy IntegrityError when a payment with one of the keys exists.
    """
    new = {(payment.merchant_id, payment.idempotency_key): payment for payment in payments}
    ordered = sorted(new.values(), key=lambda p: (p.connector, p.merchant_id, p.idempotency_key))
    ordered.sort(key=lambda p: p.connector != ConnectorName.NONE)  # their time is that of the answers
    add_some = _add_to_sqlite if connection.dialect.name == "sqlite" else _add
    stored: dict[tuple[str, str], Payment] = {}
    times = []
    for connector, some in groupby(ordered, key=lambda p: p.connector):
        rows = add_some(connection, list(some), connector)
        at = from_text(rows[0][3])  # of the whole statement
        times.append(at)
        # matched by key: RETURNING guarantees no order
        stored |= {(merchant, key): new[merchant, key].stored(made, at) for merchant, key, made, _ in rows}
    return stored, times[0]


def _add(connection: Connection, payments: Sequence[NewPayment], connector: str) -> Sequence[Sequence[Any]]:
    # the database's clock, which is constant within one statement
    times = "UTC_TIMESTAMP(6),UTC_TIMESTAMP(6),UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND"
    rows = [(p.merchant_id, p.idempotency_key, p.amount, p.currency, p.lifetime // _MICROSECOND) for p in payments]
    text = f"(%s,%s,%s,%s,{times},{_at_first(connector, 'UTC_TIMESTAMP(6)')})"
    return write_returning(connection, Insert(table.name, _NEW, rows), text, *_INSERTED, "requested_at")


def _add_to_sqlite(connection: Connection, payments: Sequence[NewPayment], connector: str) -> Sequence[Sequence[Any]]:
    now = database_now(connection)
    at = as_text(now)
    rows = [
        (p.merchant_id, p.idempotency_key, p.amount, p.currency, at, at, as_text(now + p.lifetime)) for p in payments
    ]
    text = f"(?,?,?,?,?,?,?,{_at_first(connector, repr(at))})"
    return write_returning(connection, Insert(table.name, _NEW, rows), text, *_INSERTED, "requested_at")


def _at_first(connector: str, now: str) -> str:
    """The values of the last six columns, in SQL. Texts of ours: names of connectors and of statuses."""
    if connector == ConnectorName.NONE:
        return f"0,0,0,'{Status.AUTHORIZED.value}','{ConnectorName.NONE.value}',{now}"
    return f"0,0,0,'{Status.PROCESSING.value}','{ConnectorName(connector).value}',NULL"


def saving(payments: Iterable[Payment]) -> Insert:
    """An Insert that writes the amounts, status and time of payments whose rows this transaction has locked."""
    rows = [_row(payment) for payment in sorted(payments, key=lambda p: p.payment_id)]
    return Insert(table.name, _WRITTEN, rows, ("payment_id",), _CHANGED)


def taken_keys(connection: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these (merchant, idempotency key) pairs for which a payment exists."""
    (rows,) = read(connection, keys_lookup(keys))
    return {(merchant, key) for merchant, key in rows}


def keys_lookup(keys: Iterable[tuple[str, str]]) -> Lookup:
    """Reads those of these (merchant, idempotency key) pairs for which a payment exists."""
    return Lookup(table.name, _KEY, _KEY, sorted(keys))


def ids_of_keys(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The payments with these (merchant, idempotency key) pairs."""
    (rows,) = read(connection, Lookup(table.name, _INSERTED, _KEY, sorted(keys)))
    return {(merchant, key): payment_id for merchant, key, payment_id in rows}


def expired(connection: Connection, now: datetime, limit: int) -> list[tuple[int, str]]:
    """At most `limit` (payment id, merchant) whose authorization has expired with an open amount, oldest first."""
    return [(row.payment_id, row.merchant_id) for row in connection.execute(_EXPIRED, {"now": now, "limit": limit})]


def get(connection: Connection, payment_id: int) -> Payment | None:
    """One payment without locking it, or None."""
    (rows,) = read(connection, Lookup(table.name, _FIELDS, _ID, [(payment_id,)]))
    return _payment(rows[0]) if rows else None


def page(
    connection: Connection, merchant_id: str, status: str | None, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """A merchant's payments, newest first: at most `limit`, with ids smaller than `before`.

    Each as what a list shows, in the order of a PaymentItem's fields, its times as texts: 2025-10-27 06:16:28.123456.
    """
    query = select(*LISTED).where(table.c.merchant_id == merchant_id)
    if status is not None:
        query = query.where(table.c.status == status).with_hint(table, _BY_STATUS, "mysql")
    if before is not None:
        query = query.where(table.c.payment_id < before)
    return connection.execute(query.order_by(table.c.payment_id.desc()).limit(limit)).all()
