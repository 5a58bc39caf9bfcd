"""Reads for operators: does the database answer, when was the last audit.

The backlog is in `outbox.backlog`, the halt of posting in `dead_letters.halt_store`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, literal, select

from payments.platform.tables.housekeeping import audit_run


@dataclass(frozen=True, slots=True)
class AuditRun:
    """When a complete audit began, and how many events were then in flight."""

    at: datetime
    in_flight: int


_PING = select(literal(1))
_AUDIT = select(audit_run.c.at, audit_run.c.in_flight).order_by(audit_run.c.id.desc())


def ping(connection: Connection) -> None:
    """Run a trivial query. Raises sqlalchemy errors when the database does not answer."""
    connection.execute(_PING)


def newest_audit(connection: Connection) -> AuditRun | None:
    """The newest complete audit, or None before the first."""
    row = connection.execute(_AUDIT.limit(1)).first()
    return None if row is None else AuditRun(row.at, row.in_flight)
