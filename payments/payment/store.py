"""Payments in the table `payment`: in batches for commands, single and in pages for reads."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, String, bindparam, cast, literal_column, select

from payments.payment.rules import NewPayment, Payment, ReleaseReason, Status
from payments.platform.clock import database_now
from payments.platform.connectors import ConnectorName
from payments.platform.key_lookup import rows_by_keys
from payments.platform.tables import payment as table
from payments.platform.writing import Insert, as_text, write_returning

_WRITTEN: Final = tuple(column.name for column in table.c if column.computed is None)
_COLUMNS: Final = tuple(table.c[name] for name in _WRITTEN)
_BY_IDS = select(*_COLUMNS).where(table.c.payment_id.in_(bindparam("ids", expanding=True))).order_by(table.c.payment_id)
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
# SYSDATE, not NOW: the time when the row is locked, not when the wait for it began (sessions are in UTC)
_LOCK = _BY_IDS.add_columns(literal_column("SYSDATE(6)").label("locked_at")).with_for_update()
_OWNERS = select(table.c.payment_id, table.c.merchant_id).where(
    table.c.payment_id.in_(bindparam("ids", expanding=True))
)
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
        connector=values["connector"],
        decided_at=values["decided_at"],
        pending_capture=values["pending_capture"],
        pending_refund=values["pending_refund"],
        pending_release=values["pending_release"],
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
    return {row.payment_id: row.merchant_id for row in connection.execute(_OWNERS, {"ids": list(ids)})}


def lock(connection: Connection, ids: Iterable[int]) -> tuple[dict[int, Payment], datetime]:
    """Lock the rows of `ids` in order and read them; returns also the time when the last was locked (UTC).

    Ids that do not exist are absent.
    """
    if connection.dialect.name == "sqlite":  # no row locks: the transaction has locked the whole file
        rows = connection.execute(_BY_IDS, {"ids": list(ids)}).all()
        return {row.payment_id: _payment(row) for row in rows}, database_now(connection)
    rows = connection.execute(_LOCK, {"ids": sorted(ids)}).all()
    times = [row.locked_at.replace(tzinfo=UTC) for row in rows]
    return {row.payment_id: _payment(row) for row in rows}, max(times) if times else database_now(connection)


def add(connection: Connection, payments: Sequence[NewPayment]) -> tuple[dict[tuple[str, str], Payment], datetime]:
    """Insert new payments; returns them as stored, by (merchant, key), and their time (UTC).

    Raises sqlalchemy IntegrityError when a payment with one of the keys exists.
    """
    new = {(payment.merchant_id, payment.idempotency_key): payment for payment in payments}
    ordered = sorted(new.values(), key=lambda p: (p.connector, p.merchant_id, p.idempotency_key))
    ordered.sort(key=lambda p: p.connector != ConnectorName.NONE)  # their time is that of the answers
    add_some = _add_to_sqlite if connection.dialect.name == "sqlite" else _add
    rows: list[Sequence[Any]] = []
    for connector, some in groupby(ordered, key=lambda p: p.connector):
        rows += add_some(connection, list(some), connector)
    # matched by key: RETURNING guarantees no order
    times = {(merchant, key): (payment_id, at.replace(tzinfo=UTC)) for merchant, key, payment_id, at in rows}
    return {pair: new[pair].stored(*found) for pair, found in times.items()}, rows[0][3].replace(tzinfo=UTC)


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
    insert = Insert(table.name, _NEW, rows)
    text = f"(?,?,?,?,?,?,?,{_at_first(connector, repr(at))})"
    return [(*made, now) for made in write_returning(connection, insert, text, *_INSERTED)]


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
    return {(row[0], row[1]) for row in rows_by_keys(connection, table.name, _KEY, _KEY, sorted(keys))}


def ids_of_keys(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The payments with these (merchant, idempotency key) pairs."""
    found = rows_by_keys(connection, table.name, _INSERTED, _KEY, sorted(keys))
    return {(merchant, key): payment_id for merchant, key, payment_id in found}


def expired(connection: Connection, now: datetime, limit: int) -> list[tuple[int, str]]:
    """At most `limit` (payment id, merchant) whose authorization has expired with an open amount, oldest first."""
    return [(row.payment_id, row.merchant_id) for row in connection.execute(_EXPIRED, {"now": now, "limit": limit})]


def get(connection: Connection, payment_id: int) -> Payment | None:
    """One payment without locking it, or None."""
    row = connection.execute(_BY_IDS, {"ids": [payment_id]}).first()
    return None if row is None else _payment(row)


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
