"""The table `audit_request`: operators' requests that housekeeping audits now. At most one is open."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from payments.platform.clock import database_now
from payments.platform.tables.housekeeping import audit_request as table


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """A request that no complete audit has answered yet. `actor` is `api:<address>`."""

    request_id: int
    requested_at: datetime
    actor: str


_OPEN = select(table.c.id, table.c.requested_at, table.c.actor).where(table.c.open_slot == 1)


def open_request(connection: Connection) -> AuditRequest | None:
    """The open request, or None."""
    row = connection.execute(_OPEN).first()
    return None if row is None else AuditRequest(row.id, row.requested_at, row.actor)


def add(connection: Connection, actor: str) -> None:
    """Store a request. Raises sqlalchemy's IntegrityError when one is open: only one row has the open slot."""
    connection.execute(insert(table), {"requested_at": database_now(connection), "actor": actor})


def finish(connection: Connection, request_id: int) -> None:
    """A complete audit that began after this request has ended."""
    done = update(table).where(table.c.id == request_id, table.c.done_at.is_(None))
    connection.execute(done.values(done_at=database_now(connection)))
