"""One payment in the console: what is stored about it, and captures, refunds and voids by an operator."""

import json
import re
import uuid
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Request, Route, expect

from stack.platform import Platform
from tests.browser.browser import Visit, visit
from tests.browser.console import authorize

pytestmark = pytest.mark.timeout(400)
PHONE = (390, 844)
POSTED_MS = 30_000


@pytest.fixture
def paid(platform: Platform) -> int:
    """A payment of 10,000 won of a merchant that nobody else uses."""
    return authorize(platform, f"desk-{uuid.uuid4()}", f"D-{uuid.uuid4().hex[:12]}", 10_000)


@pytest.fixture
def desk(browser: Browser, platform: Platform, paid: int) -> Iterator[Visit]:
    """An operator on the page of this payment; fails if the browser reports an error."""
    with visit(browser, platform.api.url) as visitor:
        visitor.go(f"/console/payments/{paid}")
        visitor.enter(platform.admin_token)
        expect(visitor.page.get_by_role("heading", name=f"Payment {paid}")).to_be_visible()
        yield visitor
        assert visitor.complaints == []


def stored(platform: Platform, payment_id: int) -> dict[str, object]:
    header = {"Authorization": f"Bearer {platform.admin_token}"}
    answer = requests.get(f"{platform.api.url}/operations/payments/{payment_id}", headers=header, timeout=6)
    assert answer.status_code == 200
    return dict(answer.json())


def key_of(request: Request) -> str:
    return str(json.loads(request.post_data or "{}")["idempotencyKey"])


def change(desk: Visit, name: str, amount: str | None, reason: str) -> None:
    """Open the dialog of a change, and confirm it."""
    desk.page.get_by_role("button", name=f"{name} …", exact=True).click()
    dialog = desk.page.get_by_role("dialog")
    if amount is not None:
        dialog.get_by_label(f"Amount to {name.lower()} (KRW)").fill(amount)
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=re.compile(rf"^{name} ₩")).click()


def test_a_part_is_captured_a_part_refunded_and_the_rest_voided(desk: Visit, platform: Platform, paid: int) -> None:
    page = desk.page
    expect(page.get_by_text("up to ₩10,000")).to_be_visible()
    change(desk, "Capture", "6,000", "the merchant asked by telephone")
    expect(page.get_by_text("Captured ₩6,000.")).to_be_visible()
    expect(page.get_by_role("button", name="Capture …")).to_be_focused()
    change(desk, "Refund", "2000", "damaged")
    expect(page.get_by_text("Refunded ₩2,000.")).to_be_visible()
    change(desk, "Void", None, "the rest is not wanted")
    expect(page.get_by_text("Voided ₩4,000.")).to_be_visible()
    expect(page.get_by_text("All posted")).to_be_visible(timeout=POSTED_MS)
    expect(page.get_by_role("list", name="Timeline").get_by_role("heading")).to_have_text(
        ["Authorized", "Captured", "Refunded", "Voided"]
    )
    actions = page.get_by_role("list", name="Operators' actions")
    expect(actions.get_by_text("damaged")).to_be_visible()
    expect(page.get_by_text("up to ₩4,000")).to_be_visible()  # what can still be refunded
    assert {name: stored(platform, paid)[name] for name in ("capturedAmount", "refundedAmount", "releasedAmount")} == {
        "capturedAmount": 6_000,
        "refundedAmount": 2_000,
        "releasedAmount": 4_000,
    }
    assert desk.findings() == []
    desk.shoot("console-payment-1280")


def test_a_change_asks_for_amount_reason_and_confirmation(desk: Visit, platform: Platform, paid: int) -> None:
    page = desk.page
    page.get_by_role("button", name="Capture …").click()
    dialog = page.get_by_role("dialog")
    merchant = str(stored(platform, paid)["merchantId"])
    expect(dialog).to_contain_text(f"₩10,000 is captured for {merchant}.")
    amount = dialog.get_by_label("Amount to capture (KRW)")
    amount.fill("10001")
    expect(dialog.get_by_role("button", name="Capture …")).to_be_disabled()
    amount.fill("1")
    expect(dialog).to_contain_text(f"₩1 is captured for {merchant}.")
    dialog.get_by_role("button", name="Capture ₩1").click()  # without a reason: the browser asks for it
    expect(dialog).to_be_visible()
    assert desk.findings() == []
    desk.shoot("console-change-1280")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Capture …")).to_be_focused()
    assert stored(platform, paid)["capturedAmount"] == 0


def test_a_lost_answer_is_tried_again_and_done_once(browser: Browser, platform: Platform, paid: int) -> None:
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(key_of(route.request))
        route.fetch()  # it is done
        route.abort("connectionreset")

    with visit(browser, platform.api.url) as desk:
        desk.go(f"/console/payments/{paid}")
        desk.enter(platform.admin_token)
        desk.page.route("**/capture", lose)
        change(desk, "Capture", "3000", "once")
        dialog = desk.page.get_by_role("dialog")
        expect(dialog.get_by_role("alert")).to_contain_text("The server cannot be reached.")
        expect(dialog.get_by_label("Amount to capture (KRW)")).to_be_disabled()
        desk.page.unroute_all()
        with desk.page.expect_request("**/capture") as second:
            dialog.get_by_role("button", name="Try again").click()
        expect(desk.page.get_by_text("Captured ₩3,000.")).to_be_visible()
        assert [key_of(second.value)] == keys
        assert stored(platform, paid)["capturedAmount"] == 3_000


def test_an_unknown_outcome_is_shown_after_the_dialog_is_closed(
    browser: Browser, platform: Platform, paid: int
) -> None:
    with visit(browser, platform.api.url) as desk:
        desk.go(f"/console/payments/{paid}")
        desk.enter(platform.admin_token)
        desk.page.route("**/capture", lambda route: route.abort("connectionreset"))
        change(desk, "Capture", "3000", "once")
        expect(desk.page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
        desk.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        said = "Capture ₩3,000: it is not known whether this was done. Try again; it is done once."
        expect(desk.page.get_by_text(said)).to_be_visible()
        desk.page.reload()
        desk.enter(platform.admin_token)
        expect(desk.page.get_by_text(said)).to_be_visible()
        desk.page.unroute_all()
        desk.page.get_by_role("button", name="Try again").click()
        expect(desk.page.get_by_text("Captured ₩3,000.")).to_be_visible()


def test_a_refused_change_says_why_and_can_be_changed(browser: Browser, platform: Platform, paid: int) -> None:
    with visit(browser, platform.api.url) as desk:
        desk.go(f"/console/payments/{paid}")
        desk.enter(platform.admin_token)
        desk.page.get_by_role("button", name="Capture …").click()
        dialog = desk.page.get_by_role("dialog")
        dialog.get_by_label("Reason").fill("too much by now")
        body = {"merchantId": stored(platform, paid)["merchantId"], "amount": 9_000}
        requests.post(f"{platform.api.url}/payments/capture/{paid}", json=body, timeout=6)
        dialog.get_by_role("button", name="Capture ₩10,000").click()
        expect(dialog.get_by_role("alert")).to_contain_text("CAPTURE_CONFLICT")
        dialog.get_by_label("Amount to capture (KRW)").fill("1000")
        dialog.get_by_role("button", name="Capture ₩1,000").click()
        expect(desk.page.get_by_text("Captured ₩1,000.")).to_be_visible()


def test_ids_are_copied_and_answers_unfolded(desk: Visit, platform: Platform, paid: int) -> None:
    page = desk.page
    trace = str(stored(platform, paid)["events"][0]["traceId"])  # type: ignore[index]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=f"Copy Trace {trace}").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == trace
    page.get_by_text("Authorize, HTTP 200").click()
    expect(page.get_by_text(f'"paymentId": {paid},')).to_be_visible()


@pytest.mark.parametrize("wrong", ["999999999", "0"])
def test_a_payment_that_is_not_there_leads_back(browser: Browser, platform: Platform, wrong: str) -> None:
    with visit(browser, platform.api.url) as desk:
        desk.go("/console")
        desk.enter(platform.admin_token)
        desk.page.evaluate(
            f"history.pushState(null, '', '/console/payments/{wrong}'); dispatchEvent(new PopStateEvent('popstate'))"
        )
        expect(desk.page.get_by_role("heading", name=f"There is no payment {wrong}")).to_be_visible()
        assert desk.findings() == []
        desk.page.get_by_role("link", name="Back to the search").click()
        expect(desk.page.get_by_role("heading", name="Payments", level=1)).to_be_visible()


def test_a_payment_fits_a_phone(browser: Browser, platform: Platform, paid: int) -> None:
    with visit(browser, platform.api.url, PHONE, locale="ko-KR", scheme="dark") as desk:
        desk.go(f"/console/payments/{paid}")
        desk.enter(platform.admin_token)
        expect(desk.page.get_by_text("모두 기장됨")).to_be_visible(timeout=POSTED_MS)
        assert (desk.findings(), desk.overflow()) == ([], 0)
        desk.shoot("console-payment-390-dark")
        desk.page.get_by_role("button", name="승인 취소 …").click()
        assert (desk.findings(), desk.overflow()) == ([], 0)
        assert desk.complaints == []
