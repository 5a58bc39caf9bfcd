"""Money out in the console: a payment is settled and paid out; an error in an acquirer's file is explained."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from payments.reconciliation.profile import SIMULATOR
from stack.platform import Platform
from tests.browser.browser import Visit, visit
from tests.browser.console import make_key, open_page
from tests.e2e.money_out import Caller, People, people
from tests.servers import until

pytestmark = pytest.mark.timeout(400)
PHONE: Final = (390, 844)
AMOUNT: Final = 12_000
PAPER: Final = re.compile(rb"/Type\s*/Page[^s]")


@pytest.fixture(scope="module")
def crew(platform: Platform) -> People:
    """Operators of the platform."""
    return people(platform)


@pytest.fixture(scope="module")
def paid(crew: People) -> tuple[str, int]:
    """A merchant and its captured payment, which is in the ledger and in a closed batch."""
    merchant = f"OUT-{uuid4().hex[:12]}"
    shop = crew.shop(merchant, timeZone="Asia/Seoul")
    payment = shop.pay(AMOUNT, AMOUNT)
    until(lambda: is_posted(crew.kim, payment), "the payment is in the ledger")
    crew.run("settle", "run", "--cutoff", "now", "--json")
    return merchant, payment


def is_posted(caller: Caller, payment: int) -> bool:
    return all(event["postedAt"] for event in caller.get(f"/operations/payments/{payment}")["events"])


@pytest.fixture
def desk(browser: Browser, platform: Platform) -> Iterator[Visit]:
    """An operator who works in the console; fails if the browser reports an error."""
    with visit(browser, platform.api.url) as visitor:
        visitor.go("/console")
        visitor.enter(make_key(platform, "kim", scopes=["read", "operate"]))
        yield visitor
        assert visitor.complaints == []


def confirmed(page: Page, opens: str, action: str, reason: str) -> None:
    """Open a dialog, give the reason and confirm."""
    page.get_by_role("button", name=opens).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=action, exact=True).click()
    expect(dialog).to_have_count(0)


def saved(page: Page, button: str, to: Path) -> list[dict[str, str]]:
    """The rows of a file that a button downloads."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).first.click()
    download.value.save_as(to)
    return list(csv.DictReader(to.read_text().splitlines()))


def test_a_payment_is_settled_and_paid_out(desk: Visit, paid: tuple[str, int], tmp_path: Path) -> None:
    merchant, payment = paid
    page = desk.page
    open_page(desk, "Settlements")
    expect(page.get_by_role("heading", level=1, name="Settlements")).to_be_visible()
    page.get_by_label("Merchant", exact=True).fill(merchant)
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("row").filter(has_text=merchant).get_by_role("link", name=re.compile("^Show batch")).click()
    expect(page.get_by_role("row", name=re.compile("^Net ₩12,000"))).to_be_visible()
    page.get_by_role("link", name=str(payment), exact=True).click()
    expect(page.get_by_role("heading", name=f"Payment {payment}")).to_be_visible()
    page.go_back()

    confirmed(page, "Approve …", "Approve", "it adds up")
    expect(page.get_by_text("Approved", exact=True)).to_be_visible()
    assert (desk.findings(), desk.overflow()) == ([], 0)
    desk.shoot("console-batch-1280")
    statement = saved(page, "Statement (CSV)", tmp_path / "statement.csv")
    assert (statement[0]["payment"], statement[-1]["amount"]) == (str(payment), str(AMOUNT))
    assert len(PAPER.findall(page.pdf(prefer_css_page_size=True))) == 1

    batch = page.url
    page.get_by_role("link", name="Payout files").click()
    page.get_by_role("button", name="New payout file …").click()
    page.get_by_role("dialog").get_by_label("Currency").fill("krw")
    page.get_by_role("dialog").get_by_label("Money").select_option("TEST")
    page.get_by_role("dialog").get_by_label("Reason").fill("daily")
    assert desk.findings() == []
    page.get_by_role("button", name="Create file").click()
    expect(page.get_by_text(re.compile("1 payout, ₩12,000"))).to_be_visible()
    file = saved(page, "Download", tmp_path / "payouts.csv")
    assert [(row["record"], row["amount"]) for row in file] == [("payout", str(AMOUNT)), ("trailer", str(AMOUNT))]
    assert (desk.findings(), desk.overflow()) == ([], 0)
    desk.shoot("console-payout-files-1280")

    page.go_back()
    expect(page).to_have_url(batch)
    confirmed(page, "Confirm the payout …", "Confirm", "the bank's statement of today")
    expect(page.get_by_text("Paid out", exact=True)).to_be_visible()


def wrong_file(caller: Caller, payment: int, to: Path) -> Path:
    """The acquirer's file of yesterday, in which the payment's capture is 100 less than ours."""
    (ours,) = [one for one in operations(caller, payment) if one["kind"] == "capture"]
    gross, day = AMOUNT - 100, (datetime.now(UTC) - timedelta(days=1)).date()
    fee = (gross * 25 + 500) // 1000
    amounts = ["KRW", gross, fee, gross - fee]
    named = [
        ours["reference"],
        ours["acquirerReference"],
        "capture",
        ours["authorizationReference"],
        f"{day}T12:00:00Z",
    ]
    lines = [
        SIMULATOR.header,
        ["movement", 1, *named, *amounts],
        ["total", 1, *[""] * 5, *amounts],
        ["end", 1, *[""] * 4, day, *[""] * 4],
    ]
    to.write_bytes("".join(",".join(map(str, line)) + "\r\n" for line in lines).encode())
    return to


def operations(caller: Caller, payment: int) -> list[dict[str, Any]]:
    return caller.items(f"/acquirer-operations?paymentId={payment}")


def test_an_error_in_a_file_is_explained(desk: Visit, crew: People, paid: tuple[str, int], tmp_path: Path) -> None:
    page = desk.page
    open_page(desk, "Reconciliation")
    page.get_by_role("link", name="Files", exact=True).click()
    page.get_by_role("button", name="Upload a file …").click()
    page.get_by_label("File (CSV)").set_input_files(wrong_file(crew.kim, paid[1], tmp_path / "yesterday.csv"))
    assert desk.findings() == []
    page.get_by_role("button", name="Upload", exact=True).click()
    row = page.get_by_role("row", name=re.compile(r"yesterday\.csv"))
    expect(row.get_by_text("Read", exact=True)).to_be_visible()
    row.get_by_role("link").click()
    assert (desk.findings(), desk.overflow()) == ([], 0)
    desk.shoot("console-recon-file-1280")
    page.get_by_role("link", name="Its exceptions: 1").click()
    page.get_by_role("link", name=re.compile("^Show exception")).click()
    differs = page.get_by_role("row", name=re.compile(r"^Amount \(differs\)"))
    expect(differs).to_contain_text("₩11,900")
    expect(differs).to_contain_text("₩12,000")
    assert (desk.findings(), desk.overflow()) == ([], 0)
    desk.shoot("console-exception-1280")
    confirmed(page, "Resolve …", "Resolve", "their letter: a discount")
    expect(page.get_by_text(re.compile(r"^Exception \d+: Resolved$"))).to_be_visible()


@pytest.mark.usefixtures("paid")
def test_the_pages_fit_on_a_phone(browser: Browser, platform: Platform) -> None:
    with visit(browser, platform.api.url, PHONE, locale="ko-KR", scheme="dark") as phone:
        phone.go("/console/settlements")
        phone.enter(platform.admin_token)
        shown = {
            "settlements": phone.page.get_by_role("link", name=re.compile("^정산 [0-9]+ 보기")).first,
            "fees": phone.page.get_by_text("모든 가맹점").first,
            "reconciliation": phone.page.get_by_role("heading", name="대사 상태"),
        }
        for name, there in shown.items():
            phone.page.get_by_role("button", name="메뉴").click()
            phone.page.get_by_role("dialog").locator(f"a[href='/console/{name}']").click()
            expect(there).to_be_visible()
            assert (phone.findings(), phone.overflow()) == ([], 0)
            phone.shoot(f"console-{name}-390-dark")
        assert phone.complaints == []
