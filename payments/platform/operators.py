"""The log of operators' actions: one row in `operator_action` for each."""

from typing import Final

from sqlalchemy import Connection, insert

from payments.platform.clock import database_now
from payments.platform.tables import operator_action

HOUSEKEEPING: Final = "housekeeping"
"""The actor of actions that no operator asked for."""


def note_action(connection: Connection, actor: str, action: str, target: str, detail: str) -> None:
    """Add an action in the caller's transaction. `actor` is `api:<address>`, `cli:<user>` or `housekeeping`."""
    values = {"at": database_now(connection), "actor": actor, "action": action, "target": target, "detail": detail}
    connection.execute(insert(operator_action), values)
