"""The shop of `make run` for a new user: a page that waits for the build and reloads, then the shop."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from stack import shop
from tests.browser.browser import visit
from tests.browser.test_shop import buy
from tests.e2e.make_run import start, wait_until_up
from tests.servers import until

pytestmark = pytest.mark.timeout(500)


def test_the_page_waits_for_the_shop_and_then_sells(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built, later = shop.build(), tmp_path / "later"
    monkeypatch.setenv("APP_SHOP_FOLDER", str(later))
    (tmp_path / "state").mkdir()
    run = start(tmp_path / "state")
    try:
        wait_until_up(run)
        assert re.search(rf"shop +{run.base}/\n +console +{run.base}/console\n", run.output)
        with visit(browser, run.base) as shopper:
            shopper.go("/")
            expect(shopper.page.get_by_text("The shop is being built.")).to_be_visible()
            shutil.copytree(built, tmp_path / "copy")
            (tmp_path / "copy").rename(later)
            expect(shopper.page.get_by_role("heading", name="Things worth paying for")).to_be_visible()
            until(
                lambda: f"the shop is ready: {run.base}/" in run.output,
                "the terminal says that it is ready",
                seconds=60,
            )
            assert buy(shopper) >= 1
            assert shopper.complaints == []
    finally:
        run.stop()
