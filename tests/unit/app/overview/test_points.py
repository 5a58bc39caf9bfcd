"""Two measurements make a point: rates a minute, shares, the 95th percentile as Prometheus computes it."""

import math
from datetime import UTC, datetime
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.overview.points import Measurement, increase, point, quantile
from app.overview.totals import BOUNDS, Totals
from payments.reading.overview import Backlog

AT = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
COUNTS = st.lists(st.integers(0, 10**6), min_size=len(BOUNDS), max_size=len(BOUNDS))
NOTHING = (0.0,) * len(BOUNDS)


def measured(
    clock: float, buckets: tuple[float, ...] = NOTHING, backlog: Backlog | None = None, **outcomes: float
) -> Measurement:
    return Measurement(AT, clock, Totals(outcomes, buckets), backlog)


def in_bucket(number: int, count: float) -> tuple[float, ...]:
    return tuple(count if number == each else 0.0 for each in range(len(BOUNDS)))


def test_rates_are_a_minute_and_shares_of_all_commands() -> None:
    before = measured(100.0, succeeded=10, conflict=5, rejected=1, failed=0)
    after = measured(115.0, in_bucket(3, 20), Backlog(7, 1.5), succeeded=22, conflict=6, rejected=3, failed=5)
    found = point(before, after)
    assert found.at == "2026-01-02T03:04:05.000006Z"
    assert (found.succeeded_per_minute, found.declined_per_minute, found.failed_per_minute) == (48, 12, 20)
    assert (found.decline_rate, found.error_rate) == (3 / 20, 5 / 20)
    assert (found.outbox_pending, found.ledger_lag_seconds) == (7, 1.5)


def test_without_commands_there_are_no_shares() -> None:
    found = point(measured(0.0, succeeded=3), measured(15.0, succeeded=3))
    assert (found.succeeded_per_minute, found.decline_rate, found.error_rate, found.p95_seconds) == (
        0,
        None,
        None,
        None,
    )
    assert (found.outbox_pending, found.ledger_lag_seconds) == (None, None)


def test_counters_that_went_down_began_again_at_zero() -> None:
    before = measured(0.0, in_bucket(2, 50), succeeded=100, failed=7)
    after = measured(60.0, in_bucket(2, 4), succeeded=4, failed=7)
    found = point(before, after)
    assert (found.succeeded_per_minute, found.failed_per_minute, found.error_rate) == (4, 0, 0)
    assert found.p95_seconds == pytest.approx(BOUNDS[1] + (BOUNDS[2] - BOUNDS[1]) * 0.95)


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_an_increase_is_never_negative_nor_more_than_the_counter(before: float, after: float) -> None:
    assert 0 <= increase(before, after) <= after


@given(COUNTS, st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_quantile_is_in_the_bucket_that_its_rank_falls_in(counts: list[int], one: float, other: float) -> None:
    found = quantile(one, counts)
    if not any(counts):
        assert found is None
        return
    assert found is not None
    rank, reached = one * sum(counts), [*accumulate(counts)]
    number = next(n for n, total in enumerate(reached) if total >= rank)
    if math.isinf(BOUNDS[number]):
        assert found == BOUNDS[-2]
    else:
        assert (BOUNDS[number - 1] if number else 0) <= found <= BOUNDS[number]
    more = quantile(max(one, other), counts)
    assert more is not None
    assert more >= quantile(min(one, other), counts)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # histogram_quantile(0.95) of Prometheus for buckets le=1, 2, 4, +Inf
        ((100, 0, 0, 0), 0.95),
        ((50, 50, 0, 0), 1.9),
        ((90, 5, 5, 0), 2.0),
        ((0, 0, 10, 0), 3.9),
        ((10, 0, 0, 90), 4.0),
        ((0, 0, 0, 1), 4.0),
        ((0, 0, 0, 0), None),
    ],
)
def test_quantiles_that_prometheus_gives(counts: tuple[int, ...], expected: float | None) -> None:
    found = quantile(0.95, counts, (1.0, 2.0, 4.0, math.inf))
    assert found == (None if expected is None else pytest.approx(expected))
