"""The table `audit_finding`: one row for each finding, open until a check of its subject clears it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, case, func, null, select, update
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from payments.audit.snapshot import FindingState
from payments.platform.tables.housekeeping import audit_finding as table

BATCH: Final = 500
"""Rows in one statement."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One stored finding. `cleared_at` None: it is open."""

    finding_id: int
    kind: str
    payment_id: int | None
    subject: str
    detail: str
    first_seen: datetime
    last_seen: datetime
    cleared_at: datetime | None


_COLUMNS = (
    table.c.id,
    table.c.kind,
    table.c.payment_id,
    table.c.subject,
    table.c.detail,
    table.c.first_seen,
    table.c.last_seen,
    table.c.cleared_at,
)
_OPEN = table.c.cleared_at.is_(None)
_OPEN_OF_PAYMENTS = select(table.c.identity, table.c.id).where(
    table.c.payment_id.in_(bindparam("ids", expanding=True)), _OPEN
)
_OPEN_OF_IDENTITIES = select(table.c.identity, table.c.id).where(
    table.c.identity.in_(bindparam("identities", expanding=True)), _OPEN
)
_PAYMENTS_WITH_OPEN = (
    select(table.c.payment_id)
    .where(_OPEN, table.c.payment_id.is_not(None))
    .group_by(table.c.payment_id)
    .order_by(func.min(table.c.last_seen))
    .limit(bindparam("limit"))
)
_OPEN_WITHOUT_PAYMENT = (
    select(*_COLUMNS)
    .where(_OPEN, table.c.payment_id.is_(None), table.c.kind.in_(bindparam("kinds", expanding=True)))
    .order_by(table.c.last_seen, table.c.id)
    .limit(bindparam("limit"))
)
_COUNTS = select(table.c.kind, func.count().label("open")).where(_OPEN).group_by(table.c.kind)
_CLEAR = (
    update(table)
    # a check whose data is older than the newest check that found it must not clear it
    .where(table.c.id.in_(bindparam("ids", expanding=True)), _OPEN, table.c.last_seen <= bindparam("checked_at"))
    .values(cleared_at=bindparam("checked_at"))
)
_REFUSED: Final = {1044, 1142, 1143, 1290, 1792, 1836}
"""MariaDB's errors for a user, a server or a transaction that may only read."""
_PROBE = update(table).where(table.c.id == 0).values(detail="")


def probe(engine: Engine) -> None:
    """Raise sqlalchemy's error before a long check when findings cannot be written. Changes nothing."""
    with engine.begin() as connection:
        connection.execute(_PROBE)


def is_refused(error: SQLAlchemyError) -> bool:
    """Whether the database answered, and this user may only read it."""
    if not isinstance(error, DBAPIError) or error.orig is None or not error.orig.args:
        return False
    return error.orig.args[0] in _REFUSED or "readonly database" in str(error.orig)


def open_of_payments(connection: Connection, ids: Sequence[int]) -> dict[str, int]:
    """Identity → id of the open findings of these payments."""
    return {row.identity: row.id for row in connection.execute(_OPEN_OF_PAYMENTS, {"ids": ids})}


def open_among(connection: Connection, identities: Sequence[str]) -> dict[str, int]:
    """Identity → id of those of these findings that are open."""
    return {row.identity: row.id for row in connection.execute(_OPEN_OF_IDENTITIES, {"identities": identities})}


def payments_with_open(connection: Connection, limit: int) -> list[int]:
    """At most `limit` payments that have open findings, those that were checked longest ago first."""
    return list(connection.execute(_PAYMENTS_WITH_OPEN, {"limit": limit}).scalars())


def open_without_payment(connection: Connection, kinds: Sequence[str], limit: int) -> list[Finding]:
    """At most `limit` open findings of these kinds that belong to no payment, those checked longest ago first."""
    return _findings(connection.execute(_OPEN_WITHOUT_PAYMENT, {"kinds": kinds, "limit": limit}))


def open_by_kind(connection: Connection) -> dict[str, int]:
    """How many findings are open; kinds without any are absent."""
    return {row.kind: row.open for row in connection.execute(_COUNTS)}


def page(
    connection: Connection, state: str | None, kind: str | None, payment_id: int | None, before: int | None, limit: int
) -> list[Finding]:
    """Findings, newest first: at most `limit`, with ids smaller than `before`; None filters nothing."""
    query = select(*_COLUMNS)
    if state is not None:
        query = query.where(_OPEN if state == FindingState.OPEN else table.c.cleared_at.is_not(None))
    for column, wanted in ((table.c.kind, kind), (table.c.payment_id, payment_id)):
        if wanted is not None:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(table.c.id < before)
    return _findings(connection.execute(query.order_by(table.c.id.desc()).limit(limit)))


def _findings(rows: Iterable[Any]) -> list[Finding]:
    return [Finding(*row) for row in rows]  # the columns are in the order of the fields


def record(connection: Connection, rows: Sequence[Mapping[str, Any]], found_at: datetime) -> None:
    """Open findings as of `found_at`, or record that they were found again.

    `rows` have identity, kind, payment_id, subject, detail. A finding that a check later than `found_at` cleared stays
    cleared.
    """
    ordered = sorted(rows, key=lambda row: str(row["identity"]))  # one order of locks for two audits at once
    statement = _upsert(connection)
    for start in range(0, len(ordered), BATCH):
        part = ordered[start : start + BATCH]
        times = {"first_seen": found_at, "last_seen": found_at, "cleared_at": None}
        connection.execute(statement.values([{**row, **times} for row in part]))


def _upsert(connection: Connection) -> Any:
    if connection.dialect.name == "sqlite":
        into = sqlite.insert(table)
        return into.on_conflict_do_update(index_elements=["identity"], set_=_changes(into.excluded))
    row = mysql.insert(table)
    return row.on_duplicate_key_update(list(_changes(row.inserted).items()))


def _changes(new: Any) -> dict[str, Any]:
    return {
        "cleared_at": case((table.c.cleared_at > new.last_seen, table.c.cleared_at), else_=null()),
        "last_seen": case((table.c.last_seen > new.last_seen, table.c.last_seen), else_=new.last_seen),
        "detail": new.detail,
    }


def clear(connection: Connection, ids: Sequence[int], checked_at: datetime) -> int:
    """Clear findings that a check at `checked_at` no longer found; returns how many were open."""
    cleared = 0
    for start in range(0, len(ids), BATCH):
        values = {"ids": ids[start : start + BATCH], "checked_at": checked_at}
        cleared += connection.execute(_CLEAR, values).rowcount
    return cleared
