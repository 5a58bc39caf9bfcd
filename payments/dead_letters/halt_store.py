"""Halts of the ledger: why posting stopped, and the terms on which an operator resumed it. The newest row counts."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from payments.dead_letters.poison import UNTIL_QUIET
from payments.platform.tables.dead_letters import ledger_halt as table


@dataclass(frozen=True, slots=True)
class Halt:
    """The newest halt. `accepted_left`: poison messages that still do not count, or UNTIL_QUIET."""

    halt_id: int
    detail: str
    halted_at: datetime
    resumed_at: datetime | None
    accepted_left: int

    @property
    def is_open(self) -> bool:
        """Whether posting is halted now."""
        return self.resumed_at is None


_NEWEST = select(table).order_by(table.c.id.desc()).limit(1)
_OPEN = select(table.c.id, table.c.detail).where(table.c.resumed_at.is_(None)).order_by(table.c.id).with_for_update()
_TERMS = select(table.c.resume_detail).where(table.c.id == bindparam("halt_id")).with_for_update()
_RESUME = update(table).where(table.c.id.in_(bindparam("ids", expanding=True)))
_SPEND = update(table).where(table.c.id == bindparam("halt_id"))


def newest(connection: Connection) -> Halt | None:
    """The newest halt, open or not; None: there never was one."""
    row = connection.execute(_NEWEST).first()
    if row is None:
        return None
    return Halt(row.id, row.detail, row.halted_at, row.resumed_at, _terms(row.resume_detail)[1])


def open_halt(connection: Connection) -> str | None:
    """Why posting is halted, or None."""
    found = newest(connection)
    return found.detail if found is not None and found.is_open else None


def begin(connection: Connection, detail: str, now: datetime) -> None:
    """Halt all ledger workers."""
    connection.execute(insert(table), {"halted_at": now, "detail": detail})


def lock_open(connection: Connection) -> dict[int, str]:
    """Every open halt with its detail, oldest first, locked until the caller's transaction ends."""
    return {row.id: row.detail for row in connection.execute(_OPEN)}


def resume(connection: Connection, ids: Iterable[int], accepted: int, now: datetime) -> None:
    """End these halts, which the caller has locked; `accepted` poison messages (or UNTIL_QUIET) then do not count."""
    values = {"resumed_at": now, "resume_detail": _as_text(accepted, accepted)}
    connection.execute(_RESUME.values(values), {"ids": list(ids)})


def lock_accepted_left(connection: Connection, halt_id: int) -> int:
    """The poison messages that still do not count after this halt; locked until the caller's transaction ends."""
    return _terms(connection.execute(_TERMS, {"halt_id": halt_id}).scalar())[1]


def set_accepted_left(connection: Connection, halt_id: int, accepted_left: int) -> None:
    """Store the rest after `lock_accepted_left`."""
    granted, _ = _terms(connection.execute(_TERMS, {"halt_id": halt_id}).scalar())
    connection.execute(_SPEND.values(resume_detail=_as_text(granted, accepted_left)), {"halt_id": halt_id})


def _as_text(granted: int, accepted_left: int) -> str:
    if granted == UNTIL_QUIET:
        return json.dumps({"skipCheck": accepted_left == UNTIL_QUIET})
    return json.dumps({"acceptPoison": granted, "left": accepted_left})


def _terms(text: str | None) -> tuple[int, int]:
    """(granted, left); (0, 0) for an open halt, and for one ended by hand with an unknown text."""
    try:
        terms = json.loads(text or "{}")
        if "skipCheck" in terms:
            return UNTIL_QUIET, UNTIL_QUIET if terms["skipCheck"] else 0
        return int(terms.get("acceptPoison", 0)), int(terms.get("left", 0))
    except (ValueError, TypeError, AttributeError):
        return 0, 0
