"""Shopping: buy, refund a part, click twice, run into the limit, change the language, on wide and narrow screens."""

import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Route, expect

from stack.platform import Platform
from tests.browser.browser import NARROW, WIDE, Scheme, Visit, visit

pytestmark = pytest.mark.timeout(400)


def choose(shopper: Visit, name: str) -> None:
    shopper.go("/")
    shopper.page.get_by_role("button", name=name).click()


def buy(shopper: Visit, name: str = "iPhone") -> int:
    """Buy, and wait until all is posted; returns the payment's id."""
    choose(shopper, name)
    shopper.page.get_by_role("button", name="Buy now").click()
    shopper.page.wait_for_url(re.compile(r"/orders/\d+$"))
    expect(shopper.page.get_by_text(re.compile(r"^Posted after"))).to_have_count(2)
    return int(shopper.page.url.rsplit("/", 1)[1])


def refund_half(shopper: Visit) -> None:
    """Refund half of the shown payment, and wait until it is posted."""
    shopper.page.get_by_role("button", name="Half").click()
    shopper.page.get_by_role("button", name="Refund ₩895,000", exact=True).click()
    expect(shopper.page.get_by_text("Partially refunded")).to_be_visible()
    expect(shopper.page.get_by_text(re.compile(r"^Posted after"))).to_have_count(3)


def payment(platform: Platform, payment_id: int) -> dict[str, Any]:
    return dict(requests.get(f"{platform.api.url}/payments/{payment_id}?merchantId=STORE", timeout=6).json())


def payments(platform: Platform) -> list[dict[str, object]]:
    return list(requests.get(f"{platform.api.url}/payments?merchantId=STORE&limit=200", timeout=6).json()["items"])


def test_a_phone_is_bought_and_half_of_it_refunded(shopper: Visit, platform: Platform) -> None:
    bought = buy(shopper)
    expect(shopper.page.get_by_text("Merchant payable")).to_have_count(1)
    refund_half(shopper)
    assert payment(platform, bought)["refundedAmount"] == 895_000
    assert shopper.findings() == []
    shopper.shoot("order-1280")


def test_dollars_are_authorized_and_captured_in_parts(shopper: Visit, platform: Platform) -> None:
    shopper.go("/")
    shopper.page.get_by_role("button", name="USD").click()
    shopper.page.get_by_role("button", name="Galaxy S26").click()
    shopper.page.get_by_role("button", name="One more").click()
    expect(shopper.page.get_by_text("$2,599.98")).to_be_visible()
    shopper.page.get_by_role("button", name="Authorize only").click()
    shopper.page.get_by_label("Capture (USD)").fill("0.29")
    shopper.page.get_by_role("button", name="Capture $0.29", exact=True).click()
    expect(shopper.page.get_by_text("Partially captured")).to_be_visible()
    found = payment(platform, int(shopper.page.url.rsplit("/", 1)[1]))
    assert (found["amount"], found["capturedAmount"], found["currency"]) == (259_998, 29, "USD")
    shopper.page.get_by_label("Capture (USD)").fill("0.295")
    expect(shopper.page.get_by_role("alert")).to_contain_text("At most 2 decimals. Enter up to $2,599.69.")
    shopper.page.get_by_label("Capture (USD)").fill("12,50")
    expect(shopper.page.get_by_role("alert")).to_contain_text("decimals come after a point, as in 12.50")
    expect(shopper.page.get_by_role("button", name="Capture", exact=True)).to_be_disabled()
    shopper.page.get_by_label("Capture (USD)").fill("9,999.99")
    expect(shopper.page.get_by_role("alert")).to_contain_text("Enter an amount of up to $2,599.69")
    shopper.page.get_by_role("button", name="Void the rest").click()
    expect(shopper.page.get_by_text("Released", exact=True).last).to_be_visible()
    expect(shopper.page.get_by_role("button", name="Void the rest")).to_have_count(0)
    assert payment(platform, int(shopper.page.url.rsplit("/", 1)[1]))["releasedAmount"] == 259_969


def test_a_double_click_and_a_repeated_order_pay_once(shopper: Visit, platform: Platform) -> None:
    before = len(payments(platform))
    choose(shopper, "Pixel")
    key = shopper.page.get_by_test_id("key").inner_text()
    shopper.page.get_by_role("button", name="Buy now").dblclick()
    shopper.page.wait_for_url(re.compile(r"/orders/\d+$"))
    shopper.page.get_by_role("button", name="Send the same order again").click()
    expect(shopper.page.get_by_text("The same answer as before")).to_be_visible()
    expect(shopper.page.get_by_text(key)).to_be_visible()
    assert len(payments(platform)) == before + 1


def lose(route: Route) -> None:
    """The request reaches the API, but its answer is lost."""
    route.fetch()
    route.abort()


def lose_answer(shopper: Visit, path: str, button: str) -> None:
    """Click; the page must say that it has no answer."""
    shopper.page.route(path, lose)
    shopper.page.get_by_role("button", name=button, exact=True).click()
    expect(shopper.page.get_by_role("alert")).to_contain_text("NETWORK")
    shopper.page.unroute(path)


def test_a_lost_answer_is_asked_for_again_with_the_same_key(shopper: Visit, platform: Platform) -> None:
    before = len(payments(platform))
    choose(shopper, "gram")
    lose_answer(shopper, "**/payments/authorize", "Authorize only")
    shopper.page.get_by_role("button", name="Try again").click()
    shopper.page.wait_for_url(re.compile(r"/orders/\d+$"))
    assert len(payments(platform)) == before + 1
    shopper.complaints.clear()  # the browser reported the lost answer


def test_what_is_undecided_is_sent_again_after_a_reload_and_done_once(shopper: Visit, platform: Platform) -> None:
    before = len(payments(platform))
    choose(shopper, "Pixel")
    lose_answer(shopper, "**/payments/authorize", "Buy now")
    shopper.page.reload()
    expect(shopper.page.get_by_text("It is not known whether this order was paid.")).to_be_visible()
    expect(shopper.page.get_by_role("button", name="Buy now")).to_have_count(0)
    shopper.shoot("undecided-1280")
    assert shopper.findings() == []
    shopper.page.get_by_role("button", name="Try again").click()
    shopper.page.wait_for_url(re.compile(r"/orders/\d+$"))
    assert len(payments(platform)) == before + 1

    number = int(shopper.page.url.rsplit("/", 1)[1])
    shopper.page.get_by_label("Refund (KRW)").fill("1,000")
    lose_answer(shopper, "**/payments/refund/*", "Refund ₩1,000")
    shopper.page.reload()
    expect(shopper.page.get_by_text("Refund ₩1,000: it is not known")).to_be_visible()
    shopper.page.get_by_role("button", name="Try again").click()
    expect(shopper.page.get_by_text("Refunded: ₩1,000")).to_be_visible()
    assert payment(platform, number)["refundedAmount"] == 1000
    shopper.complaints.clear()  # the browser reported the lost answers


def test_the_rate_limit_counts_down_and_lets_go(shopper: Visit, platform: Platform) -> None:
    url, one = f"{platform.api.url}/payments/refund/{buy(shopper)}", {"merchantId": "STORE", "amount": 1}
    refund = shopper.page.get_by_role("button", name=re.compile("^Refund ₩"))
    limited = shopper.page.get_by_text("RATE_LIMIT_EXCEEDED")
    for amount in range(1, 9):
        while requests.post(url, json=one, timeout=6).ok:  # clicks may be too slow for the limit
            continue
        shopper.page.get_by_label("Refund (KRW)").fill(str(amount))
        refund.click()
        done = shopper.page.get_by_text(re.compile(rf"^Refunded: ₩{amount}$"))
        expect(limited.or_(done).first).to_be_visible()
        if limited.count():
            break
    again = shopper.page.get_by_role("button", name=re.compile(r"Try again"))
    expect(again).to_be_disabled()
    expect(again).to_have_text(re.compile(r"Try again in [1-6] s"))
    shopper.shoot("rate-limit-1280")
    expect(again).to_be_enabled(timeout=8000)
    again.click()
    expect(limited).to_have_count(0)
    shopper.complaints.clear()  # the browser reported the 429


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")])
def test_the_shop_fits_and_reads_in_two_languages(
    browser: Browser, platform: Platform, size: tuple[int, int], scheme: Scheme
) -> None:
    with visit(browser, platform.api.url, size, scheme=scheme, locale="ko-KR") as shopper:
        shopper.go("/")
        shopper.page.get_by_role("button", name="iPhone").click()
        order = shopper.page.get_by_role("complementary")  # on a narrow screen there is a bar with this button, too
        expect(order.get_by_role("button", name="바로 구매")).to_be_visible()
        assert shopper.page.locator("html").get_attribute("lang") == "ko"
        assert (shopper.findings(), shopper.overflow()) == ([], 0)
        shopper.shoot(f"shop-ko-{size[0]}-{scheme}")
        shopper.page.get_by_label("언어").select_option("en")
        expect(order.get_by_role("button", name="Buy now")).to_be_visible()
        shopper.page.reload()
        expect(shopper.page.get_by_role("heading", name="Things worth paying for")).to_be_visible()
        shopper.page.get_by_role("button", name="iPhone").click()
        shopper.shoot(f"shop-en-{size[0]}-{scheme}")
        assert shopper.complaints == []


def test_it_can_be_bought_by_keyboard(shopper: Visit) -> None:
    shopper.go("/")
    shopper.page.get_by_role("button", name="Reading lamp").focus()
    shopper.page.keyboard.press("Enter")
    for _ in range(4):  # past the quantity to the first button that pays
        shopper.page.keyboard.press("Tab")
        if shopper.page.evaluate("document.activeElement.textContent") == "Buy now":
            break
    shopper.page.keyboard.press("Enter")
    shopper.page.wait_for_url(re.compile(r"/orders/\d+$"))
