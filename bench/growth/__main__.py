"""`python -m bench.growth`: what an authorization costs with millions of payments stored, against none; and pruning.

Steered by SIZES, RATE (1/s), SECONDS (of one measurement), ROUNDS and PRUNED (payments pruned in a round).
"""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import requests
from sqlalchemy import Engine

from bench.growth import page, picture, pruning
from bench.growth.databases import WARM_SECONDS, TwoDatabases, say, two_databases
from bench.growth.multiplier import MODEL_MERCHANT, SPREAD, Multiplier, Plan, bytes_on_disk
from bench.growth.pruning import PruningLoad
from bench.growth.results import Growth
from payments.platform.clock import database_now


@dataclass(frozen=True, slots=True)
class Steps:
    """What is measured: sizes in payments, ascending; rate a second; seconds and rounds of one measurement."""

    sizes: list[int]
    rate: int
    seconds: int
    rounds: int
    pruned: int

    @property
    def pruned_in_a_round(self) -> int:
        """Payments pruned in a round, all of them of the first size, which were made one after the other."""
        return min(self.pruned, self.sizes[0] // self.rounds)

    @property
    def payments_of_loads(self) -> int:
        """How many payments all loads of all sizes make."""
        return self.rate * (WARM_SECONDS + self.seconds) * (self.rounds + 1) * len(self.sizes)


def steps(environment: Mapping[str, str]) -> Steps:
    """As the environment says, else the default. ValueError when a value is no number."""
    sizes = environment.get("SIZES") or "1000000,5000000,10000000"
    defaults = {"RATE": 100, "SECONDS": 60, "ROUNDS": 3, "PRUNED": 40_000}
    numbers = {name.lower(): int(environment.get(name) or default) for name, default in defaults.items()}
    return Steps(sorted(int(size) for size in sizes.split(",")), **numbers)


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
