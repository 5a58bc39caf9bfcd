"""Who may work at the console: each kind of key, what its scopes open, and what happens when it ends."""

import uuid
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, expect

from stack.platform import Api, Platform
from tests.browser.browser import Visit, visit
from tests.browser.console import as_admin, authorize, make_key, make_merchant
from tests.browser.test_shop import buy

pytestmark = pytest.mark.timeout(400)
ENDED_MS = 30_000


@pytest.fixture(scope="module")
def required(platform: Platform) -> Iterator[Api]:
    """A second API of the platform, where each request needs a key."""
    api = Api()
    api.environment = {**platform.api.environment, "APP_AUTH": "required"}
    with api:
        yield api


def refuses(visitor: Visit, text: str, why: str) -> None:
    """Enter something that must not open the console; wait until it says why."""
    visitor.page.get_by_label("Operator's key").fill(text)
    with visitor.page.expect_response("**/api-keys/current"):
        visitor.page.get_by_role("button", name="Open the console").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text(why)


def pages(visitor: Visit) -> list[str]:
    """The names of the pages in the navigation."""
    return visitor.page.get_by_role("navigation", name="Console pages").get_by_role("link").all_inner_texts()


def test_the_login_says_which_keys_it_takes(browser: Browser, platform: Platform, required: Api) -> None:
    merchant = f"L-{uuid.uuid4().hex[:12]}"
    make_merchant(platform, merchant)
    of_merchant, kim = make_key(platform, "checkout", merchantId=merchant), make_key(platform, "kim")
    with visit(browser, required.url) as visitor:
        visitor.go("/console/ledger")
        expect(visitor.page.get_by_text("payops keys create --operator")).to_be_visible()
        refuses(visitor, of_merchant, f"This is a key of merchant {merchant}.")
        assert visitor.findings() == []
        refuses(visitor, kim[:-1] + "_", "API_KEY_INVALID")
        refuses(visitor, platform.admin_token, "API_KEY_INVALID")
        visitor.enter(kim)
        expect(visitor.page.get_by_role("heading", name="Ledger", level=1)).to_be_visible()
        who = visitor.page.get_by_role("group", name="Who is asking")
        expect(who).to_have_text("kim · read, operate, administer")
        assert [said for said in visitor.complaints if "401" not in said] == []


def test_the_admin_token_opens_the_console_where_no_key_is_needed(operator: Visit) -> None:
    who = operator.page.get_by_role("group", name="Who is asking")
    expect(who).to_contain_text("Admin token · read, operate, administer")
    expect(who).to_contain_text("Merchants need no key here: their name is enough.")


def test_only_what_the_scopes_open_is_offered(browser: Browser, platform: Platform) -> None:
    paid = authorize(platform, f"scopes-{uuid.uuid4()}")
    with visit(browser, platform.api.url) as reader:
        reader.go(f"/console/payments/{paid}")
        reader.enter(make_key(platform, "lee", scopes=["read"]))
        expect(reader.page.get_by_role("heading", name=f"Payment {paid}")).to_be_visible()
        expect(reader.page.get_by_role("region", name="Timeline")).to_be_visible()
        expect(reader.page.get_by_role("button", name="Capture …")).to_have_count(0)
        assert len(pages(reader)) == 13
        for page, button in (
            ("Audit", "Check now"),
            ("Circuit breaker", "Disabled"),
            ("Merchants and keys", "New merchant …"),
        ):
            reader.page.get_by_role("link", name=page, exact=True).click()
            expect(reader.page.get_by_role("heading", name=page, level=1)).to_be_visible()
            expect(reader.page.get_by_role("status").filter(has_text="Loading")).to_have_count(0)
            expect(reader.page.get_by_role("button", name=button)).to_have_count(0)
        assert reader.complaints == []
    with visit(browser, platform.api.url) as administrator:
        administrator.go("/console")
        administrator.enter(make_key(platform, "park", scopes=["administer"]))
        expect(administrator.page.get_by_role("button", name="New merchant …")).to_be_visible()
        assert pages(administrator) == ["Merchants and keys"]
        assert administrator.complaints == []  # it asks for nothing that it may not read


def test_a_key_that_ends_leads_back_to_the_login_and_then_to_the_page(browser: Browser, platform: Platform) -> None:
    kim, lee = make_key(platform, "kim"), make_key(platform, "lee")
    with visit(browser, platform.api.url) as visitor:
        visitor.go("/console/audit?state=ALL")
        visitor.enter(kim)
        expect(visitor.page.get_by_role("heading", name="Audit", level=1)).to_be_visible()
        as_admin(platform, f"/api-keys/{kim[10:20]}/revoke", {"reason": "left"})
        said = visitor.page.get_by_text("You have to enter a key again: This API key is not valid")
        expect(said).to_be_visible(timeout=ENDED_MS)
        assert visitor.findings() == []
        visitor.shoot("console-login-again-1280")
        visitor.enter(lee)
        expect(visitor.page.get_by_role("heading", name="Audit", level=1)).to_be_visible()
        assert visitor.page.url.endswith("/console/audit?state=ALL")


def test_the_key_is_kept_nowhere(browser: Browser, platform: Platform) -> None:
    kim = make_key(platform, "kim")
    with visit(browser, platform.api.url) as visitor:
        visitor.go("/console")
        visitor.enter(kim)
        kept = visitor.page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href,"
            " document.documentElement.outerHTML])"
        )
        assert kim.rsplit("_", 1)[1] not in kept
        visitor.page.get_by_role("button", name="Forget the key").click()
        expect(visitor.page.get_by_label("Operator's key")).to_have_value("")


def test_the_shop_sells_where_keys_are_required_and_sends_none(
    browser: Browser, platform: Platform, required: Api
) -> None:
    assert requests.get(f"{required.url}/payments?merchantId=STORE", timeout=6).status_code == 401
    sent: list[tuple[str, dict[str, str], str]] = []
    with visit(browser, required.url) as shopper:
        shopper.page.on(
            "request", lambda request: sent.append((request.url, request.all_headers(), request.post_data or ""))
        )
        bought = buy(shopper, "Reading lamp")
        assert bought >= 1
        assert shopper.complaints == []
    api = [one for one in sent if "/shop/payments" in one[0]]
    assert len(api) >= 3
    for url, headers, body in sent:
        assert {"authorization", "cookie"}.isdisjoint(headers)
        assert not [word for word in ("po_", "merchantId") if word in url + body]
