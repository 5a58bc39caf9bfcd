"""Exceptions as operators see and end them, each with its line and its operation. `exception_store` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, and_, case, func, select, update

from payments.acquiring.connector import Kind
from payments.acquiring.rules import State
from payments.platform.tables.acquirer import acquirer_operation as operation
from payments.platform.tables.reconciliation import recon_exception as table
from payments.platform.tables.reconciliation import recon_line as line
from payments.reconciliation.rules import ExceptionClass, ExceptionState, Expected, Line

NOT_ENDED: Final = (ExceptionState.WAITING, ExceptionState.OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredException:
    """One exception, in minor units. `payment_id`, `merchant_id`: of its operation.

    `proposal`: how one operator wants to end it, until a second one agrees. `weight`: how large it is.
    """

    exception_id: int
    exception_class: ExceptionClass
    state: ExceptionState
    connector: str
    file_id: int | None
    currency: str
    suspense: int
    weight: int
    opened_at: datetime
    opens_at: datetime | None
    ended_at: datetime | None
    actor: str | None
    approver: str | None
    reason: str | None
    proposal: ExceptionState | None
    proposed_by: str | None
    proposed_reason: str | None
    line: Line | None
    operation: Expected | None
    payment_id: int | None
    merchant_id: str | None
    decided_at: datetime | None


_OWN: Final = (
    *("exception_id", "exception_class", "state", "connector", "file_id", "currency", "suspense", "weight"),
    *("opened_at", "opens_at", "ended_at", "actor", "approver", "reason"),
    *("proposal", "proposed_by", "proposed_reason"),
)
_LINE: Final = ("reference", "acquirer_reference", "kind", "currency", "gross", "fee", "number")
_OPERATION: Final = (
    *("operation_id", "reference", "acquirer_reference", "kind", "currency", "amount", "state"),
    *("payment_id", "merchant_id", "decided_at", "created_at"),
)
_JOINED: Final = table.outerjoin(
    line, and_(line.c.file_id == table.c.file_id, line.c.number == table.c.number)
).outerjoin(operation, operation.c.operation_id == table.c.operation_id)
_WHOLE: Final = select(
    *(table.c[name] for name in _OWN),
    *(line.c[name].label(f"line_{name}") for name in _LINE),
    *(operation.c[name].label(f"operation_{name}") for name in _OPERATION),
).select_from(_JOINED)


def get(connection: Connection, exception_id: int, *, lock: bool = False) -> StoredException | None:
    """One exception, or None. `lock`: nobody ends it until the transaction does (SQLite locks the whole file)."""
    query = _WHOLE.where(table.c.exception_id == exception_id)
    if lock and connection.dialect.name != "sqlite":
        connection.execute(select(table.c.exception_id).where(table.c.exception_id == exception_id).with_for_update())
    row = connection.execute(query).first()
    return None if row is None else _exception(row)


class Wanted(NamedTuple):
    """Which exceptions a list has; None: all."""

    exception_class: str | None = None
    state: str | None = None
    currency: str | None = None
    file_id: int | None = None


def page(connection: Connection, wanted: Wanted, before: int | None, limit: int) -> list[StoredException]:
    """At most `limit` exceptions, newest first, with ids smaller than `before`."""
    query = _WHOLE
    columns = (table.c.exception_class, table.c.state, table.c.currency, table.c.file_id)
    for column, value in zip(columns, wanted, strict=True):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(table.c.exception_id < before)
    found = connection.execute(query.order_by(table.c.exception_id.desc()).limit(limit))
    return [_exception(row) for row in found]


def save(connection: Connection, changed: StoredException) -> None:
    """Write what operators change of an exception that this transaction has locked."""
    values: Mapping[str, Any] = {
        "state": changed.state.value,
        "ended_at": changed.ended_at,
        "actor": changed.actor,
        "approver": changed.approver,
        "reason": changed.reason,
        "proposal": None if changed.proposal is None else changed.proposal.value,
        "proposed_by": changed.proposed_by,
        "proposed_reason": changed.proposed_reason,
    }
    connection.execute(update(table).where(table.c.exception_id == changed.exception_id).values(values))


class Waiting(NamedTuple):
    """How many exceptions of a class are in a state that is no end, and since when the oldest is there."""

    exception_class: ExceptionClass
    state: ExceptionState
    number: int
    older_than_day: int
    older_than_week: int
    oldest_at: datetime


def not_ended(connection: Connection, now: datetime) -> list[Waiting]:
    """By class and state, those that there are."""

    def older_than(age: timedelta) -> Any:
        return func.sum(case((table.c.opened_at <= now - age, 1), else_=0))

    ages = (older_than(timedelta(days=1)), older_than(timedelta(days=7)))
    query = (
        select(table.c.exception_class, table.c.state, func.count(), *ages, func.min(table.c.opened_at))
        .where(table.c.state.in_([state.value for state in NOT_ENDED]))
        .group_by(table.c.exception_class, table.c.state)
    )
    return [
        Waiting(ExceptionClass(of_class), ExceptionState(state), number, int(day), int(week), oldest)
        for of_class, state, number, day, week, oldest in connection.execute(query)
    ]


def suspense(connection: Connection) -> list[tuple[str, int]]:
    """(currency, minor units) that exceptions which have not ended leave in suspense; also where they add up to 0."""
    query = (
        select(table.c.currency, func.sum(table.c.suspense))
        .where(table.c.state.in_([state.value for state in NOT_ENDED]), table.c.suspense != 0)
        .group_by(table.c.currency)
        .order_by(table.c.currency)
    )
    return [(currency, int(amount)) for currency, amount in connection.execute(query)]


def _exception(row: Row[Any]) -> StoredException:
    values: Mapping[str, Any] = dict(row._mapping)
    own = {name: values[name] for name in _OWN}
    own["exception_class"] = ExceptionClass(own["exception_class"])
    own["state"] = ExceptionState(own["state"])
    own["proposal"] = None if own["proposal"] is None else ExceptionState(own["proposal"])
    ours = {name: values[f"operation_{name}"] for name in _OPERATION}
    return StoredException(
        **own,
        line=_line(values),
        operation=_expected(ours),
        payment_id=ours["payment_id"],
        merchant_id=ours["merchant_id"],
        decided_at=ours["decided_at"],
    )


def _line(values: Mapping[str, Any]) -> Line | None:
    reference, acquirer_reference, kind, currency, gross, fee, number = (values[f"line_{name}"] for name in _LINE)
    if number is None:
        return None
    return Line(reference, acquirer_reference, Kind(kind), currency, gross, fee, number)


def _expected(ours: Mapping[str, Any]) -> Expected | None:
    if ours["operation_id"] is None:
        return None
    return Expected(
        ours["operation_id"],
        ours["reference"],
        ours["acquirer_reference"],
        Kind(ours["kind"]),
        ours["currency"],
        ours["amount"],
        State(ours["state"]),
        ours["decided_at"] or ours["created_at"],
    )
