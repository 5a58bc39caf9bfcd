"""The stories of docs/ledger.md, run row by row: every posting, balance and status on the page."""

import re
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from payments.ledger.rules import RULES, Account
from payments.payment.commands import Command
from tests.contracts.commands import capture, expire, refund, run_one, void
from tests.repo.sources import ROOT
from tests.stories.books import Books, balances


@dataclass(frozen=True)
class Row:
    """One posting of a story: its step, and its row on the page."""

    step: str
    posting: tuple[str, str, int]
    balances: dict[Account, int]
    status: str


def number(text: str) -> int:
    return int(text.replace(",", ""))


def stories() -> list[list[Row]]:
    """The tables of docs/ledger.md whose steps change a payment's status."""
    page = (ROOT / "docs/ledger.md").read_text(encoding="utf-8")
    tables = re.findall(r"(?m)(?:^\|.*\|\n)+", page)
    return [read_table(table) for table in tables if table.splitlines()[0].endswith("| status |")]


def read_table(table: str) -> list[Row]:
    header, _, *lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    rows = []
    for line in lines:
        cells = dict(zip(header, line, strict=True))
        posting = (cells["debit"], cells["credit"], number(cells["amount"]))
        shown = {account: number(cells[account]) for account in Account if account in cells}
        rows.append(Row(cells["step"], posting, shown, cells["status"]))
    return rows


def command(step: str, payment_id: int) -> Command:
    """The command of a step's text."""
    verb, amount = step.split()[0], None if re.search("rest|all|released", step) else number(step.split()[-1])
    if verb == "capture":
        return capture(payment_id, step, amount)
    if verb == "refund":
        return refund(payment_id, step, amount)
    return void(payment_id, step) if verb == "void:" else expire(payment_id)


def play(books: Books, payment_id: int, step: str) -> None:
    if step.startswith("seven days later"):
        books.let_a_week_pass(payment_id)
    if not step.startswith("authorize"):
        assert run_one(books.engine, command(step, payment_id)).status == 200, step
    books.deliver()
    assert books.trial_balance() == 0, step
    assert (books.audit().differences, books.audit().in_flight) == ([], 0), step


@pytest.mark.parametrize("story", stories(), ids=lambda story: f"{story[0].step} to {story[-1].status}")
def test_a_story(engine: Engine, story: list[Row]) -> None:
    books = Books(engine)
    first = story[0]
    payment_id = books.authorize("story", first.posting[2])
    for seen, row in enumerate(story, start=1):
        if row.step:
            play(books, payment_id, row.step)
        entries = books.entries(payment_id)
        assert entries[seen - 1] == row.posting, row.step
        after = balances(entries[:seen])
        assert {account: after[account] for account in row.balances} == row.balances, row.step
        if row.status:
            assert books.payment(payment_id).status == row.status, row.step
            assert len(entries) == seen, f"{row.step}: no posting that the page does not show"
            assert all(after[account] == 0 for account in Account if account not in row.balances)


def test_the_page_tells_of_every_status_and_every_account() -> None:
    all_rows = [row for story in stories() for row in story]
    assert {row.status for row in all_rows} >= {"AUTHORIZED", "PARTIALLY_CAPTURED", "PARTIALLY_REFUNDED", "REFUNDED"}
    assert {row.status for row in all_rows} >= {"CAPTURED", "EXPIRED"}
    assert {row.posting[0] for row in all_rows} == {
        account for rule in RULES.values() for pair in rule for account in pair
    }


def test_the_last_page_of_a_story_holds_whatever_order_events_arrive_in(engine: Engine) -> None:
    books = Books(engine)
    payment_id = books.authorize("story", 10_000)
    for step in ("capture 6,000", "refund 1,000", "capture the rest, 4,000", "refund all, 9,000"):
        assert run_one(engine, command(step, payment_id)).status == 200
    refunds_first = sorted(books.events(), key=lambda event: event.event_type, reverse=True)
    assert [result.outcome for result in books.deliver(refunds_first[:1])] == ["posted"]
    assert balances(books.entries(payment_id))[Account.MERCHANT_PAYABLE] < 0, "until its capture is posted"
    assert (books.audit().differences, books.audit().in_flight) == ([], 4)
    outcomes = [result.outcome for result in books.deliver(refunds_first)]
    assert outcomes == ["repeated", "posted", "posted", "posted", "posted"]
    assert set(balances(books.entries(payment_id)).values()) == {0}
    assert books.audit().differences == []
