"""The overview: charts of the last hour with gaps and words, and what changed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Route, expect

from stack.platform import Platform
from tests.browser.browser import Visit, visit
from tests.browser.console import authorize

pytestmark = pytest.mark.timeout(300)
PHONE = (390, 844)
OVERVIEW = "**/operations/overview"
NOW = datetime(2025, 10, 27, 6, 16, 30, tzinfo=UTC)


def at(seconds_ago: int) -> str:
    return (NOW - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def point(seconds_ago: int, succeeded: int, p95: float | None) -> dict[str, object]:
    payments = {"succeededPerMinute": succeeded, "declinedPerMinute": 2, "failedPerMinute": 0, "p95Seconds": p95}
    rates = {"declineRate": 0.05, "errorRate": 0, "ledgerLagSeconds": 0.4, "outboxPending": 3}
    return {"at": at(seconds_ago), **payments, **rates}


def hour(route: Route) -> None:
    """An hour with a gap in the latency, and one change of each kind."""
    points = [point(15 * (240 - number), 100 + number, None if 100 < number < 150 else 0.02) for number in range(240)]
    changes = [
        {"at": at(60), "kind": "BREAKER", "actor": "relay", "text": "CLOSED → OPEN: 5 of 10 calls failed"},
        {"at": at(90), "kind": "OPERATOR", "actor": "api:10.0.0.7", "text": "discard dead letter 4"},
        {"at": at(900), "kind": "DEPLOY", "actor": "payops", "text": "release 1.4.0"},
    ]
    route.fulfill(json={"since": at(3600), "intervalSeconds": 15, "points": points, "changes": changes})


@pytest.mark.parametrize("size", [(1280, 900), PHONE])
def test_an_hour_is_drawn_with_its_gaps_and_said_in_words(
    browser: Browser, platform: Platform, size: tuple[int, int]
) -> None:
    with visit(browser, platform.api.url, size) as operator:
        operator.page.route(OVERVIEW, hour)
        operator.go("/console")
        operator.enter(platform.admin_token)
        payments = operator.page.get_by_role("region", name="Payments a minute")
        expect(payments.get_by_role("listitem")).to_have_text(["succeeded339", "declined2", "failed0"])
        expect(payments.locator("figcaption")).to_contain_text("succeeded: lowest 100, highest 339, now 339.")
        expect(payments).to_contain_text("400")  # the axis
        latency = operator.page.get_by_role("region", name="Latency of payments, p95")
        expect(latency).to_contain_text("95 of 100 are answered within 20 ms")
        drawn = latency.locator("figure path").get_attribute("d") or ""
        assert drawn.count("M") == 2  # the gap is a gap
        changes = operator.page.get_by_role("region", name="What changed in the last hour").get_by_role("listitem")
        expect(changes).to_have_count(3)
        expect(changes.first).to_contain_text("CLOSED → OPEN: 5 of 10 calls failed by relay")
        expect(operator.page.get_by_test_id("breaker-state")).to_be_visible()
        assert (operator.findings(), operator.overflow()) == ([], 0)
        operator.shoot(f"console-overview-hour-{size[0]}")
        assert operator.complaints == []


def test_the_platform_measures_itself(operator: Visit, platform: Platform) -> None:
    authorize(platform, "measured")
    expect(operator.page.get_by_text(re.compile(r"^Measured since"))).to_be_visible(timeout=40_000)
    lag = operator.page.get_by_role("region", name="Ledger lag")
    expect(lag.locator("figure path")).to_have_attribute("d", re.compile("^M"), timeout=40_000)
    expect(
        operator.page.get_by_role("region", name="Rate limits of this merchant").get_by_text("Refund")
    ).to_be_visible()


def test_no_data_yet_and_a_failure_are_said(browser: Browser, platform: Platform) -> None:
    with visit(browser, platform.api.url) as operator:
        nothing: dict[str, object] = {"since": None, "intervalSeconds": 15, "points": [], "changes": []}
        operator.page.route(OVERVIEW, lambda route: route.fulfill(json=nothing))
        operator.go("/console")
        operator.enter(platform.admin_token)
        expect(operator.page.get_by_text("Nothing measured yet.").first).to_be_visible()
        expect(
            operator.page.get_by_text("Nothing: no breaker move, no deploy, no action by an operator.")
        ).to_be_visible()
        operator.page.unroute(OVERVIEW)
        problem = {"code": "VALIDATION_FAILED", "message": "made by a test"}
        operator.page.route(OVERVIEW, lambda route: route.fulfill(status=400, json=problem))
        expect(operator.page.get_by_role("alert")).to_contain_text("VALIDATION_FAILED", timeout=20_000)
