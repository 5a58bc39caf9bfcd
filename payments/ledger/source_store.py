"""Writes postings of sources other than events: batches, payouts, corrections, acquirers' files.

`inbox_store` writes those of events. A source posts each of its numbers once; a second time is a duplicate key.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from payments.ledger.rules import Account, SourceType
from payments.platform.tables.ledger import ledger_entry
from payments.platform.writing import Insert, as_text, write

_COLUMNS: Final = (
    "source_type",
    "source_id",
    "merchant_id",
    "posting_no",
    "debit_account",
    "credit_account",
    "amount",
    "currency",
    "occurred_at",
    "posted_at",
)


class SourcePosting(NamedTuple):
    """One row: `amount` (minor units, > 0) goes from the credit account to the debit account."""

    posting_no: int
    debit: Account
    credit: Account
    amount: int
    currency: str


def moved(posting_no: int, debit: Account, credit: Account, amount: int, currency: str) -> list[SourcePosting]:
    """The posting of an amount that may have a sign: negative, and the sides change places; none of 0."""
    if amount == 0:
        return []
    sides = (debit, credit) if amount > 0 else (credit, debit)
    return [SourcePosting(posting_no, *sides, abs(amount), currency)]


def post(
    connection: Connection,
    source_type: SourceType,
    source_id: int,
    merchant_id: str | None,
    postings: Sequence[SourcePosting],
    occurred_at: datetime,
    posted_at: datetime,
) -> None:
    """Add the postings of one source in the caller's transaction; none is nothing.

    `merchant_id`: whose merchant_payable they move, or whose money they are of; None: nobody's. Raises sqlalchemy's
    IntegrityError when the source has posted one of these numbers.
    """
    if not postings:
        return
    of = (source_type.value, source_id, merchant_id)
    times = (as_text(occurred_at), as_text(posted_at))
    rows = [
        (*of, each.posting_no, each.debit.value, each.credit.value, each.amount, each.currency, *times)
        for each in postings
    ]
    write(connection, Insert(ledger_entry.name, _COLUMNS, rows))
