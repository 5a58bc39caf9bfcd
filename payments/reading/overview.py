"""What the overview shows besides the measured points: the backlog of one moment, and what was changed lately."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from sqlalchemy import Connection

from payments.breaker import store as breaker_store
from payments.breaker.rules import BREAKER
from payments.outbox import backlog as backlog_store
from payments.outbox.rules import format_time
from payments.platform import operators
from payments.platform.clock import database_now
from payments.platform.json_types import Count, JsonObject, Keywords, OneOf, Time
from payments.platform.operators import Action
from payments.reading.operations import Seconds, age

INTERVAL_SECONDS: Final = 15
"""Seconds between two points."""
KEPT: Final = timedelta(hours=1)
POINTS_LIMIT: Final = int(KEPT.total_seconds()) // INTERVAL_SECONDS
CHANGES_LIMIT: Final = 100
BREAKER_CHANGE, OPERATOR_CHANGE, DEPLOY_CHANGE = "BREAKER", "OPERATOR", "DEPLOY"

Rate = Annotated[float, Keywords(minimum=0)]
Share = Annotated[float, Keywords(minimum=0, maximum=1)]


@dataclass(frozen=True, slots=True)
class Point(JsonObject):
    """What happened between the point before and `at`, and the backlog at that time.

    A rate or duration is null when no command was answered, lag and pending when the database could not be read.
    """

    at: Time
    succeeded_per_minute: Rate
    declined_per_minute: Rate
    failed_per_minute: Rate
    p95_seconds: Seconds | None
    decline_rate: Share | None
    error_rate: Share | None
    ledger_lag_seconds: Seconds | None
    outbox_pending: Count | None


@dataclass(frozen=True, slots=True)
class Change(JsonObject):
    """A transition of the circuit breaker, an operator's action, or an activated release."""

    at: Time
    kind: Annotated[str, OneOf((BREAKER_CHANGE, OPERATOR_CHANGE, DEPLOY_CHANGE))]
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class Overview(JsonObject):
    """The last hour. `since`: the beginning of the first point; null before the first measurement."""

    since: Time | None
    interval_seconds: Annotated[int, Keywords(minimum=1)]
    points: Annotated[list[Point], Keywords(maxItems=POINTS_LIMIT)]
    changes: Annotated[list[Change], Keywords(maxItems=CHANGES_LIMIT)]


@dataclass(frozen=True, slots=True)
class Backlog:
    """The backlog at one moment: events not yet published, and the age of the oldest one not yet posted."""

    pending: int
    lag_seconds: float


def backlog(connection: Connection) -> Backlog:
    """The backlog now."""
    now = database_now(connection)
    pending = backlog_store.outbox_backlog(connection).pending
    return Backlog(pending, age(now, backlog_store.oldest_unposted(connection)))


def changes(connection: Connection) -> list[Change]:
    """What was changed in the last hour, newest first."""
    since = database_now(connection) - KEPT
    actions = operators.actions(connection, None, CHANGES_LIMIT)
    found = [*_of_breaker(connection, since), *_of_operators(actions, since)]
    return sorted(found, key=lambda change: change.at, reverse=True)[:CHANGES_LIMIT]


def _of_breaker(connection: Connection, since: datetime) -> Iterator[Change]:
    row = breaker_store.get(connection, BREAKER)
    earliest = format_time(since)
    for each in row.history if row is not None else ():
        if each["at"] >= earliest:
            text = f"{each['from']} → {each['to']}: {each['reason']}"
            yield Change(each["at"], BREAKER_CHANGE, each["actor"], text)


def _of_operators(actions: Sequence[Action], since: datetime) -> Iterator[Change]:
    for action in actions:
        if action.at >= since:
            kind = DEPLOY_CHANGE if action.action == operators.DEPLOY else OPERATOR_CHANGE
            text = f"{action.action}, {action.target}" + (f": {action.detail}" if action.detail else "")
            yield Change(format_time(action.at), kind, action.actor, text)
