"""One platform on real servers and one browser for all browser tests of a run."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from stack import shop
from stack.platform import Platform, real_platform
from tests.browser import acquirer
from tests.browser.browser import Visit, launched, visit
from tests.browser.console import make_merchant

SETTINGS = {
    "APP_CB_KAFKA_WAIT_DURATION_SECONDS": "3",
    "APP_CB_KAFKA_SLIDING_WINDOW_SIZE": "5",
    "APP_CB_KAFKA_MINIMUM_NUMBER_OF_CALLS": "3",
    "APP_RATE_LIMIT_REFUND_CAPACITY": "3",
    "APP_RATE_LIMIT_REFUND_WINDOW_SECONDS": "6",
    "APP_SHOP_MERCHANT": "STORE",
}


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The platform with the built shop and its merchant, an acquirer, short times of a breaker, a low refund limit."""
    folder = shop.build()
    with real_platform({**SETTINGS, "APP_SHOP_FOLDER": str(folder)}, with_acquirer=True) as running:
        make_merchant(running, "STORE")
        yield running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What starts browsers: the one of this process."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium."""
    with launched(playwright) as running:
        yield running


@pytest.fixture(scope="module")
def connected(platform: Platform) -> Iterator[None]:
    """The shop's merchant has an acquirer, for the tests of one module alone."""
    acquirer.connect(platform, "simulator")
    yield
    acquirer.connect(platform, "none")


@pytest.fixture
def healthy(platform: Platform) -> Iterator[None]:
    """No fault of the acquirer outlives a test."""
    yield
    acquirer.end_faults(platform)


@pytest.fixture
def shopper(browser: Browser, platform: Platform) -> Iterator[Visit]:
    """A visitor of the shop; fails if the browser reports an error."""
    with visit(browser, platform.api.url) as visitor:
        yield visitor
        assert visitor.complaints == []


@pytest.fixture
def operator(browser: Browser, platform: Platform) -> Iterator[Visit]:
    """A visitor of the console, with the admin token."""
    with visit(browser, platform.api.url) as visitor:
        visitor.go("/console")
        visitor.enter(platform.admin_token)
        yield visitor
