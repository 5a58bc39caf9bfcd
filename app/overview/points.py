"""Turns two measurements into a point of the overview: rates, shares, a quantile. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Final

from app.overview.totals import BOUNDS, Totals
from payments.outbox.rules import format_time
from payments.reading.overview import Backlog, Point

QUANTILE: Final = 0.95
SUCCEEDED: Final = "succeeded"
DECLINED: Final = ("declined", "conflict", "rejected")
"""Outcomes for which the client, the acquirer, or the state of its payment is the reason."""
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Measurement:
    """Totals at a time, and at a monotonic clock's seconds. `backlog` None: the database could not be read."""

    at: datetime
    clock: float
    totals: Totals
    backlog: Backlog | None


def point(before: Measurement, after: Measurement) -> Point:
    """What happened between two measurements."""
    done = {
        outcome: increase(before.totals.outcomes.get(outcome, 0.0), total)
        for outcome, total in after.totals.outcomes.items()
    }
    declined, failed = sum(done.get(outcome, 0.0) for outcome in DECLINED), done.get(FAILED, 0.0)
    commands = sum(done.values())
    minutes = (after.clock - before.clock) / 60
    seconds = quantile(QUANTILE, list(map(increase, before.totals.buckets, after.totals.buckets)))
    return Point(
        at=format_time(after.at),
        succeeded_per_minute=done.get(SUCCEEDED, 0.0) / minutes,
        declined_per_minute=declined / minutes,
        failed_per_minute=failed / minutes,
        p95_seconds=seconds,
        decline_rate=declined / commands if commands else None,
        error_rate=failed / commands if commands else None,
        ledger_lag_seconds=after.backlog.lag_seconds if after.backlog else None,
        outbox_pending=after.backlog.pending if after.backlog else None,
    )


def increase(before: float, after: float) -> float:
    """How much a counter grew; one that went down began again at 0."""
    return after if after < before else after - before


def quantile(share: float, counts: Sequence[float], bounds: Sequence[float] = BOUNDS) -> float | None:
    """The quantile of a histogram as Prometheus' histogram_quantile computes it; None without observations.

    `counts` are of each bucket, not cumulative; the last bound is infinite. In that bucket it is the bound before.
    """
    cumulative = list(accumulate(counts))
    rank = share * cumulative[-1]
    if cumulative[-1] <= 0:
        return None
    number = next(number for number, reached in enumerate(cumulative) if reached >= rank and counts[number] > 0)
    if math.isinf(bounds[number]):
        return bounds[number - 1]
    start = bounds[number - 1] if number else 0.0
    within = rank - (cumulative[number - 1] if number else 0.0)
    return start + (bounds[number] - start) * min(within / counts[number], 1.0)
