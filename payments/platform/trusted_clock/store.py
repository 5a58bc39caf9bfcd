"""Stores the last database time that housekeeping trusted: a jump across a restart is noticed (`clock_watch`)."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from payments.platform.clock import database_now
from payments.platform.database import upsert
from payments.platform.tables.housekeeping import clock_watch as table
from payments.platform.trusted_clock.watch import Trusted

NAME: Final = "database"
_ROW = select(table).where(table.c.name == NAME)
_CONFIRM = update(table).where(table.c.name == NAME).values(confirmed_at=bindparam("now"))
_KEPT: Final = ("trusted_at", "ahead", "measured", "machine", "accepted_offset")


def load(connection: Connection) -> tuple[Trusted | None, datetime | None]:
    """What was trusted last (None: nothing yet), and when an operator last confirmed the clock."""
    row = connection.execute(_ROW).first()
    if row is None:
        return None, None
    trusted = Trusted(row.trusted_at.timestamp(), row.ahead, row.measured, row.machine, row.accepted_offset)
    return trusted, row.confirmed_at


def save(connection: Connection, trusted: Trusted) -> None:
    """Store what is trusted now, in the caller's transaction."""
    values = {
        "name": NAME,
        "trusted_at": trusted.at,
        "ahead": trusted.ahead,
        "measured": trusted.measured,
        "machine": trusted.machine,
        "accepted_offset": trusted.accepted_offset,
    }
    connection.execute(upsert(connection, table, ["name"], _KEPT), values)


def confirm(connection: Connection) -> bool:
    """Store that an operator confirmed the clock. False: housekeeping has not checked it yet."""
    return connection.execute(_CONFIRM, {"now": database_now(connection)}).rowcount == 1
