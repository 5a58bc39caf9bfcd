"""Equations between balances of the ledger and the tables of settlement and reconciliation. Pure.

Each source is checked by itself, too (`batch_rules` and so on); only sums show a posting without a source.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from payments.audit.money_out.sources import finding
from payments.audit.snapshot import Difference, FindingKind
from payments.ledger.rules import CREDIT_NORMAL, Account

Book = tuple[str, str]
"""(merchant, currency)."""


class Moved(NamedTuple):
    """The sum of some postings; `is_due`: they are neither in an item of a closed batch nor of a batch themselves."""

    debit: str
    credit: str
    currency: str
    merchant_id: str | None
    is_due: bool
    amount: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """Sums of postings, in minor units."""

    balances: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By (account, currency), on the account's normal side."""
    payable: Counter[Book] = field(default_factory=Counter)
    due: Counter[Book] = field(default_factory=Counter)
    """The part of `payable` that closed batches do not have."""

    def add(self, moved: Moved) -> None:
        """Count these postings."""
        for account, is_credit in ((moved.debit, False), (moved.credit, True)):
            own = moved.amount if (account in CREDIT_NORMAL) is is_credit else -moved.amount
            self.balances[account, moved.currency] += own
            if account == Account.MERCHANT_PAYABLE:
                book = (moved.merchant_id or "", moved.currency)
                self.payable[book] += own
                self.due[book] += own if moved.is_due else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Sums of the tables, in minor units; all but the first by currency."""

    carried: Counter[Book]
    """What the newest closed batches carry out."""
    unpaid: Counter[str]
    """The net of batches that are to be paid and are not confirmed."""
    fees: Counter[str]
    """Of closed batches."""
    adjusted: Counter[str]
    """Adjustments that are posted."""
    confirmed: Counter[str]
    """Payouts that the bank has made."""
    settled: Counter[str]
    """The net of acquirers' files."""
    suspense: Counter[str]
    """Of exceptions that have not ended."""


def check(ledger: Ledger, recorded: Recorded) -> Iterator[Difference]:
    """A finding for each balance that is not what the tables say; the subject is its account, currency and merchant."""
    for book in sorted(ledger.payable.keys() | recorded.carried.keys()):
        merchant_id, currency = book
        subject = f"{Account.MERCHANT_PAYABLE} {currency} {merchant_id}"
        wanted = recorded.carried[book] + ledger.due[book]
        why = "what is carried and what no closed batch has"
        yield from _compare(FindingKind.SETTLEMENT, subject, ledger.payable[book], wanted, why)
    for currency in sorted(_currencies(ledger, recorded)):
        for kind, account, wanted, why in _accounts(recorded, currency):
            found = ledger.balances[account, currency]
            yield from _compare(kind, f"{account} {currency}", found, wanted, why)


def _accounts(recorded: Recorded, currency: str) -> Iterator[tuple[FindingKind, Account, int, str]]:
    settlement, reconciliation = FindingKind.SETTLEMENT, FindingKind.RECONCILIATION
    yield settlement, Account.PAYOUT_CLEARING, recorded.unpaid[currency], "batches to be paid"
    revenue = recorded.fees[currency] - recorded.adjusted[currency]
    yield settlement, Account.FEE_REVENUE, revenue, "fees of batches − adjustments"
    bank = recorded.settled[currency] - recorded.confirmed[currency]
    yield reconciliation, Account.BANK, bank, "acquirers' files − payouts"
    suspense = recorded.suspense[currency]
    yield reconciliation, Account.RECONCILIATION_SUSPENSE, suspense, "exceptions that have not ended"


def _currencies(ledger: Ledger, recorded: Recorded) -> set[str]:
    sums: Iterable[Counter[str]] = (
        recorded.unpaid,
        recorded.fees,
        recorded.adjusted,
        recorded.confirmed,
        recorded.settled,
        recorded.suspense,
    )
    return {currency for _, currency in ledger.balances}.union(*sums)


def _compare(kind: FindingKind, subject: str, found: int, wanted: int, why: str) -> list[Difference]:
    faults = [f"the balance is {found}, {why} are {wanted}"] if found != wanted else []
    return finding(kind, subject, faults)
