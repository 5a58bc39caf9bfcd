"""The shop as the gate serves it: a browser buys, refunds and opens the console, and has nothing to complain of.

Its complaints include what the Content-Security-Policy forbids. Pictures are kept in .state/vm-test.
"""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.browser.browser import Visit, chromium, visit
from tests.browser.pinning import pin_of
from tests.browser.test_shop import buy, refund_half
from tests.vm.machines import ROOT
from tests.vm.platform import Front

PICTURES: Final = ROOT / ".state/vm-test"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def visitor(front: Front) -> Iterator[Visit]:
    with chromium(pin_of(front.url, front.ca)) as browser, visit(browser, front.url) as visitor:
        visitor.shots = PICTURES
        yield visitor


def test_a_phone_is_bought_and_half_of_it_refunded(visitor: Visit, front: Front) -> None:
    bought = front.sale(buy(visitor))
    refund_half(visitor)
    visitor.shoot("shop-order")
    refunded = front.sale(bought["paymentId"])
    assert (refunded["status"], refunded["refundedAmount"]) == ("PARTIALLY_REFUNDED", bought["amount"] // 2)
    assert visitor.complaints == []


def test_the_console_opens_with_the_operators_key(visitor: Visit, front: Front) -> None:
    visitor.go("/console")
    visitor.enter(front.operator)
    expect(visitor.page.get_by_test_id("breaker-state")).to_have_attribute("data-state", "CLOSED")
    visitor.shoot("console")
    assert visitor.complaints == []


def test_what_the_policy_forbids_is_a_complaint(visitor: Visit, front: Front) -> None:
    with front.session() as session:
        page = session.get(front.url, timeout=10)
    assert "script-src" in page.headers["Content-Security-Policy"]
    visitor.go("/")
    visitor.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'void 0'}))")
    visitor.page.wait_for_function("document.scripts.length > 0")
    assert any("Content Security Policy" in said for said in visitor.complaints), visitor.complaints
