"""The page at `/` in Chromium: journal and switches, on a desk and on a phone, checked by axe."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browser import WIDE, Visit, chromium, visit
from tests.psp.simulator import CONTROL, Client, Simulator

PHONE = (390, 844)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def opened(visitor: Visit) -> None:
    visitor.go("/")
    visitor.page.get_by_label("PSP_CONTROL_TOKEN").fill(CONTROL)
    visitor.page.get_by_role("button", name="Open").click()
    visitor.page.get_by_role("heading", name="What goes wrong").wait_for()


def test_faults_are_switched_and_the_journal_shows_what_they_did(
    browser: Browser, simulator: Simulator, psp: Client
) -> None:
    with visit(browser, f"http://127.0.0.1:{simulator.port}") as visitor:
        opened(visitor)
        page = visitor.page
        page.locator("#fault").select_option("error_after_success")
        page.locator("#kind").select_option("authorization")
        page.get_by_label("At most").fill("1")
        page.get_by_role("button", name="Add").click()
        page.get_by_text("1 fault on").wait_for()
        assert psp.authorize("page-1", amount=123_456).status == 500
        page.get_by_label("Reference").fill("page-1")
        page.get_by_role("button", name="Show").click()
        row = page.get_by_role("row", name="page-1")
        expect(row).to_contain_text("1,234.56")
        expect(row).to_contain_text("error after success")
        expect(row.get_by_text("approved")).to_have_count(2)
        page.get_by_text("no faults").wait_for()  # it is used up
        visitor.shoot("psp-wide")
        assert visitor.findings() == []
        page.get_by_role("button", name="Remove all").click()
        page.get_by_text("Nothing: every request").wait_for()
        assert psp.control("GET", "faults") == {"rules": []}
        assert visitor.complaints == []


def test_a_wrong_token_opens_nothing_and_a_reload_forgets_the_right_one(browser: Browser, simulator: Simulator) -> None:
    with visit(browser, f"http://127.0.0.1:{simulator.port}") as visitor:
        visitor.go("/")
        visitor.page.get_by_label("PSP_CONTROL_TOKEN").fill("wrong")
        visitor.page.get_by_role("button", name="Open").click()
        visitor.page.get_by_text("The control token is needed").wait_for()
        opened(visitor)
        stored = "Object.keys(localStorage).length + Object.keys(sessionStorage).length + document.cookie.length"
        assert visitor.page.evaluate(stored) == 0
        visitor.page.reload()
        visitor.page.get_by_label("PSP_CONTROL_TOKEN").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(browser: Browser, simulator: Simulator, psp: Client, scheme: str) -> None:
    psp.faults({"fault": "late_success", "kinds": ["void"], "tokenKinds": ["dispute_later"], "seconds": 600})
    with visit(browser, f"http://127.0.0.1:{simulator.port}", PHONE, scheme=scheme) as visitor:  # type: ignore[arg-type]  # one of two
        opened(visitor)
        visitor.page.get_by_role("button", name="Remove late success").wait_for()
        assert visitor.overflow() == 0
        assert visitor.findings() == []
        visitor.shoot(f"psp-phone-{scheme}")


def test_the_clock_is_moved_from_the_page(browser: Browser) -> None:
    with Simulator() as running, visit(browser, f"http://127.0.0.1:{running.port}", WIDE) as visitor:
        opened(visitor)
        visitor.page.get_by_role("button", name="Freeze").click()
        visitor.page.get_by_text("The clock is frozen.").wait_for()
        frozen = running.api.control("GET", "clock")
        visitor.page.get_by_role("button", name="One day on").click()
        tomorrow = visitor.page.get_by_label("The simulator's clock")
        expect(tomorrow).not_to_contain_text(frozen["now"][:10])
        assert running.api.control("GET", "clock")["frozen"] is True
        visitor.page.get_by_role("button", name="Let it run").click()
        visitor.page.get_by_text("ahead of the machine's").wait_for()
        assert visitor.complaints == []
