"""What pruning costs those who pay meanwhile: the time of an authorization without, with, and without it again.

And how long a round of expiry takes that finds nothing due.
"""

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine, text

from bench.growth_data import Plan
from bench.growth_platform import WARM_SECONDS, TwoDatabases, say
from bench.platform import put_behind, wait_until
from payments.platform.clock import database_now
from payments.retention.service import expire_due

PRUNING_SECONDS: Final = 600.0
EXPIRY_ROUNDS: Final = 50
SETTINGS: Final = ("APP_OUTBOX_RETENTION_SECONDS", "APP_INBOX_RETENTION_SECONDS", "APP_ANSWER_RETENTION_SECONDS")
_OLDEST = text("SELECT MIN(event_id) FROM outbox_event")


@dataclass(slots=True)
class Pruning:
    """p95 (ms) of each load without and with pruning, and the rows pruned a second in each round."""

    payments: int
    without: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PruningLoad:
    """Authorizations a second for so many seconds, while in each round so many payments more have served their time."""

    rate: int
    seconds: int
    rounds: int
    payments: int


def measured(databases: TwoDatabases, full: Engine, plan: Plan, load: PruningLoad) -> Pruning:
    """Without, with and without pruning in turn, in the full database."""
    found = Pruning(load.payments)
    databases.point_to("full")
    databases.loaded("full", load.rate, WARM_SECONDS)
    found.without.append(databases.loaded("full", load.rate, load.seconds).p95)
    for number in range(1, load.rounds + 1):
        oldest = _oldest(full)
        _due_until(databases, full, plan, number * load.payments)
        _gone(full, oldest)
        started = datetime.now(UTC)
        found.during.append(databases.loaded("full", load.rate, load.seconds).p95)
        rows, ended = _pruned(databases)
        took = (ended - started).total_seconds()
        if took < load.seconds:
            say("pruning ended before the load: it lasts longer with a larger PRUNED")
        found.per_second.append(rows / took)
        found.without.append(databases.loaded("full", load.rate, load.seconds).p95)
        say(f"{rows:,} rows pruned; p95 {found.during[-1]:.1f} ms meanwhile, {found.without[-1]:.1f} ms after it")
    return found


def expiry_rounds(full: Engine) -> list[float]:
    """Milliseconds that each of some rounds of expiry takes while nothing is due. RuntimeError when something is."""
    took = []
    for _ in range(EXPIRY_ROUNDS):
        started = time.monotonic()
        if expire_due(full, time.monotonic, time.sleep):
            raise RuntimeError("something was due: a round that finds nothing was to be measured")
        took.append((time.monotonic() - started) * 1000)
    return took


def _due_until(databases: TwoDatabases, full: Engine, plan: Plan, number: int) -> None:
    """Restart housekeeping so that all of the first `number` payments has served its time, and no more."""
    with full.connect() as connection:
        kept = str((database_now(connection) - plan.made_at(number)).total_seconds())
    housekeeping = databases.platform.housekeeping
    housekeeping.stop()
    housekeeping.log.write_text("")
    lifetime = {"APP_AUTHORIZATION_LIFETIME_SECONDS": "1"}  # shorter than events are kept, or it would not start
    housekeeping.environment = {**housekeeping.environment, **lifetime, **dict.fromkeys(SETTINGS, kept)}
    housekeeping.start()
    put_behind(databases.platform)


def _gone(full: Engine, oldest: int) -> None:
    """Wait until the event that was the oldest is pruned."""
    wait_until(lambda: _oldest(full) != oldest, PRUNING_SECONDS, "housekeeping prunes")


def _oldest(full: Engine) -> int:
    with full.connect() as connection:
        return int(connection.execute(_OLDEST).scalar_one())


def _pruned(databases: TwoDatabases) -> tuple[int, datetime]:
    """Wait for the end of the round; how many rows it deleted, and when it ended."""
    log = databases.platform.housekeeping.log

    def told() -> list[str]:
        return [line for line in log.read_text().splitlines() if '"event":"pruned"' in line]

    wait_until(lambda: bool(told()), PRUNING_SECONDS, "housekeeping has pruned")
    line = json.loads(told()[0])
    rows = sum(line[table] for table in ("outbox_event", "inbox_event", "idem_response_cache"))
    return rows, datetime.fromisoformat(line["at"])
