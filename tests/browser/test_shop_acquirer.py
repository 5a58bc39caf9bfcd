"""Paying by card at an acquirer: approved, declined, decided late, and an acquirer that is away."""

import json
import re

import pytest
from playwright.sync_api import Browser, Request, expect

from stack.platform import Platform
from tests.browser import acquirer
from tests.browser.browser import Visit, visit
from tests.browser.test_shop import choose, payment

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("connected", "healthy")]
PHONE = (360, 780)
LATE_SECONDS = 600
ENDS_MS = 90_000
"""For what housekeeping finds out; it asks 2 s, 10 s and 30 s after the call."""
NUMBERS = re.compile(r"4242424242424242|40000000000\d{5}")


def order(shopper: Visit) -> int:
    shopper.page.wait_for_url(re.compile(r"/orders/\d+$"))
    return int(shopper.page.url.rsplit("/", 1)[1])


def pay(shopper: Visit, card: str = "approved", name: str = "iPhone") -> None:
    choose(shopper, name)
    shopper.page.get_by_label("Test card").select_option(card)
    shopper.page.get_by_role("button", name="Buy now").click()


def test_an_approved_card_pays_and_its_number_reaches_the_acquirer_alone(shopper: Visit, platform: Platform) -> None:
    sent: list[tuple[str, str]] = []

    def note(request: Request) -> None:
        sent.append((request.url, request.post_data or ""))

    shopper.page.on("request", note)
    pay(shopper)
    bought = order(shopper)
    expect(shopper.page.get_by_text(re.compile(r"^Posted after"))).to_have_count(2)
    steps = shopper.page.get_by_role("list", name="At the acquirer")
    expect(steps.get_by_text("Approved", exact=True)).to_have_count(2)
    assert payment(platform, bought)["status"] == "CAPTURED"
    assert (shopper.findings(), shopper.overflow()) == ([], 0)
    shopper.shoot("order-acquirer-1280")
    with_number = {url for url, body in sent if NUMBERS.search(body)}
    assert platform.acquirer is not None
    assert with_number == {f"{platform.acquirer.access.url}/v1/tokens"}
    assert not NUMBERS.search(shopper.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])"))


@pytest.mark.parametrize(
    ("card", "reason"),
    [("declined", "The card was declined."), ("insufficientFunds", "The card has insufficient funds.")],
)
def test_a_declined_card_is_told_with_its_reason_and_another_one_pays(
    browser: Browser, platform: Platform, card: str, reason: str
) -> None:
    with visit(browser, platform.api.url) as shopper:
        pay(shopper, card)
        expect(shopper.page.get_by_role("alert")).to_contain_text(reason)
        assert shopper.findings() == []
        shopper.shoot(f"shop-{card}-1280")
        shopper.page.get_by_label("Test card").select_option("approved")
        shopper.page.get_by_role("button", name="Buy now").click()
        assert payment(platform, order(shopper))["status"] in ("AUTHORIZED", "CAPTURED")


def test_a_late_decision_arrives_by_itself_also_after_a_reload(shopper: Visit, platform: Platform) -> None:
    before = acquirer.authorizations(platform)
    acquirer.fail(platform, fault="late_success", kinds=["authorization"], seconds=LATE_SECONDS)
    pay(shopper)
    bought = order(shopper)
    for _ in range(2):
        expect(shopper.page.get_by_text("The acquirer has not decided yet")).to_be_visible()
        expect(shopper.page.get_by_role("button", name="Capture")).to_have_count(0)
        shopper.page.reload()
    assert payment(platform, bought)["status"] == "PROCESSING"
    assert (shopper.findings(), shopper.overflow()) == ([], 0)
    shopper.shoot("order-processing-1280")
    acquirer.control(platform, "PUT", "clock", {"advance": LATE_SECONDS})
    expect(shopper.page.get_by_text("Captured", exact=True).first).to_be_visible(timeout=ENDS_MS)
    expect(shopper.page.get_by_text(re.compile(r"^Posted after"))).to_have_count(2, timeout=ENDS_MS)
    found = payment(platform, bought)
    assert (found["status"], found["capturedAmount"]) == ("CAPTURED", 1_790_000)
    assert acquirer.authorizations(platform) == before + 1


def test_a_late_refusal_says_that_nothing_was_charged(browser: Browser, platform: Platform) -> None:
    acquirer.fail(platform, fault="late_success", kinds=["authorization"], seconds=LATE_SECONDS)
    with visit(browser, platform.api.url, PHONE, locale="ko-KR", scheme="dark") as shopper:
        choose(shopper, "iPhone")
        shopper.page.get_by_label("테스트 카드").select_option("expired")
        shopper.shoot("shop-card-360-ko")
        shopper.page.get_by_role("complementary").get_by_role("button", name="바로 구매").click()
        order(shopper)
        expect(shopper.page.get_by_text("매입사가 아직 결정하지 않았습니다")).to_be_visible()
        shopper.shoot("order-processing-360-ko")
        acquirer.control(platform, "PUT", "clock", {"advance": LATE_SECONDS})
        declined = shopper.page.get_by_role("alert")
        expect(declined).to_contain_text("카드 유효기간이 지났습니다.", timeout=ENDS_MS)
        expect(declined).to_contain_text("청구된 금액은 없습니다.")
        assert (shopper.findings(), shopper.overflow()) == ([], 0)
        shopper.shoot("order-declined-360-ko")


def test_an_acquirer_that_is_away_charges_nothing_and_the_same_order_pays_later(
    browser: Browser, platform: Platform
) -> None:
    assert platform.acquirer is not None
    with visit(browser, platform.api.url) as shopper:
        keys: list[str] = []

        def note_key(sent: Request) -> None:
            if "/authorize" in sent.url:
                keys.append(json.loads(sent.post_data or "{}")["idempotencyKey"])

        shopper.page.on("request", note_key)
        shopper.page.route(
            "**/v1/tokens",
            lambda route: route.fulfill(
                status=201, json={"token": "tok_approved"}, headers={"Access-Control-Allow-Origin": "*"}
            ),
        )
        platform.acquirer.stop()
        try:
            pay(shopper)
            expect(shopper.page.get_by_text("This order is not paid.")).to_be_visible()
            assert shopper.findings() == []
            shopper.shoot("shop-unavailable-1280")
        finally:
            platform.acquirer.start()
        shopper.page.get_by_role("button", name="Try again").click()
        bought = order(shopper)
        expect(shopper.page.get_by_text("Captured", exact=True).first).to_be_visible()
        assert payment(platform, bought)["capturedAmount"] == 1_790_000
        assert len(set(keys)) == 1


def test_a_card_that_cannot_get_a_token_is_not_sent(browser: Browser, platform: Platform) -> None:
    before = acquirer.authorizations(platform)
    with visit(browser, platform.api.url) as shopper:
        shopper.page.route("**/v1/tokens", lambda route: route.abort())
        pay(shopper)
        expect(shopper.page.get_by_role("alert")).to_contain_text("Your browser could not reach the acquirer")
        shopper.page.unroute_all()
        shopper.page.get_by_role("button", name="Buy now").dblclick()
        order(shopper)
    assert acquirer.authorizations(platform) == before + 1
