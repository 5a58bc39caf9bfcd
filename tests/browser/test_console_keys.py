"""Merchants and keys in the console: made, shown once, used, rotated, revoked; a suspended merchant is refused."""

import re
import subprocess
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from stack.platform import Platform
from tests.browser.browser import Visit, visit
from tests.browser.console import make_key, make_merchant
from tests.servers import until

pytestmark = pytest.mark.timeout(400)
PHONE = (390, 844)
KEY = re.compile(r"po_(test|oper)_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}")


@pytest.fixture
def merchant(platform: Platform) -> str:
    """A merchant that no other test uses."""
    made = f"K-{uuid.uuid4().hex[:12]}"
    make_merchant(platform, made)
    return made


@pytest.fixture
def keys(browser: Browser, platform: Platform, merchant: str) -> Iterator[Visit]:
    """An operator with the admin token on the page of this merchant's keys; fails if the browser reports an error."""
    with visit(browser, platform.api.url) as visitor:
        visitor.go(f"/console/keys?merchantId={merchant}")
        visitor.enter(platform.admin_token)
        yield visitor
        assert visitor.complaints == []


def shown_once(keys: Visit) -> str:
    """The text of the key that was just made; closes its dialog."""
    text = keys.page.get_by_test_id("new-key").inner_text()
    assert KEY.fullmatch(text)
    keys.page.get_by_role("button", name="Done, I have it").click()
    expect(keys.page.get_by_test_id("new-key")).to_have_count(0)
    return text


def pay(platform: Platform, key: str, idempotency_key: str) -> tuple[int, str]:
    """Authorize by curl with the key, as docs/keys.md does; returns (status, body)."""
    header = f'header = "Authorization: Bearer {key}"\n'
    body = f'{{"amount":10000,"currency":"KRW","idempotencyKey":"{idempotency_key}"}}'
    command = ["curl", "-sS", "-K", "-", "-w", "\n%{http_code}", "-H", "Content-Type: application/json", "-d", body]
    url = f"{platform.api.url}/payments/authorize"
    done = subprocess.run([*command, url], input=header, capture_output=True, text=True, check=True)
    answer, _, status = done.stdout.rpartition("\n")
    return int(status), answer


def remembered(keys: Visit) -> str:
    """All that the browser has of the page, but its memory."""
    return str(
        keys.page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state,"
            " document.documentElement.outerHTML])"
        )
    )


def test_a_key_is_made_copied_used_rotated_and_revoked(keys: Visit, platform: Platform, merchant: str) -> None:
    page = keys.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.get_by_role("button", name="New key …").click()
    page.get_by_label("Name").fill("checkout")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("new-key")).to_be_visible()
    assert (keys.findings(), keys.overflow()) == ([], 0)
    for _ in range(3):
        page.keyboard.press("Escape")  # it would be lost
    page.get_by_role("button", name="Copy the key").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    first = shown_once(keys)
    assert copied == first
    secret = first.rsplit("_", 1)[1]
    assert secret not in remembered(keys)
    assert not any(secret in url for url in requested)
    status, answer = pay(platform, first, "a-first")
    assert (status, f'"merchantId":"{merchant}"' in answer) == (200, True)

    page.get_by_role("button", name="Rotate … checkout").click()
    page.get_by_label("Overlap").select_option("an hour")
    page.get_by_role("dialog").get_by_role("button", name="Rotate", exact=True).click()
    second = shown_once(keys)
    expect(page.get_by_role("link", name=re.compile("^Replaced by "))).to_be_visible()
    assert [pay(platform, key, f"a-{number}")[0] for number, key in enumerate((first, second))] == [200, 200]

    old = first[10:20]
    page.get_by_role("button", name=f"Revoke … checkout {old}").click()
    page.get_by_label("Reason").fill("replaced")
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text(f"Key {old} is revoked.")).to_be_visible()
    until(lambda: pay(platform, first, "a-gone")[0] == 401, "the revoked key opens nothing")
    assert pay(platform, second, "a-goes-on")[0] == 200
    keys.shoot("console-keys-1280")


def test_a_key_is_copied_where_there_is_no_clipboard(browser: Browser, platform: Platform, merchant: str) -> None:
    """As on plain http:// pages of other machines; the dialog lets nothing outside of it be selected."""
    with visit(browser, platform.api.url) as keys:
        keys.page.context.grant_permissions(["clipboard-read"])
        keys.page.add_init_script(
            "window.pasted = () => navigator.clipboard.readText();"
            "Clipboard.prototype.writeText = () => Promise.reject(new Error('not here'));"
        )
        keys.go(f"/console/keys?merchantId={merchant}")
        keys.enter(platform.admin_token)
        keys.page.get_by_role("button", name="New key …").click()
        keys.page.get_by_label("Name").fill("checkout")
        keys.page.get_by_role("button", name="Create key").click()
        keys.page.get_by_role("button", name="Copy the key").click()
        expect(keys.page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
        copied = keys.page.evaluate("window.pasted()")
        assert copied == shown_once(keys)


def test_a_suspended_merchant_is_refused_until_it_is_active_again(
    keys: Visit, platform: Platform, merchant: str
) -> None:
    page, key = keys.page, make_key(platform, "checkout", merchantId=merchant)
    assert pay(platform, key, "s-1")[0] == 200
    page.get_by_role("button", name="Suspend …").click()
    page.get_by_label("Reason").fill("fraud")
    page.get_by_role("dialog").get_by_role("button", name="Suspend", exact=True).click()
    expect(page.get_by_text(f"Merchant {merchant} is suspended.")).to_be_visible()
    until(lambda: pay(platform, key, "s-2")[0] == 403, "payments are refused")
    assert '"MERCHANT_SUSPENDED"' in pay(platform, key, "s-2")[1]
    page.get_by_role("button", name="Activate …").click()
    page.get_by_label("Reason").fill("cleared")
    page.get_by_role("dialog").get_by_role("button", name="Activate", exact=True).click()
    expect(page.get_by_text(f"Merchant {merchant} is active.")).to_be_visible()
    until(lambda: pay(platform, key, "s-3")[0] == 200, "payments go on")
    page.get_by_role("link", name="Actions", exact=True).click()
    page.get_by_role("row", name="fraud").get_by_role("link", name=f"merchant {merchant}").click()
    expect(page.get_by_role("heading", name=f"Keys of {merchant}")).to_be_visible()


def test_a_merchant_is_made_and_a_whole_key_is_found_by_its_id(browser: Browser, platform: Platform) -> None:
    made = f"N-{uuid.uuid4().hex[:12]}"
    with visit(browser, platform.api.url, PHONE, locale="ko-KR", scheme="dark") as keys:
        page = keys.page
        keys.go("/console/keys")
        assert keys.findings() == []
        keys.enter(platform.admin_token)
        page.get_by_role("button", name="새 가맹점 …").click()
        page.get_by_label("ID", exact=True).fill(made)
        page.get_by_label("이름").fill("동네 책방")
        assert (keys.findings(), keys.overflow()) == ([], 0)
        page.get_by_role("button", name="가맹점 만들기").click()
        page.get_by_role("link", name=f"{made}의 키").click()
        expect(page.get_by_role("heading", name=f"가맹점 {made}")).to_be_visible()
        key = make_key(platform, "checkout", merchantId=made, allowedNetworks=["10.0.0.0/8", "2001:db8::/32"])
        page.keyboard.press("/")
        page.keyboard.type(key)
        page.keyboard.press("Enter")
        expect(page.get_by_role("list", name=f"키 {key[10:20]}").get_by_role("link", name=made)).to_be_visible()
        assert page.url.endswith(f"/console/keys?q={key[10:20]}")
        assert (keys.findings(), keys.overflow()) == ([], 0)
        keys.shoot("console-keys-390-dark")
        assert keys.complaints == []
