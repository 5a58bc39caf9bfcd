"""The report of a real load, opened as the file that it is: complete, and readable on a phone, light and dark."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from load import lab
from load.api import Api
from stack.platform import Platform
from tests.browser.browser import NARROW, WIDE, Scheme, visit

SHORT = {"TIME_SCALE": "0.01", "RATE_SCALE": "0.05", "MERCHANTS": "5", "ENABLE_CAPTURE": "true", "MERCHANT_ID": ""}


@pytest.fixture(scope="module")
def report(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a payment-scenario of six seconds."""
    folder = tmp_path_factory.mktemp("load")
    target = lab.Target("a platform", Api(platform.api.url, platform.admin_token), lambda: ("audited <all>", True))
    lab.run("payment-scenario", target, {**os.environ, **SHORT}, folder)
    (page,) = folder.glob("*/report.html")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_it_is_readable(browser: Browser, report: Path, size: tuple[int, int], scheme: Scheme) -> None:
    with visit(browser, report.as_uri(), size, scheme=scheme) as reader:
        reader.go("")
        reader.shoot(f"load-{size[0]}-{scheme}")
        assert reader.complaints == []
        assert reader.findings() == []
        assert reader.overflow() <= 0


def test_it_says_everything(browser: Browser, report: Path) -> None:
    with visit(browser, report.as_uri()) as reader:
        asked: list[str] = []
        reader.page.on("request", lambda request: asked.append(request.url))
        reader.go("")
        assert asked == [report.as_uri()], "it needs nothing from elsewhere"
        text = reader.page.inner_text("main")
        for expected in (
            "Load: payment-scenario",
            "Every payment that was answered 200 is in the ledger, once.",
            "a platform",
            "TIME_SCALE=0.01",
            "latency in ms",
            "share of errors",
            "Audited <all>.",
        ):
            assert expected in text
        assert reader.page.locator("thead").first.inner_text().split() == ["authorize", "capture"]
        assert reader.page.locator("script").count() == 0
        drawn = reader.page.locator("svg polyline").evaluate_all(
            "lines => lines.map(line => line.points.numberOfItems)"
        )
        assert len(drawn) == 7
        assert min(drawn) >= 3, "a point for each second"
