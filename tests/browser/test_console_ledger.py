"""The ledger's page: balances by currency, of a merchant, as of a moment; entries by payment and event; as a file."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Locator, expect

from stack.platform import Platform
from tests.browser.browser import Visit, visit
from tests.browser.console import authorize
from tests.servers import until

pytestmark = pytest.mark.timeout(300)
PHONE = (390, 844)


@pytest.fixture(scope="module")
def paid(platform: Platform) -> dict[str, int]:
    """A payment of one merchant in each of two currencies, posted: currency → payment id."""
    amounts = (("USD", 1250), ("KRW", 5000))
    found = {name: authorize(platform, f"books-{name}", "BOOKS", amount, name) for name, amount in amounts}
    until(lambda: all(is_posted(platform, payment_id) for payment_id in found.values()), "both are posted")
    return found


def is_posted(platform: Platform, payment_id: int) -> bool:
    url = f"{platform.api.url}/payments/{payment_id}?merchantId=BOOKS"
    return all(event["postedAt"] for event in requests.get(url, timeout=6).json()["events"])


@pytest.fixture
def bookkeeper(browser: Browser, platform: Platform) -> Iterator[Visit]:
    """An operator on the ledger's page of one merchant; fails if the browser reports an error."""
    with visit(browser, platform.api.url) as visitor:
        visitor.go("/console/ledger?merchantId=BOOKS")
        visitor.enter(platform.admin_token)
        yield visitor
        assert visitor.complaints == []


def total(visitor: Visit, currency: str) -> Locator:
    return visitor.page.get_by_role("row", name=re.compile(rf"^Total {currency}"))


@pytest.mark.usefixtures("paid")
def test_balances_are_by_currency_and_as_of_a_moment(bookkeeper: Visit) -> None:
    page = bookkeeper.page
    expect(page.get_by_role("heading", name="USD · US Dollar")).to_be_visible()
    expect(total(bookkeeper, "USD").get_by_text("$12.50").first).to_be_visible()
    expect(total(bookkeeper, "KRW").get_by_text("₩5,000").first).to_be_visible()
    assert bookkeeper.findings() == []
    bookkeeper.shoot("console-ledger-merchant-1280")
    past = datetime.now(UTC) - timedelta(days=1)
    page.get_by_label("As of").fill(past.strftime("%Y-%m-%dT%H:%M:%S"))
    page.get_by_role("region", name="Balances of BOOKS").get_by_role("button", name="Show").click()
    expect(page.get_by_text("No postings until then.")).to_be_visible()
    assert "asOf=" in page.url
    page.go_back()
    expect(total(bookkeeper, "USD")).to_be_visible()
    page.go_forward()
    page.get_by_role("button", name="Now", exact=True).click()
    expect(total(bookkeeper, "KRW")).to_be_visible()
    page.get_by_label("Merchant", exact=True).fill("")
    page.get_by_label("Merchant", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Balances", exact=True)).to_be_visible()


def test_entries_of_a_payment_link_to_it_and_are_saved(bookkeeper: Visit, paid: dict[str, int], tmp_path: Path) -> None:
    page = bookkeeper.page
    entries = page.get_by_role("region", name="Entries").first
    entries.get_by_label("Payment").fill(str(paid["USD"]))
    entries.get_by_role("button", name="Show").click()
    rows = entries.get_by_role("row")
    expect(rows).to_have_count(2)  # the head, and the posting of the authorization
    expect(rows.last).to_contain_text("$12.50")
    assert f"paymentId={paid['USD']}" in page.url
    with page.expect_download() as saved:
        entries.get_by_role("button", name="Export CSV").click()
    saved.value.save_as(tmp_path / "entries.csv")
    lines = (tmp_path / "entries.csv").read_text().splitlines()
    assert len(lines) == 2
    assert str(paid["USD"]) in lines[1]
    rows.last.get_by_role("cell").nth(2).get_by_role("link").click()
    page.wait_for_url(re.compile(rf"/console/payments/{paid['USD']}$"))
    page.go_back()
    expect(rows).to_have_count(2)
    entries.get_by_role("button", name="All entries").click()
    expect(rows.nth(2)).to_be_visible()


@pytest.mark.usefixtures("paid")
def test_it_fits_on_a_phone(browser: Browser, platform: Platform) -> None:
    with visit(browser, platform.api.url, PHONE, scheme="dark") as visitor:
        visitor.go("/console/ledger")
        visitor.enter(platform.admin_token)
        expect(total(visitor, "USD")).to_be_visible()
        assert (visitor.findings(), visitor.overflow()) == ([], 0)
        visitor.shoot("console-ledger-390-dark")
        assert visitor.complaints == []
