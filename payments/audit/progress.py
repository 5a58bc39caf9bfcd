"""Reads whether the ledger makes progress with waiting events; `audit.rules` decides what that means for an event."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from payments.audit.snapshot import LATE, Lane, Progress
from payments.outbox.rules import partition_of
from payments.platform.tables.breaker import circuit_breaker
from payments.platform.tables.dead_letters import ledger_halt
from payments.platform.tables.events import inbox_event, outbox_event

MEMORY: Final = timedelta(minutes=5)
"""Postings older than this do not show that the ledger makes progress now."""
LEAST: Final = timedelta(seconds=10)
"""Progress is measured over at least this time, even if the last audit ran later."""
POSTINGS: Final = 1000
"""How many of the newest postings are read, and of the newest of those older than LATE."""

_NEWEST = (
    select(
        inbox_event.c.event_id,
        inbox_event.c.payment_id,
        inbox_event.c.posted_at,
        outbox_event.c.event_type,
        outbox_event.c.created_at,
    )
    .join(outbox_event, outbox_event.c.event_id == inbox_event.c.event_id)
    .where(inbox_event.c.posted_at > bindparam("after"), inbox_event.c.posted_at <= bindparam("until"))
    .order_by(inbox_event.c.posted_at.desc())
    .limit(POSTINGS)
    .with_hint(inbox_event, "FORCE INDEX (ix_inbox_posted)", "mysql")
)
_HALTED = select(ledger_halt.c.id).where(ledger_halt.c.resumed_at.is_(None)).limit(1)
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def read(connection: Connection, now: datetime, former: datetime | None) -> Progress:
    """The ledger's progress since `former`, the time of the last audit."""
    possible_since = posting_possible_since(connection)
    if possible_since is None or former is None:
        return Progress(possible_since, former)
    recent = _posted(connection, max(min(former, now - LEAST), now - MEMORY), now)
    if not any(row.posted_at - row.created_at > LATE for row in recent):
        return Progress(possible_since, former)
    passed: dict[Lane, int] = {}
    for row in _posted(connection, _EPOCH, now - LATE):
        lane = (row.event_type, partition_of(row.payment_id))
        passed[lane] = max(row.event_id, passed.get(lane, 0))
    return Progress(possible_since, former, draining=True, passed=passed)


def _posted(connection: Connection, after: datetime, until: datetime) -> Sequence[Any]:
    return connection.execute(_NEWEST, {"after": after, "until": until}).all()


def posting_possible_since(connection: Connection) -> datetime | None:
    """Since when publishing and posting have worked; None: they do not work now."""
    halted = connection.execute(_HALTED).first()
    breaker = connection.execute(select(circuit_breaker.c.state, circuit_breaker.c.state_since)).first()
    if halted is not None or (breaker is not None and breaker.state != "CLOSED"):
        return None
    resumed: datetime | None = connection.execute(select(func.max(ledger_halt.c.resumed_at))).scalar()
    moments = [moment for moment in (resumed, breaker.state_since if breaker else None) if moment is not None]
    return max(moments, default=_EPOCH)
