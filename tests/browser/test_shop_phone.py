"""The shop on a phone: the order stays in sight in a bar, and nothing jumps while one chooses and buys."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stack.platform import Platform
from tests.browser.browser import Visit, visit
from tests.browser.test_shop import lose, payment

pytestmark = pytest.mark.timeout(300)
PHONE = (390, 844)
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((entry) => entry.value)))
  .observe({ type: "layout-shift", buffered: true });
"""
"""Collects layout shifts, those right after a tap too, which the browser's own score leaves out."""


@pytest.fixture
def phone(browser: Browser, platform: Platform) -> Iterator[Visit]:
    with visit(browser, platform.api.url, PHONE) as visitor:
        visitor.page.add_init_script(SHIFTS)
        visitor.go("/")
        yield visitor


def bar(page: Page) -> Locator:
    """The bar's button that pays; hidden: none."""
    return page.get_by_role("region", name="Chosen product").get_by_role("button", name="Buy now")


def is_covered(page: Page) -> bool:
    """Whether the focused element is behind the bar."""
    return bool(
        page.evaluate(
            """() => {
              const place = document.activeElement.getBoundingClientRect();
              const top = document.elementFromPoint(place.x + place.width / 2, Math.min(place.bottom, innerHeight) - 2);
              return place.bottom > innerHeight || !(document.activeElement.contains(top));
            }"""
        )
    )


def test_one_chooses_and_buys_from_the_bar_and_nothing_jumps(phone: Visit, platform: Platform) -> None:
    phone.page.get_by_role("button", name="Reading lamp").scroll_into_view_if_needed()
    before = phone.page.evaluate("scrollY")
    phone.page.get_by_role("button", name="Reading lamp").click()
    expect(bar(phone.page)).to_be_in_viewport()
    expect(phone.page.get_by_role("status").filter(has_text="Reading lamp")).to_contain_text("₩415,000")
    assert phone.page.evaluate("scrollY") == before
    assert (phone.findings(), phone.overflow()) == ([], 0)
    phone.shoot("shop-phone-390")
    bar(phone.page).click()
    phone.page.wait_for_url(re.compile(r"/orders/\d+$"))
    expect(phone.page.get_by_role("heading", name=re.compile(r"^Order \d+$"))).to_be_in_viewport()
    expect(phone.page.get_by_text(re.compile(r"^Posted after"))).to_have_count(2)
    assert payment(platform, int(phone.page.url.rsplit("/", 1)[1]))["capturedAmount"] == 415_000
    assert phone.page.evaluate("window.shifts") == []
    assert phone.complaints == []


def test_the_bar_covers_no_focus_and_goes_when_the_panel_is_in_sight(phone: Visit) -> None:
    phone.page.get_by_role("button", name="iPhone").click()
    expect(bar(phone.page)).to_be_in_viewport()
    for _ in range(9):
        phone.page.keyboard.press("Tab")
        assert not is_covered(phone.page)
    panel = phone.page.get_by_role("complementary").get_by_role("button", name="Buy now")
    bar(phone.page).focus()
    panel.evaluate("button => button.scrollIntoView({ block: 'center' })")
    expect(bar(phone.page)).to_have_count(0)
    expect(panel).to_be_focused()
    phone.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(phone.page.get_by_role("contentinfo")).to_be_in_viewport(ratio=0.9)


def test_a_lost_answer_is_said_in_the_bar(phone: Visit) -> None:
    phone.page.get_by_role("button", name="Pixel").click()
    phone.page.route("**/payments/authorize", lose)
    bar(phone.page).click()
    phone.page.get_by_role("button", name="Show the order").click()
    expect(phone.page.get_by_role("button", name="Try again")).to_be_in_viewport()
    phone.page.evaluate("scrollTo(0, 0)")
    phone.page.unroute("**/payments/authorize")
    phone.page.reload()
    expect(phone.page.get_by_text("It is not known whether this was paid.")).to_be_in_viewport()
    phone.page.get_by_role("button", name="Show the order").click()
    phone.page.get_by_role("button", name="Try again").click()
    phone.page.wait_for_url(re.compile(r"/orders/\d+$"))
