"""Operations at an acquirer in the table `acquirer_operation`. A row is never deleted.

Whoever changes one locks it first, after the row of its payment. `payments.acquiring.rules` says what follows what.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, case, func, select, update

from payments.acquiring.connector import Kind
from payments.acquiring.operation import StoredOperation, Summary
from payments.acquiring.rules import State
from payments.platform.tables.acquirer import acquirer_operation as table
from payments.platform.writing import Insert, as_text

UNDECIDED: Final = (State.SENT, State.UNKNOWN, State.FENCING)
"""States of an operation that may have happened."""
COUNTED: Final = (State.CREATED, *UNDECIDED, State.MANUAL)
_COLUMNS: Final = tuple(column.name for column in table.c)
_ADDED: Final = _COLUMNS[1:]
_CHANGED: Final = (
    "state",
    "acquirer_reference",
    "decline_code",
    "sent_at",
    "decided_at",
    "next_enquiry_at",
    "enquiries",
    "proposal",
    "proposed_by",
    "proposed_reason",
)
_IDS: Any = bindparam("ids", expanding=True)
_BY_REFERENCE = (
    select(table)
    # without it MariaDB may read, and lock, all of a small table
    .with_hint(table, "FORCE INDEX (uq_acquirer_reference)", "mysql")
    .where(table.c.reference.in_(bindparam("references", expanding=True)))
    .order_by(table.c.reference)
    .with_for_update()
)
_IS_APPROVED = (table.c.kind == Kind.AUTHORIZATION.value) & (table.c.state == State.APPROVED.value)
_SUMMARY = (
    select(
        table.c.payment_id,
        table.c.kind,
        func.count().label("operations"),
        func.max(case((_IS_APPROVED, table.c.reference))).label("authorization"),
    )
    .where(table.c.payment_id.in_(_IDS))
    .group_by(table.c.payment_id, table.c.kind)
)
_OF_PAYMENT = select(table).where(table.c.payment_id == bindparam("payment_id")).order_by(table.c.operation_id)
_DUE = (
    select(table)
    .where(table.c.next_enquiry_at <= bindparam("now"))
    .order_by(table.c.next_enquiry_at)
    .limit(bindparam("limit"))
)
_CLAIMABLE = (
    select(table.c.operation_id)
    .with_hint(table, "FORCE INDEX (PRIMARY)", "mysql")  # not by what is due, of which it would lock more
    .where(table.c.operation_id.in_(_IDS), table.c.next_enquiry_at <= bindparam("now"))
    .order_by(table.c.operation_id)
    .with_for_update(skip_locked=True)  # what somebody else changes right now is due again soon enough
)
_CLAIM = update(table).where(table.c.operation_id.in_(_IDS)).values(next_enquiry_at=bindparam("until"))
_BY_STATE = (
    select(table.c.state, func.count().label("operations"))
    .where(table.c.state.in_([state.value for state in COUNTED]))
    .group_by(table.c.state)
)
_OLDEST = select(func.min(table.c.created_at, type_=table.c.created_at.type)).where(
    table.c.state.in_([state.value for state in UNDECIDED])
)


def _operation(row: Row[Any]) -> StoredOperation:
    values = {**row._mapping, "kind": Kind(row.kind), "state": State(row.state)}
    return StoredOperation(**values)


def _stored_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return as_text(value)
    return value.value if isinstance(value, Kind | State) else value


def _row(operation: StoredOperation, columns: Sequence[str]) -> tuple[Any, ...]:
    return tuple(_stored_value(getattr(operation, name)) for name in columns)


def addition(operations: Sequence[StoredOperation]) -> Insert:
    """An Insert of new operations, in order; it fails with sqlalchemy's IntegrityError when a reference is taken."""
    return Insert(table.name, _ADDED, [_row(operation, _ADDED) for operation in operations])


def saving(operations: Sequence[StoredOperation]) -> Insert:
    """An Insert that writes what changes in an operation's life. ValueError for one that is not stored."""
    if not all(operation.operation_id for operation in operations):
        raise ValueError("an operation is stored before it is changed")
    rows = [_row(operation, _COLUMNS) for operation in sorted(operations, key=lambda o: o.operation_id)]
    # by its id: MariaDB takes a new id for each row without one, even of a row that is there
    return Insert(table.name, _COLUMNS, rows, ("operation_id",), _CHANGED)


def lock(connection: Connection, references: Iterable[str]) -> dict[str, StoredOperation]:
    """Lock the operations with these references and read them. Those that do not exist are absent."""
    rows = connection.execute(_BY_REFERENCE, {"references": sorted(set(references))})
    return {row.reference: _operation(row) for row in rows}


def summary(connection: Connection, payment_ids: Iterable[int]) -> dict[int, Summary]:
    """A Summary of each of these payments, also of one without an operation. Lock their rows first."""
    ids = list(payment_ids)
    counts: dict[int, dict[Kind, int]] = {payment_id: {} for payment_id in ids}
    authorizations: dict[int, str] = {}
    for row in connection.execute(_SUMMARY, {"ids": ids}):
        counts[row.payment_id][Kind(row.kind)] = row.operations
        if row.authorization is not None:
            authorizations[row.payment_id] = row.authorization
    return {payment_id: Summary(found, authorizations.get(payment_id)) for payment_id, found in counts.items()}


def of_payment(connection: Connection, payment_id: int) -> list[StoredOperation]:
    """A payment's operations, oldest first, without a lock."""
    return [_operation(row) for row in connection.execute(_OF_PAYMENT, {"payment_id": payment_id})]


def due(connection: Connection, now: datetime, limit: int) -> list[StoredOperation]:
    """At most `limit` operations to be sent or asked about by now, those that wait longest first, without a lock."""
    return [_operation(row) for row in connection.execute(_DUE, {"now": now, "limit": limit})]


def claim(connection: Connection, operation_ids: Iterable[int], until: datetime, now: datetime) -> set[int]:
    """Lock those that are still due and that nobody has locked, and put them off to `until`; returns their ids."""
    found = set(connection.execute(_CLAIMABLE, {"ids": sorted(set(operation_ids)), "now": now}).scalars())
    if found:
        connection.execute(_CLAIM, {"ids": sorted(found), "until": until})
    return found


def page(
    connection: Connection,
    states: Collection[State],
    before: int | None,
    limit: int,
    payment_id: int | None = None,
) -> list[StoredOperation]:
    """At most `limit` operations, newest first, with ids smaller than `before`. No states: all of them."""
    query = select(table)
    if states:
        query = query.where(table.c.state.in_([state.value for state in states]))
    if payment_id is not None:
        query = query.where(table.c.payment_id == payment_id)
    if before is not None:
        query = query.where(table.c.operation_id < before)
    return [_operation(row) for row in connection.execute(query.order_by(table.c.operation_id.desc()).limit(limit))]


def get(connection: Connection, operation_id: int) -> StoredOperation | None:
    """One operation without a lock, or None."""
    row = connection.execute(select(table).where(table.c.operation_id == operation_id)).first()
    return None if row is None else _operation(row)


def by_state(connection: Connection) -> dict[State, int]:
    """How many operations are in each state that is not final, and in MANUAL; those without any are absent."""
    return {State(row.state): row.operations for row in connection.execute(_BY_STATE)}


def oldest_unknown(connection: Connection) -> datetime | None:
    """When the oldest operation that may have happened was created, or None."""
    found: datetime | None = connection.execute(_OLDEST).scalar()
    return found
