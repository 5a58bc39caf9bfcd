"""What k6's summary says of a run, and when a rate holds."""

from dataclasses import replace

import pytest

from bench.k6 import P95_BOUND_MS, LoadResult, Metric, load_result

HELD = LoadResult(rate=100, requests=600, failed=0, dropped=0, median=5.0, p95=20.0, p99=40.0)


def summary() -> dict[str, Metric]:
    return {
        "http_req_duration": {"values": {"med": 5.0, "p(95)": 20.0, "p(99)": 40.0}},
        "http_req_failed": {"values": {"rate": 0.0, "passes": 0, "fails": 600}},
        "http_reqs": {"values": {"count": 600, "rate": 100.0}},
    }


def test_it_is_read_from_the_summary() -> None:
    assert load_result(100, summary()) == HELD


def test_what_failed_and_what_was_not_started_is_counted() -> None:
    metrics = summary()
    metrics["http_req_failed"] = {"values": {"passes": 3, "fails": 597}}
    metrics["dropped_iterations"] = {"values": {"count": 7, "rate": 1.0}}
    assert load_result(100, metrics) == replace(HELD, failed=3, dropped=7)


@pytest.mark.parametrize(
    ("result", "holds"),
    [
        (HELD, True),
        (replace(HELD, failed=1), False),
        (replace(HELD, dropped=1), False),
        (replace(HELD, p95=P95_BOUND_MS), False),
    ],
)
def test_a_rate_holds_without_failures_and_within_the_bound(result: LoadResult, holds: bool) -> None:
    assert result.holds is holds
