"""The backlog and a merchant's rate limits in numbers, for /operations."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import Connection

from payments.outbox import backlog as backlog_store
from payments.payment.commands import LIMITED
from payments.platform.clock import database_now
from payments.platform.json_types import Count, JsonObject, Keywords, OneOf, Time

Seconds = Annotated[float, Keywords(minimum=0)]


@dataclass(frozen=True, slots=True)
class RateLimit(JsonObject):
    """A merchant's use of one rate limit window."""

    operation: Annotated[str, OneOf(LIMITED)]
    limit: Count
    remaining: Count
    reset_at: Time


@dataclass(frozen=True, slots=True)
class Operations(JsonObject):
    """The backlog in numbers."""

    outbox_pending: Count
    outbox_oldest_age_seconds: Seconds
    outbox_parked: Count
    ledger_lag_seconds: Seconds
    dead_letters_open: Count
    rate_limits: list[RateLimit]


def operations(connection: Connection, rate_limits: list[RateLimit]) -> Operations:
    """The backlog, read from the database, with `rate_limits`, read from Redis; ages in seconds."""
    now = database_now(connection)
    backlog = backlog_store.outbox_backlog(connection)
    return Operations(
        outbox_pending=backlog.pending,
        outbox_oldest_age_seconds=_age(now, backlog.oldest),
        outbox_parked=backlog_store.outbox_parked(connection),
        ledger_lag_seconds=_age(now, backlog_store.oldest_unposted(connection)),
        dead_letters_open=backlog_store.dead_letters_open(connection),
        rate_limits=rate_limits,
    )


def _age(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
