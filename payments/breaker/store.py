"""The row of the circuit breaker, which the relay writes, and operators' commands to it."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypedDict

from sqlalchemy import Connection, Row, bindparam, insert, literal, select, update

from payments.outbox.lease import Lease, still_held
from payments.platform.clock import database_now
from payments.platform.tables.breaker import circuit_breaker as table
from payments.platform.tables.breaker import circuit_breaker_command as command_table

LATE_COMMANDS: Final = 1000
"""How many ids before the last applied command are searched for commands without outcome."""
HISTORY_KEPT: Final = 50
"""Transitions that the row keeps."""
RELAY: Final = "relay"
"""The actor of automatic transitions."""


class Snapshot(TypedDict):
    """The window's counts. Rates in percent; -1.0: too few calls."""

    successful: int
    failed: int
    slow: int
    not_permitted: int
    buffered: int
    slow_call_rate: float
    failure_rate: float


Transition = TypedDict("Transition", {"from": str, "to": str, "at": str, "reason": str, "actor": str})
"""One change of state: `at` as events show times, `actor` is `relay` or an operator."""


@dataclass(frozen=True, slots=True)
class BreakerRow:
    """The breaker as the active relay last wrote it; `history` has the newest transition first."""

    name: str
    state: str
    state_since: datetime
    observed_at: datetime
    snapshot: Snapshot
    history: list[Transition] = field(default_factory=list)
    applied_command_id: int = 0


@dataclass(frozen=True, slots=True)
class BreakerCommand:
    """An operator's command. `outcome` is None until the relay has checked it: then `applied` or `not_allowed`."""

    command_id: int
    name: str
    to_state: str
    reason: str | None
    actor: str
    requested_at: datetime
    applied_at: datetime | None
    outcome: str | None


_GET = select(table).where(table.c.name == bindparam("breaker"))
_CHANGED: Final = ("state", "state_since", "observed_at", "snapshot", "history", "applied_command_id")
_UPDATE = (
    update(table)
    .where(table.c.name == bindparam("breaker"), still_held())
    .values({column: bindparam(f"new_{column}") for column in _CHANGED})
)
_FIRST = insert(table).from_select(
    ["name", *_CHANGED],
    select(
        bindparam("breaker", type_=table.c.name.type),
        *(bindparam(f"new_{column}", type_=table.c[column].type) for column in _CHANGED),
    ).where(still_held(), ~select(literal(1)).where(table.c.name == bindparam("breaker")).exists()),
)
_APPEND = insert(command_table)
_NEXT = (
    select(command_table)
    .where(
        command_table.c.name == bindparam("breaker"),
        command_table.c.command_id > bindparam("after_id"),
        command_table.c.outcome.is_(None),
    )
    .order_by(command_table.c.command_id)
)
_COMMAND = select(command_table).where(command_table.c.command_id == bindparam("id"))
_MARK = (
    update(command_table)
    .where(command_table.c.command_id == bindparam("id"), command_table.c.outcome.is_(None), still_held())
    .values(applied_at=bindparam("now"), outcome=bindparam("new_outcome"))
)


def get(connection: Connection, name: str) -> BreakerRow | None:
    """The breaker's row, or None before any relay was active."""
    row = connection.execute(_GET, {"breaker": name}).first()
    if row is None:
        return None
    return BreakerRow(
        row.name,
        row.state,
        row.state_since,
        row.observed_at,
        json.loads(row.snapshot),
        json.loads(row.history),
        row.applied_command_id,
    )


def save(connection: Connection, row: BreakerRow, lease: Lease) -> bool:
    """Write the row, observed now by the database's clock; False: the lease is lost and nothing was written."""
    values = {
        **lease.parameters(),
        "breaker": row.name,
        "new_state": row.state,
        "new_state_since": row.state_since,
        "new_observed_at": database_now(connection),
        "new_snapshot": json.dumps(row.snapshot),
        "new_history": json.dumps(row.history[:HISTORY_KEPT]),
        "new_applied_command_id": row.applied_command_id,
    }
    return any(connection.execute(statement, values).rowcount == 1 for statement in (_UPDATE, _FIRST))


def append_command(connection: Connection, name: str, to_state: str, reason: str | None, actor: str) -> int:
    """Ask the relay for a transition; returns the command's id."""
    values = {"name": name, "to_state": to_state, "reason": reason, "actor": actor}
    row = connection.execute(_APPEND, {**values, "requested_at": database_now(connection)})
    return int(row.lastrowid)


def command(connection: Connection, command_id: int) -> BreakerCommand | None:
    """One command, to see its outcome; None when there is none with this id."""
    row = connection.execute(_COMMAND, {"id": command_id}).first()
    return None if row is None else _command(row)


def next_commands(connection: Connection, name: str, after_id: int) -> list[BreakerCommand]:
    """Commands without outcome after `after_id`, in their order; also those shortly before it.

    Ids are assigned before commit: a command may appear after a later one was applied.
    """
    rows = connection.execute(_NEXT, {"breaker": name, "after_id": after_id - LATE_COMMANDS})
    return [_command(row) for row in rows]


def mark_command(connection: Connection, command_id: int, outcome: str, lease: Lease) -> bool:
    """Store the outcome of a command. False: the lease is lost, or another relay has marked it."""
    values = {**lease.parameters(), "id": command_id, "now": database_now(connection), "new_outcome": outcome}
    return connection.execute(_MARK, values).rowcount == 1


def _command(row: Row[Any]) -> BreakerCommand:
    return BreakerCommand(
        row.command_id,
        row.name,
        row.to_state,
        row.reason,
        row.actor,
        row.requested_at,
        row.applied_at,
        row.outcome,
    )
