"""The log of operators' actions: one row in `operator_action` for each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from payments.platform.clock import database_now
from payments.platform.tables.processes import operator_action
from payments.platform.writing import Insert, as_text

HOUSEKEEPING: Final = "housekeeping"
"""The actor of actions that no operator asked for."""
_COLUMNS: Final = ("actor", "action", "target", "detail", "at")
DEPLOY: Final = "deploy"
"""The action that activates a release."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action, as `note_action` stored it."""

    action_id: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: str


def note_action(connection: Connection, actor: str, action: str, target: str, detail: str) -> None:
    """Add an action in the caller's transaction. `actor` is `api:<address>`, `cli:<user>` or `housekeeping`."""
    values = {"at": database_now(connection), "actor": actor, "action": action, "target": target, "detail": detail}
    connection.execute(insert(operator_action), values)


def action_row(actor: str, action: str, target: str, detail: str, at: datetime) -> tuple[str, ...]:
    """An action as a row for `addition`, `at` in UTC."""
    return (actor, action, target, detail, as_text(at))


def addition(rows: Sequence[tuple[str, ...]]) -> Insert:
    """An Insert of rows made by `action_row`."""
    return Insert(operator_action.name, _COLUMNS, rows)


def note_deploy(connection: Connection, actor: str, release: str) -> bool:
    """Add the action that `release` was activated; False and nothing when it is the newest that was."""
    deploys = select(operator_action.c.target).where(operator_action.c.action == DEPLOY)
    target = f"release {release}"
    if connection.execute(deploys.order_by(operator_action.c.id.desc()).limit(1)).scalar() == target:
        return False
    note_action(connection, actor, DEPLOY, target, "")
    return True


_ACTIONS: Final = select(*(operator_action.c[name] for name in ("id", "at", "actor", "action", "target", "detail")))


def actions_on(connection: Connection, targets: Collection[str], limit: int) -> list[Action]:
    """The newest `limit` actions on these targets, oldest first."""
    query = _ACTIONS.where(operator_action.c.target.in_(targets))
    hinted = query.with_hint(operator_action, "FORCE INDEX (ix_operator_action_target)", "mysql")
    rows = connection.execute(hinted.order_by(operator_action.c.id.desc()).limit(limit))
    return [Action(*row) for row in rows][::-1]


def actions(connection: Connection, before: int | None, limit: int) -> list[Action]:
    """At most `limit` actions with ids smaller than `before`, newest first.

    An id is given before its commit, so a few may be a little out of order.
    """
    query = _ACTIONS if before is None else _ACTIONS.where(operator_action.c.id < before)
    return [Action(*row) for row in connection.execute(query.order_by(operator_action.c.id.desc()).limit(limit))]
