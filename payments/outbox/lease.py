"""Leases in the table `lease`, by the database's clock: one process at a time may do a task. Also plain heartbeats.

A lease has a fence, +1 at each takeover. A write under a lease requires holder and fence in the same statement
(`still_held`), so that a holder that was frozen and replaced changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, exists, insert, select, update

from payments.platform.clock import database_now
from payments.platform.database import upsert
from payments.platform.tables.processes import lease as table

HEARTBEAT_SECONDS: Final = 10.0
"""Seconds for which a heartbeat shows that its process is alive."""
RELAY_SILENT: Final = timedelta(seconds=5)
"""Seconds without a renewal after which no relay is running and the breaker's row is stale."""
LEDGER_SILENT: Final = timedelta(seconds=10)
HOUSEKEEPING_SILENT: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as its holder knows it."""

    name: str
    holder: str
    fence: int

    def parameters(self) -> dict[str, Any]:
        """The values of `still_held`."""
        return {"lease_name": self.name, "lease_holder": self.holder, "lease_fence": self.fence}


_MINE = (
    table.c.name == bindparam("lease_name"),
    table.c.holder == bindparam("lease_holder"),
    table.c.fence == bindparam("lease_fence"),
)
_LOCK = select(table).where(table.c.name == bindparam("lease_name")).with_for_update()
_INSERT = insert(table)
_TAKE_OVER = update(table).where(table.c.name == bindparam("lease_name"))
_RENEW = update(table).where(*_MINE).values(renewed_at=bindparam("now"), expires_at=bindparam("until"))
_GIVE_BACK = update(table).where(*_MINE).values(expires_at=bindparam("now"))
_HELD = select(table.c.name).where(*_MINE)


def still_held() -> ColumnElement[bool]:
    """A condition for the WHERE of a write: the lease is still ours. Give it `Lease.parameters`."""
    return exists(_HELD)


def acquire(connection: Connection, name: str, holder: str, seconds: float) -> Lease | None:
    """Acquire a free lease (or one that `holder` holds) for `seconds`; None when another holder has it.

    A lease that ends later than `seconds` from now counts as expired: the database's clock was set back, and its holder
    may be dead; a holder that lives loses it by the fence. `holder` must be another text for each start of a process.
    Runs in the caller's transaction. Raises sqlalchemy IntegrityError when two take a lease that never was there at the
    same moment: try again.
    """
    row = connection.execute(_LOCK, {"lease_name": name}).first()
    now = database_now(connection)  # after the lock: else waiting for it makes an expired lease seem valid
    if row is not None and now < row.expires_at <= _until(now, seconds) and row.holder != holder:
        return None
    fence = 1 if row is None else row.fence + 1
    values = {"holder": holder, "fence": fence, "renewed_at": now, "expires_at": _until(now, seconds)}
    if row is None:
        connection.execute(_INSERT, {"name": name, **values})
    else:
        connection.execute(_TAKE_OVER.values(values), {"lease_name": name})
    return Lease(name, holder, fence)


def renew(connection: Connection, lease: Lease, seconds: float) -> bool:
    """Hold the lease for `seconds` from now on. False: it was taken over."""
    now = database_now(connection)
    values = {**lease.parameters(), "now": now, "until": _until(now, seconds)}
    return connection.execute(_RENEW, values).rowcount == 1


def holds(connection: Connection, lease: Lease) -> bool:
    """Whether nobody has taken the lease over; it may have expired."""
    return connection.execute(_HELD, lease.parameters()).first() is not None


def give_back(connection: Connection, lease: Lease) -> None:
    """End the lease, so that another process can take it at once; no effect when it was taken over."""
    connection.execute(_GIVE_BACK, {**lease.parameters(), "now": database_now(connection)})


def beat(connection: Connection, name: str, holder: str) -> None:
    """Write a heartbeat under `name`. It excludes nobody: of several holders the last one is stored."""
    now = database_now(connection)
    statement = upsert(connection, table, ["name"], ["holder", "renewed_at", "expires_at"])
    until = _until(now, HEARTBEAT_SECONDS)
    connection.execute(statement, {"name": name, "holder": holder, "fence": 0, "renewed_at": now, "expires_at": until})


def _until(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)
