"""Operators ask for an audit; housekeeping runs it at once, also when its next one is not due."""

from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from payments.audit import request_store
from payments.platform.operators import note_action

ACTION: Final = "audit.request"


def request_audit(connection: Connection, actor: str) -> None:
    """Ask housekeeping to audit now, and log the action; does nothing while a request is open."""
    if request_store.open_request(connection) is not None:
        return
    try:
        with connection.begin_nested():
            request_store.add(connection, actor)
    except IntegrityError:
        return  # another operator was first; one audit answers both
    note_action(connection, actor, ACTION, "audit", "")
