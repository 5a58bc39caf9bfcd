"""The story of docs/ledger.md up to the bank, row by row: every posting and balance, and the audit after each step."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import pytest
from sqlalchemy import Engine, select

from payments.acquiring.rules import Learned
from payments.ledger.rules import Account
from payments.merchants.rules import Mode
from payments.platform.clock import database_now
from payments.platform.tables.ledger import ledger_entry
from payments.platform.values.money import AmountsByCurrency
from payments.reconciliation import desk
from payments.reconciliation.rules import Line
from payments.settlement import adjustments, payouts
from payments.settlement.fees import OnRefund
from payments.settlement.payout_file import Format
from payments.settlement.rules import State
from tests.contracts import commands
from tests.contracts.at_acquirer import AtAcquirer
from tests.contracts.reconciliation.books import imported
from tests.contracts.settlement.selling import batches, price, register, settle
from tests.repo.sources import ROOT
from tests.stories.books import Books, balances
from tests.unit.reconciliation import made

LIMITS: Final = AmountsByCurrency(1_000_000, {})
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
HOLDS: Final = {Account.CUSTOMER_HOLD, Account.HOLD_CLEARING}
DEBIT_SIDE: Final = (Account.BANK, Account.ACQUIRER_RECEIVABLE, Account.ACQUIRER_FEE_EXPENSE)
CREDIT_SIDE: Final = tuple(account for account in Account if account not in {*HOLDS, *DEBIT_SIDE})
Row = dict[str, str]


def story() -> list[Row]:
    """The table of docs/ledger.md that ends at the bank."""
    page = (ROOT / "docs/ledger.md").read_text(encoding="utf-8")
    (table,) = [each for each in re.findall(r"(?m)(?:^\|.*\|\n)+", page) if "| bank | acquirer" in each]
    header, _, *lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [dict(zip(header, line, strict=True)) for line in lines]


def number(text: str) -> int:
    return int(text.replace(",", ""))


class MoneyOut:
    """One merchant whose payments are settled, paid out and reconciled."""

    def __init__(self, engine: Engine) -> None:
        self.books = Books(engine)
        self.engine = engine
        register(engine, "M1", "UTC")
        price(engine, valid_from=LONG_AGO, basis_points=300, fixed=100, on_refund=OnRefund.KEEP)
        self.paid = self.authorized("first")
        self.books.deliver()

    def authorized(self, key: str) -> AtAcquirer:
        paid = AtAcquirer(self.engine, key)
        paid.learn(Learned.APPROVED)
        return paid

    def play(self, step: str) -> None:
        """Do what the page says happens."""
        acts: dict[str, Callable[[str], None]] = {
            "capture": self.capture,
            "refund": self.refund,
            "the day ends": self.settle,
            "the acquirer's file": self.reconcile,
            "approved and exported": self.export,
            "the bank": self.hear_from_the_bank,
            "the fee is resolved": self.resolve,
            "an operator": self.give,
        }
        (act,) = [each for name, each in acts.items() if step.startswith(name)]
        act(step)

    def capture(self, step: str) -> None:
        if step.endswith("another payment"):
            self.paid = self.authorized("second")
        amount = number(step.split()[1])
        self.paid.do(commands.capture(self.paid.payment_id, step, amount))
        self.books.deliver()

    def refund(self, step: str) -> None:
        self.paid.do(commands.refund(self.paid.payment_id, step, number(step.split()[1])))
        self.books.deliver()

    def settle(self, step: str) -> None:
        now = self.now()
        settle(self.engine, now, cutoff=now)
        assert batches(self.engine)[-1].batch.state == step.split(": ")[1]

    def reconcile(self, step: str) -> None:
        gross, fee = (number(each) for each in re.findall(r"-?[\d,]+", step))
        operation = self.paid.operations()[-1]
        line = Line(operation.reference, f"op_{operation.operation_id}", operation.kind, "KRW", gross, fee, 1)
        report = imported(self.engine, made.text([line], made.soon()), self.now())
        assert (report.tally.matched, report.tally.told) == (1, 0)

    def export(self, _step: str) -> None:
        newest = batches(self.engine)[-1].batch.batch_id
        with self.engine.begin() as connection:
            now = database_now(connection)
            payouts.approve(connection, newest, "cli:a", "checked", LIMITS, now)
            payouts.export(connection, "KRW", Mode.LIVE, Format.CSV, "cli:a", "today", None, now)

    def hear_from_the_bank(self, step: str) -> None:
        newest = batches(self.engine)[-1].batch.batch_id
        say = payouts.confirm if step.endswith(State.CONFIRMED) else payouts.give_back
        with self.engine.begin() as connection:
            say(connection, newest, "cli:b", "the bank says so", database_now(connection))

    def resolve(self, _step: str) -> None:
        with self.engine.begin() as connection:
            desk.resolve(connection, 1, "they owe it", "cli:a", LIMITS, database_now(connection))

    def give(self, step: str) -> None:
        with self.engine.begin() as connection:
            amount, now = number(step.split()[-1]), database_now(connection)
            adjustments.propose(connection, "M1", "KRW", amount, "a dent in the box", "cli:a", LIMITS, now)

    def now(self) -> datetime:
        with self.engine.connect() as connection:
            return database_now(connection)

    def entries(self) -> list[tuple[str, str, int]]:
        """(debit, credit, amount) of each posting but those of holds, oldest first."""
        wanted = (ledger_entry.c.debit_account, ledger_entry.c.credit_account, ledger_entry.c.amount)
        with self.engine.connect() as connection:
            found = connection.execute(select(*wanted).order_by(ledger_entry.c.entry_id))
            return [(debit, credit, amount) for debit, credit, amount in found if debit not in HOLDS]


def test_the_story_to_the_bank(engine: Engine) -> None:
    money = MoneyOut(engine)
    shown = 0
    for row in story():
        if row["step"]:
            assert len(money.entries()) == shown, f"before {row['step']}: a posting that the page does not show"
            money.play(row["step"])
            assert (money.books.audit().differences, money.books.trial_balance()) == ([], 0), row["step"]
        entries = money.entries()
        if row["debit"]:
            assert entries[shown] == (row["debit"], row["credit"], number(row["amount"])), row["step"]
            shown += 1
        after = balances(entries[:shown])
        cells = {account: number(row[account]) for account in Account if account not in HOLDS}
        assert {account: after[account] for account in cells} == cells, row["step"]
        assert sum(after[each] for each in DEBIT_SIDE) == sum(after[each] for each in CREDIT_SIDE)
    assert len(money.entries()) == shown


@pytest.mark.parametrize("account", [each for each in Account if each not in HOLDS])
def test_the_page_tells_of_every_account(account: Account) -> None:
    assert any(account in (row["debit"], row["credit"]) for row in story())
