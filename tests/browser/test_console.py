"""The console: shows that Kafka is stopped, replays a dead letter, moves the breaker, stores nothing."""

import json
import re

import pytest
import requests
from confluent_kafka import Producer
from playwright.sync_api import Browser, expect

from stack.platform import Platform
from tests.browser.browser import NARROW, WIDE, Scheme, Visit, visit
from tests.browser.console import authorize, find, open_page
from tests.browser.test_shop import buy, payment
from tests.servers import until

pytestmark = pytest.mark.timeout(400)
TABS = (
    "Overview",
    "Payments",
    "Ledger",
    "Audit",
    "Dead letters",
    "Outbox",
    "Circuit breaker",
    "Actions",
    "Merchants and keys",
)
BREAKER_MS = 30_000


def expect_state(operator: Visit, state: str) -> None:
    shown = operator.page.get_by_test_id("breaker-state")
    expect(shown).to_have_attribute("data-state", state, timeout=BREAKER_MS)


def test_kafka_stopped_is_seen_and_its_return_too(operator: Visit, platform: Platform) -> None:
    expect_state(operator, "CLOSED")
    platform.kafka.stop()
    try:
        paid = [authorize(platform, f"down-{number}") for number in range(3)]
        expect_state(operator, "OPEN")
        state = operator.page.get_by_role("region", name="State of the platform")
        expect(state.get_by_role("link", name="Breaker: Open")).to_be_visible()
        expect(state.get_by_role("link", name=re.compile(r"^Outbox: oldest waits [\d.]+ s"))).to_be_visible()
        operator.shoot("console-open-1280")
    finally:
        platform.kafka.start()
    paid += [authorize(platform, f"back-{number}") for number in range(4)]  # three calls decide
    expect_state(operator, "CLOSED")
    expect(state.get_by_role("link", name="Outbox empty")).to_be_visible(timeout=BREAKER_MS)
    until(lambda: all(is_posted(platform, payment_id) for payment_id in paid), "all is posted")
    open_page(operator, "Circuit breaker")
    expect(operator.page.get_by_role("region", name="History").get_by_text("Open", exact=True).first).to_be_visible()
    operator.shoot("console-breaker-1280")


def is_posted(platform: Platform, payment_id: int) -> bool:
    events = payment(platform, payment_id)["events"]
    return all(event["postedAt"] for event in events)


def produce(platform: Platform, topic: str, payment_id: int, value: dict[str, object]) -> None:
    producer = Producer({"bootstrap.servers": platform.kafka.bootstrap})
    producer.produce(topic, json.dumps(value), key=str(payment_id))
    assert producer.flush(20) == 0


def confirm(operator: Visit, action: str) -> None:
    operator.page.get_by_role("button", name=action, exact=True).click()
    operator.page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()


def test_a_dead_letter_is_replayed_once_its_event_is_there(operator: Visit, platform: Platform) -> None:
    """A message before its event: the dead letter gets the next event id, the capture the one after it."""
    paid = authorize(platform, "early")
    first = requests.get(f"{platform.api.url}/payments/{paid}?merchantId=STORE", timeout=6).json()["events"][0]
    event = {"eventId": first["eventId"] + 2, "eventType": "PAYMENT_CAPTURED", "paymentId": paid, "merchantId": "STORE"}
    rest = {"amount": 700, "currency": "KRW", "status": "CAPTURED", "occurredAt": first["occurredAt"]}
    produce(platform, "payment.captured", paid, event | rest)
    open_page(operator, "Dead letters")
    operator.page.get_by_role("link", name="Show dead letter").first.click()
    expect(operator.page.get_by_role("cell", name="EventNotFound")).to_be_visible()
    body = {"merchantId": "STORE"}
    assert requests.post(f"{platform.api.url}/payments/capture/{paid}", json=body, timeout=6).status_code == 200
    until(lambda: is_posted(platform, paid), "the capture is posted")
    operator.page.get_by_role("button", name="Replay", exact=True).click()
    expect(operator.page.get_by_role("dialog")).to_contain_text("Send this message to its topic again?")
    assert operator.findings() == []
    operator.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(operator.page.get_by_role("dialog")).to_have_count(0)
    confirm(operator, "Replay")
    expect(operator.page.get_by_text("The message is on its way again.")).to_be_visible()
    letter = operator.page.get_by_role("region", name=re.compile(r"^Dead letter \d+$"))
    expect(letter.locator("dd").first).to_have_text("Resolved", timeout=BREAKER_MS)
    operator.shoot("console-letters-1280")


def test_a_letter_that_fails_again_is_discarded_with_a_reason(operator: Visit, platform: Platform) -> None:
    produce(platform, "payment.captured", 1, {"paymentId": "one", "amount": "much"})
    open_page(operator, "Dead letters")
    operator.page.get_by_label("State", exact=True).select_option("OPEN")
    operator.page.get_by_role("link", name="Show dead letter").first.click()
    letter = operator.page.get_by_role("region", name=re.compile(r"^Dead letter \d+$"))
    expect(letter.locator("dd").last).to_have_text("1")
    operator.page.get_by_label("State", exact=True).select_option("")
    confirm(operator, "Replay")
    expect(letter.locator("dd").last).to_have_text("2", timeout=BREAKER_MS)
    operator.page.get_by_role("button", name="Discard", exact=True).click()
    operator.page.get_by_role("dialog").get_by_role("button", name="Discard", exact=True).click()
    expect(operator.page.get_by_role("dialog")).to_be_visible()  # it asks for a reason
    operator.page.get_by_label("Reason").fill("made by a test")
    operator.shoot("console-dialog-1280")
    operator.page.get_by_role("dialog").get_by_role("button", name="Discard", exact=True).click()
    expect(operator.page.get_by_text("made by a test")).to_be_visible()


def test_the_breaker_moves_by_hand_after_a_question(operator: Visit) -> None:
    open_page(operator, "Circuit breaker")
    operator.page.get_by_role("button", name="Disabled").click()
    operator.page.get_by_label("Reason (optional)").fill("maintenance")
    operator.page.get_by_role("dialog").get_by_role("button", name="Move to: Disabled").click()
    expect(operator.page.get_by_text("The breaker is Disabled.")).to_be_visible()
    expect_state(operator, "DISABLED")
    expect(operator.page.get_by_text("maintenance").first).to_be_visible()
    operator.page.get_by_role("button", name="Half open", exact=True).click()
    operator.page.keyboard.press("Escape")
    expect(operator.page.get_by_role("dialog")).to_have_count(0)
    operator.page.get_by_role("button", name="Closed").click()
    operator.page.get_by_role("dialog").get_by_role("button", name="Move to: Closed").click()
    expect_state(operator, "CLOSED")


def test_a_payment_is_found_with_its_postings_and_the_books_agree(operator: Visit, shopper: Visit) -> None:
    bought = buy(shopper, "Shelf speaker")
    find(operator, str(bought))
    expect(operator.page.get_by_role("heading", name=f"Payment {bought}")).to_be_visible()
    expect(operator.page.get_by_text("Merchant payable")).to_be_visible()
    open_page(operator, "Ledger")
    expect(operator.page.get_by_text("Ledger and payments agree")).to_be_visible()
    expect(operator.page.get_by_role("row", name=re.compile(r"Total KRW"))).to_be_visible()


def test_the_token_is_kept_nowhere(operator: Visit, platform: Platform) -> None:
    kept = operator.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )
    assert platform.admin_token not in kept
    operator.page.reload()
    expect(operator.page.locator("input[type=password]")).to_be_visible()


def test_a_wrong_token_is_refused(browser: Browser, platform: Platform) -> None:
    with visit(browser, platform.api.url) as visitor:
        visitor.go("/console")
        visitor.page.locator("input[type=password]").fill("not-the-token-at-all")
        visitor.page.keyboard.press("Enter")
        expect(visitor.page.get_by_role("alert")).to_contain_text(
            "This is neither an operator's key nor the admin token."
        )


def test_the_drawer_is_worked_by_keyboard(browser: Browser, platform: Platform) -> None:
    with visit(browser, platform.api.url, NARROW) as operator:
        operator.go("/console")
        operator.enter(platform.admin_token)
        menu = operator.page.get_by_role("button", name="Menu")
        drawer = operator.page.get_by_role("dialog", name="Console pages")
        menu.press("Enter")
        expect(drawer.get_by_role("button", name="Close")).to_be_focused()
        expect(menu).to_have_attribute("aria-expanded", "true")
        assert operator.findings() == []
        operator.page.keyboard.press("Escape")
        expect(drawer).to_have_count(0)
        expect(menu).to_be_focused()
        expect(menu).to_have_attribute("aria-expanded", "false")
        menu.press("Enter")
        drawer.get_by_role("link", name="Ledger").press("Enter")
        expect(drawer).to_have_count(0)
        expect(menu).to_be_focused()
        expect(operator.page.get_by_role("heading", name="Ledger", level=1)).to_be_visible()
        operator.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        expect(menu).to_be_hidden()
        assert operator.complaints == []


def test_the_health_of_each_component_is_shown_on_request(operator: Visit) -> None:
    more = operator.page.get_by_role("button", name=re.compile(r"^(All|\d more) up$"))
    more.click()
    state = operator.page.get_by_role("region", name="State of the platform")
    expect(state.get_by_text("The database answers.")).to_be_visible()
    expect(state.get_by_text("A relay is active.")).to_be_visible()
    assert operator.findings() == []
    more.click()
    expect(state.get_by_text("The database answers.")).to_be_hidden()


def test_old_numbers_are_called_old(browser: Browser, platform: Platform) -> None:
    with visit(browser, platform.api.url) as operator:
        operator.go("/console")
        operator.enter(platform.admin_token)
        expect(operator.page.get_by_role("link", name="Breaker: ")).to_be_visible()
        operator.page.route(re.compile(r"/(operations|health)(\?|$)"), lambda route: route.abort())
        expect(operator.page.get_by_text("Not up to date since")).to_be_visible(timeout=BREAKER_MS)
        operator.page.unroute_all()
        expect(operator.page.get_by_text("Not up to date since")).to_have_count(0, timeout=BREAKER_MS)


def test_former_addresses_lead_to_the_pages(operator: Visit, platform: Platform) -> None:
    for former, name in (("findings", "Audit"), ("parked", "Outbox")):
        operator.go(f"/console/{former}")
        operator.enter(platform.admin_token)
        expect(operator.page.get_by_role("heading", name=name, level=1)).to_be_visible()
        assert not operator.page.url.endswith(former)


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_every_view_fits_and_is_accessible(
    browser: Browser, platform: Platform, size: tuple[int, int], scheme: Scheme
) -> None:
    with visit(browser, platform.api.url, size, scheme=scheme) as operator:
        operator.go("/console")
        assert operator.findings() == []
        operator.enter(platform.admin_token)
        for name in TABS:
            open_page(operator, name)
            expect(operator.page.get_by_role("status").filter(has_text="Loading")).to_have_count(0)
            assert (name, operator.findings(), operator.overflow()) == (name, [], 0)
            operator.shoot(f"console-{name.lower().replace(' ', '-')}-{size[0]}-{scheme}")
        assert operator.complaints == []
