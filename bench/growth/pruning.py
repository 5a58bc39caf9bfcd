"""How much slower authorizations are answered while housekeeping prunes: without, with, without in turn.

And how long a round of expiry takes that finds nothing due.
"""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text

from bench.growth.databases import TwoDatabases, say
from bench.growth.multiplier import Plan
from bench.growth.results import Pruning
from bench.growth.steps import WARM_SECONDS
from bench.platform import lower_others, wait_until
from payments.platform.clock import database_now
from payments.retention.service import expire_due

PRUNING_SECONDS: Final = 600.0
EXPIRY_ROUNDS: Final = 50
SETTINGS: Final = ("APP_OUTBOX_RETENTION_SECONDS", "APP_INBOX_RETENTION_SECONDS", "APP_ANSWER_RETENTION_SECONDS")
TABLES: Final = ("outbox_event", "inbox_event", "idem_response_cache")
_OLDEST = text("SELECT MIN(event_id) FROM outbox_event")


@dataclass(frozen=True, slots=True)
class PruningLoad:
    """Authorizations a second for `seconds` in each round, and how many payments more become due in each."""

    rate: int
    seconds: int
    rounds: int
    payments: int


def measured(databases: TwoDatabases, full: Engine, plan: Plan, load: PruningLoad) -> Pruning:
    """Without, with and without pruning in turn, in the full database."""
    pruning = Pruning(load.payments)
    databases.point_to("full")
    databases.load("full", load.rate, WARM_SECONDS)
    pruning.without.append(databases.load("full", load.rate, load.seconds).p95)
    for number in range(1, load.rounds + 1):
        oldest = _oldest(full)
        _make_due(databases, full, plan, number * load.payments)
        _wait_until_pruned(full, oldest)
        started = datetime.now(UTC)
        pruning.during.append(databases.load("full", load.rate, load.seconds).p95)
        rows, ended = pruned(databases.platform.housekeeping.log)
        took = (ended - started).total_seconds()
        if took < load.seconds:
            say("pruning ended before the load: it lasts longer with a larger PRUNED")
        pruning.per_second.append(rows / took)
        pruning.without.append(databases.load("full", load.rate, load.seconds).p95)
        say(f"{rows:,} rows pruned; p95 {pruning.during[-1]:.1f} ms meanwhile, {pruning.without[-1]:.1f} ms after it")
    return pruning


def expiry_rounds(full: Engine) -> list[float]:
    """Milliseconds that each of 50 rounds of expiry takes while nothing is due. RuntimeError when something is."""
    took = []
    for _ in range(EXPIRY_ROUNDS):
        started = time.monotonic()
        if expire_due(full, time.monotonic, time.sleep):
            raise RuntimeError("something was due: a round that finds nothing was to be measured")
        took.append((time.monotonic() - started) * 1000)
    return took


def _make_due(databases: TwoDatabases, full: Engine, plan: Plan, number: int) -> None:
    """Restart housekeeping with retentions after which the rows of the first `number` payments are due, and no more."""
    with full.connect() as connection:
        kept = str((database_now(connection) - plan.made_at(number)).total_seconds())
    housekeeping = databases.platform.housekeeping
    housekeeping.stop()
    housekeeping.log.write_text("")
    lifetime = {"APP_AUTHORIZATION_LIFETIME_SECONDS": "1"}  # shorter than events are kept, or it would not start
    housekeeping.environment = {**housekeeping.environment, **lifetime, **dict.fromkeys(SETTINGS, kept)}
    housekeeping.start()
    lower_others(databases.platform)


def _wait_until_pruned(full: Engine, event_id: int) -> None:
    """Until the event `event_id`, which was the oldest, is pruned."""
    wait_until(lambda: _oldest(full) != event_id, PRUNING_SECONDS, "housekeeping prunes")


def _oldest(full: Engine) -> int:
    with full.connect() as connection:
        return int(connection.execute(_OLDEST).scalar_one())


def pruned(log: Path) -> tuple[int, datetime]:
    """Wait for the end of the first round in housekeeping's log; how many rows it deleted, and when it ended."""
    wait_until(lambda: bool(_pruned_lines(log)), PRUNING_SECONDS, "housekeeping has pruned")
    line = json.loads(_pruned_lines(log)[0])
    return sum(line[table] for table in TABLES), datetime.fromisoformat(line["at"])


def _pruned_lines(log: Path) -> list[str]:
    return [line for line in log.read_text().splitlines() if '"event":"pruned"' in line]
