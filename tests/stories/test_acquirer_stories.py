"""The stories of docs/acquiring.md, run row by row: what is stored after each commit, and that the audit agrees."""

import json
import re
from dataclasses import replace
from typing import Final

import pytest
from sqlalchemy import Engine

from payments.acquiring import store as acquiring_store
from payments.acquiring.operation import StoredOperation
from payments.acquiring.rules import Learned, Told
from payments.payment import idempotency_store
from payments.payment.answers import Result
from payments.payment.commands import Command, conclude
from payments.payment.conclusion import key_of
from payments.platform.connectors import ConnectorName
from tests.contracts.commands import authorize, capture, refund, run_one
from tests.repo.sources import ROOT
from tests.stories.books import Books

WORDS: Final = {
    "T2: approved": (Learned.APPROVED, False),
    "T2: no answer in time": (Learned.UNKNOWN, False),
    "enquiry: still processing": (Learned.UNKNOWN, True),
    "enquiry: approved": (Learned.APPROVED, True),
    "enquiry: not found": (Learned.NOT_FOUND, True),
    "cancel: confirmed": (Learned.CANCELLED, True),
    "late: approved": (Learned.APPROVED, True),
}
"""What is learned at a moment, and whether by an enquiry or a cancel."""
Row = dict[str, str]


def stories() -> list[list[Row]]:
    """The tables of docs/acquiring.md whose rows are moments."""
    page = (ROOT / "docs/acquiring.md").read_text(encoding="utf-8")
    tables = [read_table(table) for table in re.findall(r"(?m)(?:^\|.*\|\n)+", page)]
    return [table for table in tables if "moment" in table[0]]


def read_table(table: str) -> list[Row]:
    header, _, *lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [dict(zip(header, line, strict=True)) for line in lines]


class Story:
    """One payment at an acquirer, whose words are those of a table."""

    def __init__(self, engine: Engine) -> None:
        self.books = Books(engine)
        self.payment_id = 0
        self.events = self.entries = 0

    def play(self, moment: str) -> None:
        """Do what the page says happens."""
        if moment == "the ledger posts":
            self.books.deliver()
        elif moment.startswith("T1: "):
            self.begin(moment)
        else:
            learned, is_repair = WORDS[moment]
            answered = is_repair or learned is not Learned.UNKNOWN
            told = Told(self.asked()[-1].reference, learned, answered=answered, is_repair=is_repair)
            assert self.run(conclude("M1", self.payment_id, told, "r", {})).error is None

    def begin(self, moment: str) -> None:
        verb, amount = moment.split()[1], int(moment.split()[2].replace(",", ""))
        if verb == "authorize":
            command = replace(authorize("a", amount), connector=ConnectorName.SIMULATOR.value, payment_method="tok")
        else:
            command = {"capture": capture, "refund": refund}[verb](self.payment_id, verb, amount)
        result = self.run(command)
        assert result.call is not None, moment
        self.payment_id = result.call.payment_id
        assert result.call.operation == self.asked()[-1].call

    def run(self, command: Command) -> Result:
        return run_one(self.books.engine, command)

    def asked(self) -> list[StoredOperation]:
        """The payment's operations but for those that take others back."""
        return [each for each in self.operations() if each.reverses is None]

    def operations(self) -> list[StoredOperation]:
        with self.books.engine.connect() as connection:
            return acquiring_store.of_payment(connection, self.payment_id)

    def seen(self, wanted: int) -> Row:
        """What is stored now, in the page's words; `wanted`: how many of the newest operations are shown."""
        payment, newest = self.books.payment(self.payment_id), self.asked()[-1]
        pending = payment.pending_capture + payment.pending_refund + payment.pending_release
        events, entries = self.books.events(), self.books.entries(self.payment_id)
        new_events, new_entries = events[self.events :], entries[self.entries :]
        self.events, self.entries = len(events), len(entries)
        prefix = f"00-{self.payment_id}-"
        return {
            "status": payment.status,
            "captured": f"{payment.captured_amount:,}",
            "refunded": f"{payment.refunded_amount:,}",
            "pending": f"{pending:,}",
            "operation": ", ".join(
                f"{each.reference.removeprefix(prefix)} {each.state}" for each in self.operations()[-wanted:]
            ),
            "asked about": asked_after(newest),
            "answer": self.answer(newest),
            "event": ", ".join(event.event_type for event in new_events),
            "postings": "; ".join(f"{debit}, {credit} {amount:,}" for debit, credit, amount in new_entries),
        }

    def answer(self, operation: StoredOperation) -> str:
        key = key_of(operation)
        assert key is not None
        with self.books.engine.connect() as connection:
            row = idempotency_store.answer_row(connection, key)
        assert row is not None
        if row.http_status == 202:
            assert json.loads(row.response_body)["status"] == "PROCESSING"
        return str(row.http_status)


def asked_after(operation: StoredOperation) -> str:
    if operation.next_enquiry_at is None or operation.sent_at is None:
        return ""
    return f"{(operation.next_enquiry_at - operation.sent_at).total_seconds():.0f} s"


@pytest.mark.parametrize("table", stories(), ids=lambda table: table[-1]["moment"])
def test_a_story(engine: Engine, table: list[Row]) -> None:
    story = Story(engine)
    for row in table:
        moment = row["moment"]
        story.play(moment)
        shown = {name: cell for name, cell in row.items() if name != "moment"}
        assert story.seen(1 + row["operation"].count(",")) == shown, moment
        report = story.books.audit()
        assert report.differences == [], moment
        assert story.books.trial_balance() == 0, moment


def test_the_page_tells_of_answers_that_never_came() -> None:
    rows = [row for story in stories() for row in story]
    assert {row["answer"] for row in rows} == {"102", "200", "202", "402"}
    assert {row["operation"].split()[1] for row in rows} >= {"SENT", "UNKNOWN", "FENCING", "FAILED", "APPROVED"}
