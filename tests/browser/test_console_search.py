"""The search of payments: filters in the address, ids that open their payment, lists as files."""

import csv
import re
import uuid
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Route, expect

from stack.platform import Platform
from tests.browser.browser import Visit, visit
from tests.browser.console import authorize, find, open_page

pytestmark = pytest.mark.timeout(400)
PHONE = (390, 844)


@pytest.fixture
def merchant(platform: Platform) -> str:
    """A merchant with three payments of 10.50, 20.50 and 30.50 dollars."""
    name = f"M-{uuid.uuid4().hex[:12]}"
    for amount in (1050, 2050, 3050):
        authorize(platform, f"{name}-{amount}", name, amount, "USD")
    return name


@pytest.fixture
def searcher(browser: Browser, platform: Platform) -> Iterator[Visit]:
    """An operator on the search; fails if the browser reports an error."""
    with visit(browser, platform.api.url) as visitor:
        visitor.go("/console/payments")
        visitor.enter(platform.admin_token)
        yield visitor
        assert visitor.complaints == []


def fill(searcher: Visit, **fields: str) -> None:
    for label, text in fields.items():
        searcher.page.get_by_label(label.replace("_", " "), exact=True).fill(text)


def search(searcher: Visit) -> None:
    searcher.page.get_by_role("button", name="Search", exact=True).click()


def expect_found(searcher: Visit, count: int) -> None:
    plural = "" if count == 1 else "s"
    expect(searcher.page.get_by_text(f"{count} payment{plural} on this page, newest first")).to_be_visible()


def test_filters_stay_in_the_address(searcher: Visit, merchant: str, platform: Platform) -> None:
    page = searcher.page
    fill(searcher, Merchant=merchant, Currency="usd")
    page.get_by_text("More filters").click()
    page.get_by_label("Amount from (USD)").fill("20.5")
    search(searcher)
    expect_found(searcher, 2)
    assert re.search(rf"merchantId={merchant}&currency=USD&amountFrom=2050$", page.url)
    assert searcher.findings() == []
    page.reload()
    searcher.enter(platform.admin_token)
    expect_found(searcher, 2)
    expect(page.get_by_label("Amount from (USD)")).to_have_value("20.50")
    page.get_by_role("button", name="Remove the filter Amount from: $20.50").click()
    expect_found(searcher, 3)
    page.go_back()
    expect_found(searcher, 2)
    open_page(searcher, "Ledger")
    open_page(searcher, "Payments")
    expect_found(searcher, 2)  # the last filters came back
    page.get_by_role("button", name="Remove all").click()
    expect(page).to_have_url(re.compile(r"/console/payments$"))
    open_page(searcher, "Ledger")
    open_page(searcher, "Payments")
    expect(page).to_have_url(re.compile(r"/console/payments$"))


def test_times_are_of_the_operators_time_zone(searcher: Visit, merchant: str) -> None:
    fill(searcher, Merchant=merchant)
    searcher.page.get_by_text("More filters").click()
    searcher.page.get_by_label("Created from").fill("2020-02-03T04:05:06")
    search(searcher)
    expect_found(searcher, 3)
    sent = searcher.page.evaluate("new Date('2020-02-03T04:05:06').toISOString()")
    assert searcher.page.evaluate("new URL(location.href).searchParams.get('from')") == sent
    searcher.page.get_by_label("Created before").fill("2020-02-03T04:05:06")
    search(searcher)
    expect(searcher.page.get_by_role("alert")).to_contain_text("The range ends before it begins.")


def test_an_amount_is_read_in_its_currency(searcher: Visit, merchant: str) -> None:
    fill(searcher, Merchant=merchant)
    searcher.page.get_by_text("More filters").click()
    fill(searcher, Amount="10.50")
    search(searcher)
    expect(searcher.page.get_by_role("alert")).to_contain_text("An amount needs its currency.")
    fill(searcher, Currency="KRW")
    search(searcher)
    expect(searcher.page.get_by_role("alert")).to_contain_text("This currency has no decimals.")
    fill(searcher, Currency="USD")
    search(searcher)
    expect_found(searcher, 1)


def test_each_field_finds_its_payment(searcher: Visit, platform: Platform, merchant: str) -> None:
    key, trace = f"key-{uuid.uuid4()}", uuid.uuid4().hex
    body = {"merchantId": merchant, "amount": 4050, "currency": "USD", "idempotencyKey": key}
    headers = {"traceparent": f"00-{trace}-{'b' * 16}-01", "X-Request-Id": f"request-{trace}"}
    paid = requests.post(f"{platform.api.url}/payments/authorize", json=body, headers=headers, timeout=6).json()
    capture = f"{platform.api.url}/payments/capture/{paid['paymentId']}"
    assert requests.post(capture, json={"merchantId": merchant}, timeout=6).status_code == 200
    shown = f"{platform.api.url}/payments/{paid['paymentId']}?merchantId={merchant}"
    page = searcher.page
    fields = [
        ("Any id or merchant", str(paid["paymentId"])),
        ("Any id or merchant", str(requests.get(shown, timeout=6).json()["events"][0]["eventId"])),
        ("Status", "CAPTURED"),
        ("Amount (USD)", "40.50"),
        ("Amount from (USD)", "40.50"),
        ("Request id", headers["X-Request-Id"]),
        ("Trace id", trace),
        ("Idempotency key", key),
    ]
    form = page.get_by_role("form", name="Filters")
    for label, text in fields:
        fill(searcher, Merchant=merchant, Currency="USD")
        form.locator("details").evaluate("(more) => { more.open = true }")  # closed when nothing in it is set
        field = form.get_by_label(label, exact=True)
        field.select_option(text) if label == "Status" else field.fill(text)
        search(searcher)
        expect_found(searcher, 1)
        expect(page.get_by_role("link", name=str(paid["paymentId"]), exact=True)).to_be_visible()
        page.get_by_role("button", name="Remove all").click()
    fill(searcher, Merchant=merchant, Currency="USD")
    form.locator("details").evaluate("(more) => { more.open = true }")
    fill(searcher, **{"Amount up to (USD)": "30.50"})
    search(searcher)
    expect_found(searcher, 3)


@pytest.mark.parametrize("known_by", ["payment", "key", "request"])
def test_an_id_opens_its_payment(searcher: Visit, platform: Platform, known_by: str) -> None:
    key, request = f"key-{uuid.uuid4()}", uuid.uuid4().hex
    body = {"merchantId": "STORE", "amount": 900, "currency": "KRW", "idempotencyKey": key}
    url, header = f"{platform.api.url}/payments/authorize", {"X-Request-Id": request}
    answer = requests.post(url, json=body, headers=header, timeout=6)
    paid, request = answer.json()["paymentId"], answer.headers["X-Request-Id"]
    find(searcher, {"payment": str(paid), "key": key, "request": request}[known_by])
    expect(searcher.page.get_by_role("heading", name=f"Payment {paid}")).to_be_visible()
    searcher.page.go_back()
    expect(searcher.page.get_by_role("heading", name="Payments", level=1)).to_be_visible()


def test_a_slash_in_a_field_is_a_character(searcher: Visit) -> None:
    merchant = searcher.page.get_by_label("Merchant", exact=True)
    merchant.press("/")
    expect(merchant).to_be_focused()
    expect(merchant).to_have_value("/")


def test_nothing_found_is_said(searcher: Visit) -> None:
    find(searcher, "no-such-thing-anywhere")
    expect(searcher.page.get_by_text("No payment matches these filters.")).to_be_visible()
    expect(searcher.page.get_by_label("Any id or merchant", exact=True)).to_have_value("no-such-thing-anywhere")


def test_a_merchants_link_adds_a_filter(searcher: Visit, merchant: str) -> None:
    find(searcher, f"{merchant}-3050")
    expect(searcher.page.get_by_role("heading", name=re.compile(r"^Payment \d+$"))).to_be_visible()
    searcher.page.get_by_role("link", name=merchant).click()
    expect_found(searcher, 3)


def test_pages_go_on_and_back(searcher: Visit, platform: Platform) -> None:
    name = f"P-{uuid.uuid4().hex[:12]}"
    paid = [authorize(platform, f"{name}-{number}", name) for number in range(21)]
    fill(searcher, Merchant=name)
    search(searcher)
    expect_found(searcher, 20)
    searcher.page.get_by_role("button", name="Next").click()
    expect_found(searcher, 1)
    searcher.page.get_by_role("link", name=str(paid[0]), exact=True).click()
    expect(searcher.page.get_by_role("heading", name=f"Payment {paid[0]}")).to_be_visible()
    searcher.page.go_back()
    expect_found(searcher, 1)
    searcher.page.get_by_role("button", name="Previous").click()
    expect_found(searcher, 20)


def test_a_search_that_stopped_early_goes_on(searcher: Visit) -> None:
    def stopped(route: Route) -> None:
        time = None if "cursor=" in route.request.url else "2025-10-27T06:16:28.123456Z"
        body: dict[str, object] = {"items": [], "nextCursor": time and "abc", "searchedTo": time}
        route.fulfill(json=body)

    searcher.page.route("**/operations/payments?*", stopped)
    fill(searcher, Merchant="RARE")
    search(searcher)
    expect(searcher.page.get_by_text("Searched back to Oct 27, 2025")).to_be_visible()
    searcher.page.get_by_role("button", name="Search further back").click()
    expect(searcher.page.get_by_text("No payment matches these filters.")).to_be_visible()
    assert "after=abc" in searcher.page.url


def test_a_list_is_saved_as_a_file(searcher: Visit, merchant: str) -> None:
    fill(searcher, Merchant=merchant)
    search(searcher)
    expect_found(searcher, 3)
    with searcher.page.expect_download() as started:
        searcher.page.get_by_role("button", name="Export CSV").click()
    rows = list(csv.DictReader(started.value.path().read_text().splitlines()))
    assert [(row["merchantId"], row["amount"], row["currency"]) for row in rows] == [
        (merchant, amount, "USD") for amount in ("3050", "2050", "1050")
    ]
    shown = searcher.page.get_by_role("table").get_by_role("row").filter(has_text=merchant)
    assert [row["paymentId"] for row in rows] == [text.split()[0] for text in shown.all_inner_texts()], (
        "the file has the rows of the list, in their order"
    )
    expect(searcher.page.get_by_text(re.compile(r"^Saved .*\.csv: 3 rows\.$"))).to_be_visible()


def test_a_file_that_breaks_off_is_not_saved(browser: Browser, platform: Platform) -> None:
    with visit(browser, platform.api.url) as operator:
        operator.go("/console/payments")
        operator.enter(platform.admin_token)
        operator.page.route("**/operations/payments.csv*", lambda route: route.abort("connectionreset"))
        operator.page.get_by_role("button", name="Export CSV").click()
        expect(operator.page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
        operator.page.unroute_all()
        with operator.page.expect_download():
            operator.page.get_by_role("button", name="Try again").click()


def test_the_search_fits_a_phone(browser: Browser, platform: Platform, merchant: str) -> None:
    with visit(browser, platform.api.url, PHONE, locale="ko-KR", scheme="dark") as operator:
        operator.go(f"/console/payments?merchantId={merchant}&currency=USD&amountFrom=1&from=2020-01-01T00:00:00Z")
        operator.enter(platform.admin_token)
        expect(operator.page.get_by_role("button", name="모두 제거")).to_be_visible()
        expect(operator.page.get_by_text("3건, 최신순")).to_be_visible()
        assert (operator.findings(), operator.overflow()) == ([], 0)
        operator.shoot("console-search-390-dark")
        assert operator.complaints == []
