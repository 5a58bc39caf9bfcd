"""`make pictures`: screenshots of Prometheus' pages on a platform under load, then with faults, for docs/pictures/.

Starts and ends everything that it needs. It is not a test: a person checks the pictures.
"""

import sys
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import requests
from playwright.sync_api import Browser, Page

from stack.prometheus import Timing
from tests.browser.browser import chromium, visit
from tests.e2e.alert_faults import KAFKA, REDIS
from tests.e2e.load import running
from tests.e2e.watching import SETTINGS, Expected, Watched, watching
from tests.servers import until

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
TIMING = Timing(scrape="2s", evaluation="2s", group_wait="1s", group_interval="1s", hold="10s")
"""Windows as on the machines, so that the expressions in the pictures are those of the rules."""
PER_SECOND = 20
SAMPLES = 40
"""Samples of a recording rule before its graph is taken."""
RATE = 'url_rule:requests:rate5m{method="POST"}'
WAIT_SECONDS = 120
SIZE = (1200, 800)


def main() -> int:
    """Take all pictures; returns the exit code."""
    with (
        watching(TIMING, SETTINGS) as watched,
        chromium() as browser,
        running(watched.platform.api.url, PER_SECOND),
    ):
        until(lambda: samples(watched) >= SAMPLES, f"{SAMPLES} samples of {RATE}", seconds=WAIT_SECONDS)
        graph(watched, browser)
        targets(watched, browser)
        with KAFKA.happens(watched), REDIS.happens(watched):
            for alert in (KAFKA.expected, REDIS.expected):
                until(partial(is_active, watched, alert), f"{alert} is active", seconds=WAIT_SECONDS)
            alerts(watched, browser)
    return 0


def is_active(watched: Watched, alert: Expected) -> bool:
    """Whether it fires, and no other alert suppresses it."""
    return watched.state(alert) == "active"


def samples(watched: Watched) -> float:
    """How often the recording rule was evaluated with a result."""
    query = {"query": f"max(count_over_time({RATE}[5m]))"}
    answer = requests.get(f"{watched.prometheus.url}/api/v1/query", params=query, timeout=5)
    answer.raise_for_status()
    return max((float(one["value"][1]) for one in answer.json()["data"]["result"]), default=0.0)


def graph(watched: Watched, browser: Browser) -> None:
    """A recording rule under load."""
    asked = urlencode({"g0.expr": RATE, "g0.tab": 0, "g0.range_input": "2m"})
    with visit(browser, watched.prometheus.pages, SIZE) as visitor:
        visitor.go(f"/graph?{asked}")
        visitor.page.locator(".rickshaw_legend .line").first.wait_for()
        keep(visitor.page, "prometheus-graph")


def targets(watched: Watched, browser: Browser) -> None:
    """The scraped targets, all up."""
    with visit(browser, watched.prometheus.pages, SIZE) as visitor:
        visitor.go("/targets")
        keep(visitor.page, "prometheus-targets")


def alerts(watched: Watched, browser: Browser) -> None:
    """The firing alerts, one of them expanded."""
    with visit(browser, watched.prometheus.pages, SIZE) as visitor:
        visitor.go("/alerts")
        visitor.page.get_by_text("Inactive (").click()
        visitor.page.get_by_text(KAFKA.alert).first.click()
        visitor.page.get_by_text(f"alert: {KAFKA.alert}").wait_for()
        keep(visitor.page, "prometheus-alerts")


def keep(page: Page, name: str) -> None:
    """Write the picture of the whole page."""
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


if __name__ == "__main__":
    sys.exit(main())
