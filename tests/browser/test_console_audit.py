"""The audit's page: runs on request, findings by kind and payment, what they mean. Dead letters by their address."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import delete, insert

from payments.platform.database import create_engine
from payments.platform.tables.housekeeping import audit_finding
from stack.platform import Platform
from tests.browser.browser import Visit, visit
from tests.browser.console import open_page
from tests.browser.test_console import produce

pytestmark = pytest.mark.timeout(300)
PHONE = (390, 844)
NOW = datetime.now(UTC)
PAYMENT = 987_654
AUDIT_MS = 60_000


@pytest.fixture
def found(platform: Platform) -> Iterator[None]:
    """An open finding about an answer, and a cleared one about a payment that does not exist."""
    seen = {"first_seen": NOW, "last_seen": NOW, "subject": "audit page"}
    rows = [
        {**seen, "kind": "answers", "payment_id": None, "cleared_at": None, "detail": "an answer without a payment"},
        {**seen, "kind": "stuck", "payment_id": PAYMENT, "cleared_at": NOW, "detail": "event 7 is not posted"},
    ]
    engine = create_engine(platform.database_url)
    with engine.begin() as connection:
        for row in rows:
            connection.execute(insert(audit_finding), {**row, "identity": uuid.uuid4().hex})
    yield
    with engine.begin() as connection:
        connection.execute(delete(audit_finding).where(audit_finding.c.subject == "audit page"))
    engine.dispose()


@pytest.mark.usefixtures("found")
def test_findings_are_filtered_in_the_address_and_explained(operator: Visit) -> None:
    page = operator.page
    open_page(operator, "Audit")
    expect(page.get_by_role("cell", name="an answer without a payment")).to_be_visible()
    expect(page.get_by_role("cell", name="event 7 is not posted")).to_have_count(0)  # open ones first
    page.get_by_label("State", exact=True).select_option("CLEARED")
    page.get_by_label("Kind").select_option("stuck")
    cleared = page.get_by_role("row", name=re.compile("event 7 is not posted"))
    expect(cleared.get_by_role("link", name=str(PAYMENT))).to_have_attribute("href", f"/console/payments/{PAYMENT}")
    assert re.search(r"state=CLEARED&kind=stuck$", page.url)
    page.go_back()
    expect(cleared).to_be_visible()
    page.get_by_label("Kind").select_option("")
    page.get_by_label("State", exact=True).select_option("OPEN")
    page.get_by_role("region", name="Findings").first.get_by_label("Payment").fill(str(PAYMENT))
    page.get_by_role("region", name="Findings").first.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Nothing of this kind was found.")).to_be_visible()
    meanings = page.get_by_role("region", name="What a finding means, and what to do")
    expect(meanings).to_contain_text("payops republish --unposted")
    expect(meanings).to_contain_text("AuditDifferences")
    assert (operator.findings(), operator.overflow()) == ([], 0)
    operator.shoot("console-audit-1280")


def test_an_audit_is_asked_for_and_its_result_announced(operator: Visit) -> None:
    open_page(operator, "Audit")
    runs = operator.page.get_by_role("region", name="Runs").first
    said = runs.locator("[aria-live=polite]")
    runs.get_by_role("button", name="Check now").click()
    expect(said).to_have_text(re.compile(r"^(Asked for by api:\S+ at|The audit of)"))
    expect(said).to_have_text(re.compile(r"^The audit of .* found"), timeout=AUDIT_MS)
    expect(runs.get_by_role("button", name="Check now")).to_have_attribute("aria-disabled", "false")
    expect(runs.get_by_role("row").nth(1)).to_be_visible()


def test_it_fits_on_a_phone(browser: Browser, platform: Platform) -> None:
    with visit(browser, platform.api.url, PHONE, locale="ko-KR", scheme="dark") as visitor:
        visitor.go("/console/findings?paymentId=5")  # a former path
        visitor.enter(platform.admin_token)
        visitor.page.wait_for_url(re.compile(r"/console/audit\?paymentId=5$"))
        expect(visitor.page.get_by_role("button", name="지금 확인")).to_be_visible()
        assert (visitor.findings(), visitor.overflow()) == ([], 0)
        visitor.shoot("console-audit-390-dark")
        assert visitor.complaints == []


@pytest.mark.parametrize("size", [(1280, 900), PHONE])
def test_a_dead_letter_has_an_address(browser: Browser, platform: Platform, size: tuple[int, int]) -> None:
    produce(platform, "payment.refunded", 4, {"paymentId": 424_242, "amount": "much"})
    with visit(browser, platform.api.url, size) as visitor:
        page = visitor.page
        visitor.go("/console/dead-letters?errorType=InvalidEvent")
        visitor.enter(platform.admin_token)
        page.get_by_role("link", name="Show dead letter").first.click()
        page.wait_for_url(re.compile(r"/console/dead-letters/\d+\?errorType=InvalidEvent$"))
        letter = page.get_by_role("region", name=re.compile(r"^Dead letter \d+$"))
        expect(letter).to_be_in_viewport()
        expect(letter.get_by_role("link", name="424242")).to_have_attribute("href", "/console/payments/424242")
        assert (visitor.findings(), visitor.overflow()) == ([], 0)
        visitor.shoot(f"console-letter-{size[0]}")
        page.get_by_label("Topic").select_option("payment.voided")
        expect(page.get_by_text("No dead letters of this kind.")).to_be_visible()
        expect(letter).to_be_visible()  # the list's filters do not close it
        page.get_by_role("link", name="Close", exact=True).click()
        expect(letter).to_have_count(0)
        visitor.go("/console/dead-letters/999999")
        visitor.enter(platform.admin_token)
        expect(page.get_by_role("alert")).to_contain_text("NOT_FOUND")
