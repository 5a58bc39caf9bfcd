"""`python -m bench.growth`: what an authorization costs with millions of payments stored, against none; and pruning.

Steered by SIZES, RATE (1/s), SECONDS (of one measurement), ROUNDS and PRUNED (payments pruned in a round).
"""

import os
import sys
import time
from statistics import median

import requests
from sqlalchemy import Engine

from bench.growth import page, picture, pruning
from bench.growth.databases import TwoDatabases, say, two_databases
from bench.growth.disk import bytes_on_disk
from bench.growth.multiplier import MODEL_MERCHANT, SPREAD, Multiplier, Plan
from bench.growth.pruning import PruningLoad
from bench.growth.results import Growth
from bench.growth.steps import Steps, steps
from payments.platform.clock import database_now


def main() -> int:
    """Measure all, print it, write the page and its picture."""
    chosen = steps(os.environ)
    with two_databases() as databases:
        full = databases.engine("full")
        multiplier = _with_model(databases, full, chosen)
        grown, stored = [], 1
        for size in chosen.sizes:
            grown.append(_measured(databases, full, multiplier, chosen, size - stored, size))
            stored = size
        load = PruningLoad(chosen.rate, chosen.seconds, chosen.rounds, chosen.pruned_in_a_round)
        pruned = pruning.measured(databases, full, multiplier.plan, load)
        full.dispose()
    page.write_page(grown, pruned, chosen.rate)
    picture.draw()
    return 0


def _with_model(databases: TwoDatabases, full: Engine, chosen: Steps) -> Multiplier:
    """The platform makes and posts the one payment that is multiplied; voided, since pruning keeps what is open."""
    databases.point_to("full")
    body = {"merchantId": MODEL_MERCHANT, "amount": 10000, "currency": "KRW", "idempotencyKey": "model"}
    api = f"{databases.platform.api.url}/payments"
    requests.post(f"{api}/authorize", json=body, timeout=10).raise_for_status()
    requests.post(f"{api}/void/1", json={"merchantId": MODEL_MERCHANT}, timeout=10).raise_for_status()
    databases.drain("full")
    with full.connect() as connection:
        oldest = database_now(connection) - SPREAD
    return Multiplier(full, Plan(chosen.sizes[-1] + chosen.payments_of_loads, oldest))


def _measured(
    databases: TwoDatabases, full: Engine, multiplier: Multiplier, chosen: Steps, added: int, size: int
) -> Growth:
    """Add payments up to `size`, then load the empty and the full database in turn."""
    started = time.monotonic()
    multiplier.add(added)
    per_second = added / (time.monotonic() - started)
    growth = Growth(size, bytes_on_disk(full), per_second)
    say(f"{size:,} payments are stored, {growth.bytes / size:,.0f} bytes each, {per_second:,.0f} made a second")
    growth.expiry.extend(pruning.expiry_rounds(full))
    say(f"a round of expiry, nothing due: {median(growth.expiry):.1f} ms, at most {max(growth.expiry):.1f}")
    growth.empty.append(databases.cost("empty", chosen.rate, chosen.seconds))
    for _ in range(chosen.rounds):
        growth.full.append(databases.cost("full", chosen.rate, chosen.seconds))
        growth.empty.append(databases.cost("empty", chosen.rate, chosen.seconds))
    return growth


if __name__ == "__main__":
    sys.exit(main())
