"""The console's page about the acquirer: its state, operations by state, asking again, a decision by two operators."""

import re
import uuid

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select, update

from payments.platform.database import create_engine
from payments.platform.tables.acquirer import acquirer_operation
from stack.platform import Platform
from tests.browser import acquirer
from tests.browser.browser import Visit, visit
from tests.browser.console import make_key, make_merchant
from tests.browser.test_shop_acquirer import order, pay

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("connected", "healthy")]
PHONE = (360, 780)
LATE_SECONDS = 600


@pytest.fixture
def given_up(browser: Browser, platform: Platform) -> tuple[int, int]:
    """A payment and its authorization, which the acquirer does not decide and which is left to operators."""
    acquirer.fail(platform, fault="late_success", kinds=["authorization"], seconds=LATE_SECONDS)
    with visit(browser, platform.api.url) as shopper:
        pay(shopper)
        paid = order(shopper)
    engine = create_engine(platform.database_url)
    of_payment = acquirer_operation.c.payment_id == paid
    with engine.begin() as connection:
        connection.execute(update(acquirer_operation).where(of_payment).values(state="MANUAL", next_enquiry_at=None))
        operation = connection.execute(select(acquirer_operation.c.operation_id).where(of_payment)).scalar_one()
    engine.dispose()
    return paid, int(operation)


def decide(visitor: Visit, outcome: str, action: str) -> None:
    visitor.page.get_by_role("button", name="Decide by evidence …").click()
    dialog = visitor.page.get_by_role("dialog")
    dialog.get_by_label("Outcome").select_option(outcome)
    dialog.get_by_label("Reason").fill("in the settlement file of today")
    assert visitor.findings() == []
    dialog.get_by_role("button", name=action).click()


def test_two_operators_decide_what_the_acquirer_does_not(
    browser: Browser, platform: Platform, given_up: tuple[int, int]
) -> None:
    paid, operation = given_up
    with visit(browser, platform.api.url) as first:
        first.go("/console/acquirer")
        first.enter(make_key(platform, "kim", scopes=["read", "operate"]))
        expect(first.page.get_by_test_id("acquirer-breaker")).to_be_visible()
        first.page.get_by_role("link", name=f"Show operation {operation}").click()
        first.page.wait_for_url(re.compile(rf"/console/acquirer/{operation}$"))
        decide(first, "APPROVED", "Propose")
        expect(first.page.get_by_text("A second operator, with another key, has to confirm it.").first).to_be_visible()
        expect(first.page.get_by_text(re.compile(r"kim proposes: Approved"))).to_be_visible()
        assert (first.findings(), first.overflow()) == ([], 0)
        first.shoot("console-acquirer-1280")
        decide(first, "APPROVED", "Confirm and carry out")
        expect(first.page.get_by_role("dialog").get_by_role("alert")).to_contain_text("You have proposed this.")
        first.page.get_by_role("button", name="Cancel").click()
    with visit(browser, platform.api.url, PHONE) as second:
        second.go(f"/console/acquirer/{operation}")
        second.enter(make_key(platform, "lee", scopes=["read", "operate"]))
        expect(second.page.get_by_text(re.compile(r"kim proposes: Approved"))).to_be_visible()
        assert (second.findings(), second.overflow()) == ([], 0)
        second.shoot("console-acquirer-360")
        decide(second, "APPROVED", "Confirm and carry out")
        expect(second.page.get_by_text("Carried out: Approved: the money moved")).to_be_visible()
        second.go(f"/console/payments/{paid}")
        second.enter(make_key(platform, "lee again", scopes=["read"]))
        expect(second.page.get_by_text("Authorized", exact=True).first).to_be_visible()
        actions = second.page.get_by_role("list", name="Operators' actions")
        expect(actions.get_by_role("link", name=f"operation {operation} (payment {paid})")).to_have_count(2)
        assert (second.findings(), second.overflow()) == ([], 0)
        second.shoot("console-payment-acquirer-360")


def test_an_operator_asks_again_what_was_given_up(
    browser: Browser, platform: Platform, given_up: tuple[int, int]
) -> None:
    paid, operation = given_up
    with visit(browser, platform.api.url, locale="ko-KR", scheme="dark") as operator:
        operator.go(f"/console/payments/{paid}")
        operator.enter(platform.admin_token)
        expect(operator.page.get_by_text("처리 중", exact=True).first).to_be_visible()
        operator.page.get_by_role("link", name=f"처리 {operation}").click()
        operator.page.get_by_role("button", name="다시 문의 …").click()
        operator.page.get_by_label("사유").fill("매입사가 돌아왔다")
        operator.page.get_by_role("dialog").get_by_role("button", name="다시 문의", exact=True).click()
        expect(operator.page.get_by_text("매입사에 문의하고 있습니다.")).to_be_visible()
        shown = operator.page.get_by_role("group", name=f"처리 {operation}")
        expect(shown.get_by_text("결과 모름")).to_be_visible()
        assert (operator.findings(), operator.overflow()) == ([], 0)
        operator.shoot("console-acquirer-1280-ko")


def test_a_merchants_connector_is_changed_with_a_reason(browser: Browser, platform: Platform) -> None:
    merchant = f"K-{uuid.uuid4().hex[:12]}"
    make_merchant(platform, merchant)
    with visit(browser, platform.api.url) as operator:
        operator.go(f"/console/keys?merchantId={merchant}")
        operator.enter(platform.admin_token)
        for connector, name in (("simulator", "Simulator"), ("none", "No acquirer")):
            operator.page.get_by_role("button", name="Change the connector …").click()
            operator.page.get_by_role("dialog").get_by_label("Connector").select_option(connector)
            operator.page.get_by_role("dialog").get_by_label("Reason").fill("a test")
            operator.page.get_by_role("dialog").get_by_role("button", name="Change").click()
            expect(operator.page.get_by_text(f"Merchant {merchant}: {name}")).to_be_visible()
        assert operator.findings() == []
        operator.shoot("console-connector-1280")
