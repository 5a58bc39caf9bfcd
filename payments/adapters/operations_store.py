"""What tells operators whether money moves: is the database there, what did the audits find.

Reads only; how far behind things are is in `backlog_store`, whether posting is halted in `halt_store`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, literal, select

from payments.adapters.tables import audit_run


@dataclass(frozen=True, slots=True)
class AuditRun:
    """What one audit found, and how many events were still on their way."""

    at: datetime
    differences: int
    in_flight: int


_PING = select(literal(1))
_AUDIT = select(audit_run.c.at, audit_run.c.differences, audit_run.c.in_flight).order_by(audit_run.c.id.desc())


def ping(connection: Connection) -> None:
    """Ask the database for anything. Raises sqlalchemy errors when it does not answer."""
    connection.execute(_PING)


def newest_audit(connection: Connection) -> AuditRun | None:
    """The newest audit, or None before the first."""
    row = connection.execute(_AUDIT.limit(1)).first()
    return None if row is None else AuditRun(row.at, row.differences, row.in_flight)
