"""How often keys are used, in its table: a row for each key and day (UTC). Knows nothing of keys themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, case, func, select
from sqlalchemy.dialects import mysql, sqlite

from payments.platform.tables.merchants import api_key_use


@dataclass(frozen=True, slots=True)
class Use:
    """The use of one key: calls of the days that were asked for, and its last call (UTC; None: it had none)."""

    calls: int
    last_used_at: datetime | None


class Calls(NamedTuple):
    """Calls of a key on a day (UTC), and the last of them."""

    key_id: str
    day: date
    calls: int
    last: datetime


UNUSED: Final = Use(0, None)
_USES: Final = (
    select(
        api_key_use.c.key_id,
        func.sum(case((api_key_use.c.day >= bindparam("since"), api_key_use.c.calls), else_=0)).label("calls"),
        func.max(api_key_use.c.last_used_at, type_=api_key_use.c.last_used_at.type).label("last_used_at"),
    )
    .where(api_key_use.c.key_id.in_(bindparam("ids", expanding=True)))
    .group_by(api_key_use.c.key_id)
)


def uses(connection: Connection, key_ids: Sequence[str], since: date) -> dict[str, Use]:
    """The use of each of these keys that was used: its calls from day `since`, and its last call."""
    rows = connection.execute(_USES, {"ids": [*key_ids], "since": since})
    return {row.key_id: Use(int(row.calls), row.last_used_at) for row in rows}


def add(connection: Connection, batch: Sequence[Calls]) -> None:
    """Add these calls to what is stored, in one statement; a last use never goes back.

    Rows are locked in the order of `batch`, which must be the same for all processes. Raises sqlalchemy errors.
    """
    rows = [{"key_id": key_id, "day": day, "calls": calls, "last_used_at": at} for key_id, day, calls, at in batch]
    connection.execute(_upsert(connection), rows)


def _upsert(connection: Connection) -> Any:
    if connection.dialect.name == "sqlite":
        into = sqlite.insert(api_key_use)
        changed = _changes(into.excluded, func.max)
        return into.on_conflict_do_update(index_elements=["key_id", "day"], set_=changed)
    row = mysql.insert(api_key_use)
    return row.on_duplicate_key_update(_changes(row.inserted, func.greatest))


def _changes(new: Any, later: Any) -> dict[str, Any]:
    stored = api_key_use.c
    return {"calls": stored.calls + new.calls, "last_used_at": later(stored.last_used_at, new.last_used_at)}
