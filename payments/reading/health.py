"""The components of /health."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from sqlalchemy import Connection

from payments.breaker import store as breaker_store
from payments.breaker.rules import BREAKER, State
from payments.breaker.store import BreakerRow
from payments.dead_letters import halt_store
from payments.metrics import TASKS
from payments.outbox import backlog as backlog_store
from payments.outbox.lease import HOUSEKEEPING_SILENT, LEDGER_SILENT, RELAY_SILENT
from payments.outbox.rules import format_time
from payments.platform.clock import database_now
from payments.platform.json_types import JsonObject, OneOf
from payments.platform.tasks import store as task_store
from payments.platform.tasks.store import TaskRun

OVERDUE_INTERVALS: Final = 3
"""Intervals without success after which a task of housekeeping is overdue, as in its alert."""
OVERDUE_AT_LEAST: Final = timedelta(seconds=15)
"""At least this time, whatever the interval: a task itself takes some time."""


class HealthStatus(StrEnum):
    """DEGRADED: payments work, something else does not."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"


AuthName = Annotated[str, OneOf(("open", "required"))]
StatusName = Annotated[HealthStatus, OneOf(HealthStatus)]


@dataclass(frozen=True, slots=True)
class Part(JsonObject):
    """One component; `detail` says why."""

    status: StatusName
    detail: str


@dataclass(frozen=True, slots=True)
class Health(JsonObject):
    """DOWN only when the database is. `auth` open: a merchant's name is enough to pay; required: each needs a key."""

    status: StatusName
    auth: AuthName
    components: dict[str, Part]


DATABASE_UP: Final = Part(HealthStatus.UP, "The database answers.")


def redis(answers: bool) -> Part:
    """Without Redis the state is DEGRADED, because the database decides."""
    if answers:
        return Part(HealthStatus.UP, "Redis answers.")
    return Part(
        HealthStatus.DEGRADED, "Redis does not answer: nothing is limited, stored answers come from the database."
    )


def summary(auth: str, components: dict[str, Part]) -> Health:
    """DOWN only when the database is: payments work without everything else."""
    return Health(_overall(components), auth, components)


def _overall(components: dict[str, Part]) -> HealthStatus:
    if components["database"].status is HealthStatus.DOWN:
        return HealthStatus.DOWN
    return (
        HealthStatus.UP
        if all(part.status is HealthStatus.UP for part in components.values())
        else HealthStatus.DEGRADED
    )


def components(connection: Connection) -> dict[str, Part]:
    """The database, relay, breaker, ledger and housekeeping, read from the database."""
    now = database_now(connection)
    row = breaker_store.get(connection, BREAKER)
    renewed = backlog_store.lease_renewals(connection)
    return {
        "database": DATABASE_UP,
        "relay": _relay(now, renewed.get("relay"), row),
        "breaker": _breaker(row),
        "ledger": _ledger(now, renewed.get("ledger"), halt_store.open_halt(connection)),
        "housekeeping": _housekeeping(now, renewed.get("housekeeping"), task_store.runs(connection)),
    }


def without_database() -> dict[str, Part]:
    """The same components when the database does not answer."""
    unknown = Part(HealthStatus.DEGRADED, "Not known while the database does not answer.")
    down = Part(HealthStatus.DOWN, "The database does not answer; no payment can be taken.")
    return {"database": down, **dict.fromkeys(("relay", "breaker", "ledger", "housekeeping"), unknown)}


def _relay(now: datetime, renewed_at: datetime | None, row: BreakerRow | None) -> Part:
    if renewed_at is None:
        return Part(HealthStatus.DEGRADED, "No relay has ever run; events wait in the outbox.")
    if now - renewed_at > RELAY_SILENT:
        return Part(HealthStatus.DEGRADED, f"No relay since {format_time(renewed_at)}; events wait in the outbox.")
    if row is None or now - row.observed_at > RELAY_SILENT:
        return Part(HealthStatus.DEGRADED, "The relay holds its lease, but does not report its breaker.")
    return Part(HealthStatus.UP, "A relay is active.")


def _breaker(row: BreakerRow | None) -> Part:
    if row is None:
        return Part(HealthStatus.UP, "CLOSED; no relay has reported yet.")
    if row.state in (State.CLOSED, State.DISABLED):
        return Part(HealthStatus.UP, f"{row.state} since {format_time(row.state_since)}.")
    return Part(
        HealthStatus.DEGRADED,
        f"{row.state} since {format_time(row.state_since)}: events wait in the outbox, payments are taken.",
    )


def _ledger(now: datetime, renewed_at: datetime | None, halt: str | None) -> Part:
    if halt is not None:
        return Part(HealthStatus.DEGRADED, f"Posting is halted: {halt}")
    if renewed_at is None:
        return Part(HealthStatus.DEGRADED, "No ledger worker has ever run; events wait to be posted.")
    if now - renewed_at > LEDGER_SILENT:
        return Part(
            HealthStatus.DEGRADED, f"No ledger worker since {format_time(renewed_at)}; events wait to be posted."
        )
    return Part(HealthStatus.UP, "A ledger worker is active.")


def _housekeeping(now: datetime, renewed_at: datetime | None, runs: dict[str, TaskRun]) -> Part:
    if renewed_at is None:
        return Part(HealthStatus.DEGRADED, "No housekeeping has ever run; nothing expires, nothing is audited.")
    if abs(now - renewed_at) > HOUSEKEEPING_SILENT:  # in the future: the database's clock went back
        since = format_time(renewed_at)
        return Part(HealthStatus.DEGRADED, f"No housekeeping since {since}; nothing expires, nothing is audited.")
    overdue = [
        f"{run.name} has not succeeded since {format_time(run.counted_from)}"
        for run in (runs[name] for name in TASKS if name in runs)
        if abs(now - run.counted_from) > max(OVERDUE_INTERVALS * timedelta(seconds=run.interval), OVERDUE_AT_LEAST)
    ]
    if overdue:
        return Part(HealthStatus.DEGRADED, f"Tasks are overdue: {', '.join(overdue)}.")
    return Part(HealthStatus.UP, "Housekeeping is active, and each of its tasks succeeds.")
