"""The backlog, the state of the platform and a merchant's rate limits, for /operations."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import Connection

from payments.audit import finding_store
from payments.breaker import store as breaker_store
from payments.breaker.rules import BREAKER, State
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
    """The backlog in numbers, the open findings, and which environment this is."""

    outbox_pending: Count
    outbox_oldest_age_seconds: Seconds
    outbox_parked: Count
    ledger_lag_seconds: Seconds
    dead_letters_open: Count
    rate_limits: list[RateLimit]
    audit_findings_open: Count
    environment: Annotated[str, Keywords(minLength=1, maxLength=32)]
    breaker_state: Annotated[str, OneOf(State)]


def operations(connection: Connection, rate_limits: list[RateLimit], environment: str) -> Operations:
    """The state read from the database, with `rate_limits`, read from Redis; ages in seconds."""
    now = database_now(connection)
    backlog = backlog_store.outbox_backlog(connection)
    breaker = breaker_store.get(connection, BREAKER)
    return Operations(
        outbox_pending=backlog.pending,
        outbox_oldest_age_seconds=age(now, backlog.oldest),
        outbox_parked=backlog_store.outbox_parked(connection),
        ledger_lag_seconds=age(now, backlog_store.oldest_unposted(connection)),
        dead_letters_open=backlog_store.dead_letters_open(connection),
        rate_limits=rate_limits,
        audit_findings_open=sum(finding_store.open_by_kind(connection).values()),
        environment=environment,
        breaker_state=State.CLOSED if breaker is None else breaker.state,
    )


def age(now: datetime, since: datetime | None) -> float:
    """Seconds since then, at least 0; 0 when there is nothing."""
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
