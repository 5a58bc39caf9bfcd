"""Opens exceptions about operations that have waited long enough for a file that names them."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from payments.reconciliation import exception_store

OPENED: Final = 1000
"""Exceptions that are opened in one transaction."""


def open_overdue(connection: Connection, now: datetime) -> int:
    """Make what is overdue at `now` OPEN, at most OPENED, in the caller's transaction; returns how many.

    As many as OPENED: there may be more.
    """
    return exception_store.open_overdue(connection, now, OPENED)
