"""Operators' actions as they are shown: what was done, by whom, to what, and why."""

from dataclasses import dataclass

from sqlalchemy import Connection

from payments.outbox.rules import format_time
from payments.platform import operators
from payments.platform.json_types import Identifier, JsonObject, Time
from payments.platform.paging import page


@dataclass(frozen=True, slots=True)
class OperatorAction(JsonObject):
    """What an operator did, or housekeeping by itself. `actor`: `key:<name>`, `api:<address>`, `cli:<person>`."""

    id: Identifier
    at: Time
    actor: str
    action: str
    target: str
    detail: str


def actions(connection: Connection, before: int | None, limit: int) -> tuple[list[OperatorAction], int | None]:
    """A page of actions, newest first, and the id after which the next page begins (None: the last)."""

    def read(behind: int | None, size: int) -> list[operators.Action]:
        return operators.actions(connection, behind, size)

    return page(read, shown, lambda action: action.action_id, before, limit)


def shown(action: operators.Action) -> OperatorAction:
    """One action as it is shown."""
    return OperatorAction(
        action.action_id, format_time(action.at), action.actor, action.action, action.target, action.detail
    )
