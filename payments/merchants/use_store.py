"""How often keys are used, in its table: a row for each key and day (UTC). Knows nothing of keys themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, case, func, select

from payments.platform.merchant_tables import api_key_use


@dataclass(frozen=True, slots=True)
class Use:
    """The use of one key: calls of the days that were asked for, and its last call (UTC; None: it had none)."""

    calls: int
    last_used_at: datetime | None


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
