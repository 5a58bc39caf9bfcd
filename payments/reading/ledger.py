"""The ledger as it is shown: postings in pages, balances, the trial balance. Each read in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import Connection

from payments.audit import finding_store
from payments.ledger import rules
from payments.ledger import store as ledger_store
from payments.ledger.rules import Account, SourceType
from payments.ledger.store import Moved, Wanted
from payments.outbox.rules import format_time
from payments.platform import operations as operations_store
from payments.platform.clock import database_now
from payments.platform.json_types import Count, Identifier, JsonObject, Keywords, Minor, OneOf, Time
from payments.platform.paging import page

AccountName = Annotated[str, OneOf(Account)]


@dataclass(frozen=True, slots=True)
class Entry(JsonObject):
    """One posting: the amount goes from the credit account to the debit account.

    It is of an event of a payment, or of a source: a batch, a payout, a correction, an acquirer's file.
    """

    entry_id: Identifier
    payment_id: Identifier | None
    event_id: Identifier | None
    posting_no: Count
    debit_account: AccountName
    credit_account: AccountName
    amount: Annotated[int, Keywords(minimum=1)]
    currency: str
    occurred_at: Time
    posted_at: Time
    source_type: Annotated[str, OneOf(SourceType)] | None
    source_id: Identifier | None
    merchant_id: str | None


@dataclass(frozen=True, slots=True)
class Balance(JsonObject):
    """An account's sums; the balance is on the account's normal side."""

    account: AccountName
    currency: str
    debits: Minor
    credits: Minor
    balance: int


@dataclass(frozen=True, slots=True)
class Balances(JsonObject):
    """All accounts that have postings."""

    items: list[Balance]
    as_of: Time


@dataclass(frozen=True, slots=True)
class Totals(JsonObject):
    """Both sides of one currency."""

    currency: str
    debits: Minor
    credits: Minor


@dataclass(frozen=True, slots=True)
class Audit(JsonObject):
    """When the newest complete audit began; `differences`: the findings that are open now, which must be 0."""

    at: Time
    differences: Count
    in_flight: Count


@dataclass(frozen=True, slots=True)
class TrialBalance(Balances):
    """All accounts, both sides, and the newest audit (null before the first)."""

    totals: list[Totals]
    audit: Audit | None


def entries(connection: Connection, wanted: Wanted, cursor: int | None, limit: int) -> tuple[list[Entry], int | None]:
    """A page of postings, and the id after which the next page begins (None: the last)."""

    def read(behind: int | None, size: int) -> list[ledger_store.Entry]:
        return ledger_store.page(connection, wanted, behind, size)

    return page(read, entry, lambda item: item.entry_id, cursor, limit)


def balances(connection: Connection, merchant_id: str | None, as_of: datetime | None = None) -> Balances:
    """Every account's sums and balance, of one merchant or of all.

    `as_of`: of what was posted until then; of all that is posted when it is None, or in the future.
    """
    moved = ledger_store.moved(connection, merchant_id, as_of)
    return Balances(_accounts(moved), as_of=format_time(as_of or database_now(connection)))


def trial_balance(connection: Connection) -> TrialBalance:
    """All accounts, the totals of both sides by currency, the newest complete audit, and how many findings are open."""
    moved = ledger_store.moved(connection, None)
    totals: dict[str, int] = {}
    for item in moved:
        totals[item.currency] = totals.get(item.currency, 0) + item.amount
    return TrialBalance(
        _accounts(moved),
        as_of=format_time(database_now(connection)),
        # one row names both sides, so these cannot differ; the audit is what proves something
        totals=[Totals(currency, total, total) for currency, total in sorted(totals.items())],
        audit=_newest_audit(connection),
    )


def _newest_audit(connection: Connection) -> Audit | None:
    run = operations_store.newest_audit(connection)
    if run is None:
        return None
    differences = sum(finding_store.open_by_kind(connection).values())
    return Audit(format_time(run.at), differences, run.in_flight)


def _accounts(moved: Iterable[Moved]) -> list[Balance]:
    sums: dict[tuple[str, str], list[int]] = {}
    for item in moved:
        sums.setdefault((item.debit_account, item.currency), [0, 0])[0] += item.amount
        sums.setdefault((item.credit_account, item.currency), [0, 0])[1] += item.amount
    return [
        Balance(account, currency, debits, credits, rules.balance(Account(account), debits, credits))
        for (account, currency), (debits, credits) in sorted(sums.items())
    ]


def entry(stored: ledger_store.Entry) -> Entry:
    """One posting of a row."""
    return Entry(
        entry_id=stored.entry_id,
        payment_id=stored.payment_id,
        event_id=stored.event_id,
        posting_no=stored.posting_no,
        debit_account=stored.debit_account,
        credit_account=stored.credit_account,
        amount=stored.amount,
        currency=stored.currency,
        occurred_at=format_time(stored.occurred_at),
        posted_at=format_time(stored.posted_at),
        source_type=stored.source_type,
        source_id=stored.source_id,
        merchant_id=stored.merchant_id,
    )
