"""`python -m bench.growth`: what an authorization costs with millions of payments stored, against none; and pruning.

Steered by SIZES, RATE (1/s), SECONDS (of one measurement), ROUNDS and PRUNED (payments pruned in a round).
"""

import os
import sys
import time
from dataclasses import dataclass
from statistics import median

import requests
from sqlalchemy import Engine

from bench import growth_report, growth_retention
from bench.growth_data import MODEL_MERCHANT, SPREAD, Multiplier, Plan, bytes_on_disk
from bench.growth_platform import WARM_SECONDS, TwoDatabases, say, two_databases
from bench.growth_report import Growth
from bench.growth_retention import PruningLoad
from payments.platform.clock import database_now
from stack.server import program


@dataclass(frozen=True, slots=True)
class Steps:
    """What is measured; small for a try, large for the page."""

    sizes: list[int]
    rate: int
    seconds: int
    rounds: int
    pruned: int


def steps() -> Steps:
    """As the environment says."""
    sizes = os.environ.get("SIZES") or "1000000,5000000,10000000"
    numbers = {"RATE": 100, "SECONDS": 60, "ROUNDS": 3, "PRUNED": 40_000}
    told = {name.lower(): int(os.environ.get(name) or number) for name, number in numbers.items()}
    return Steps(sorted(int(size) for size in sizes.split(",")), **told)


def main() -> int:
    """Measure all, print it, write it down."""
    program("chromium", "chromium")  # draws in the end: better missed now
    wanted = steps()
    with two_databases() as databases:
        full = databases.engine("full")
        multiplier = prepared(databases, full, wanted)
        grown, before = [], 1
        for size in wanted.sizes:
            grown.append(measured(databases, full, multiplier, size - before, wanted, size))
            before = size
        payments = min(wanted.pruned, wanted.sizes[0] // wanted.rounds)  # of the first size, for they lie together
        load = PruningLoad(wanted.rate, wanted.seconds, wanted.rounds, payments)
        pruning = growth_retention.measured(databases, full, multiplier.plan, load)
        full.dispose()
    growth_report.write(grown, pruning, wanted.rate)
    return 0


def prepared(databases: TwoDatabases, full: Engine, wanted: Steps) -> Multiplier:
    """The one payment that is multiplied afterwards, made by the platform itself and posted; voided, or pruning would
    leave it alone.
    """
    databases.point_to("full")
    body = {"merchantId": MODEL_MERCHANT, "amount": 10000, "currency": "KRW", "idempotencyKey": "model"}
    api = f"{databases.platform.api.url}/payments"
    requests.post(f"{api}/authorize", json=body, timeout=10).raise_for_status()
    requests.post(f"{api}/void/1", json={"merchantId": MODEL_MERCHANT}, timeout=10).raise_for_status()
    databases.drain("full")
    paid = wanted.rate * (WARM_SECONDS + wanted.seconds) * (wanted.rounds + 1) * len(wanted.sizes)  # by the loads
    with full.connect() as connection:
        return Multiplier(full, Plan(wanted.sizes[-1] + paid, database_now(connection) - SPREAD))


def measured(
    databases: TwoDatabases, full: Engine, multiplier: Multiplier, more: int, wanted: Steps, size: int
) -> Growth:
    """Grow by `more` payments to `size`, then empty and full in turn, so that a machine that changes changes both."""
    started = time.monotonic()
    multiplier.add(more)
    per_second = more / (time.monotonic() - started)
    growth = Growth(size, bytes_on_disk(full), per_second)
    say(f"{size:,} payments are stored, {growth.bytes / size:,.0f} bytes each, {per_second:,.0f} made a second")
    growth.expiry.extend(growth_retention.expiry_rounds(full))
    say(f"a round of expiry, nothing due: {median(growth.expiry):.1f} ms, at most {max(growth.expiry):.1f}")
    growth.empty.append(databases.cost("empty", wanted.rate, wanted.seconds))
    for _ in range(wanted.rounds):
        growth.full.append(databases.cost("full", wanted.rate, wanted.seconds))
        growth.empty.append(databases.cost("empty", wanted.rate, wanted.seconds))
    return growth


if __name__ == "__main__":
    sys.exit(main())
