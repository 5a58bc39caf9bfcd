"""Checks of what leaves a batch, and of what enters one by hand: payouts, payout files, adjustments. Pure."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from payments.audit.money_out.batches import AuditedBatch, AuditedPayout
from payments.audit.money_out.sources import Net, differs, net, wrong_postings
from payments.ledger.rules import Account
from payments.platform.same_person import is_same_person
from payments.settlement.rules import State

_IN_A_FILE: Final = frozenset({State.EXPORTED, State.CONFIRMED, State.RETURNED})


_CREDITED: Final[dict[str, Account]] = {State.CONFIRMED: Account.BANK, State.RETURNED: Account.MERCHANT_PAYABLE}


def payout_faults(batch: AuditedBatch) -> Iterator[str]:
    """What is wrong about the payout of a batch, or about its absence."""
    row, payout = batch.row, batch.payout
    if payout is None:
        if row.state in _IN_A_FILE:
            yield f"it is {row.state}, and has no payout"
        return
    yield from differs(f"payout {payout.payout_id}", payout[1:], (row.merchant_id, row.currency, row.net, row.state))
    yield from wrong_postings(batch.paid, _payment(payout))


def _payment(payout: AuditedPayout) -> Net:
    credited = _CREDITED.get(payout.state)
    if credited is None:
        return Counter()
    debits = {Account.PAYOUT_CLEARING: payout.amount, credited: -payout.amount}
    return net(payout.currency, payout.merchant_id, debits)


class AdjustmentRow(NamedTuple):
    """An adjustment as it is stored; `amount` signed, in minor units."""

    adjustment_id: int
    merchant_id: str
    currency: str
    amount: int
    proposed_by: str
    agreed_by: str | None
    posted_at: datetime | None


def adjustment_faults(row: AdjustmentRow, posted: Net) -> Iterator[str]:
    """What is wrong about an adjustment whose postings changed `posted`."""
    amount = 0 if row.posted_at is None else row.amount
    debits = {Account.FEE_REVENUE: amount, Account.MERCHANT_PAYABLE: -amount}
    yield from wrong_postings(posted, net(row.currency, row.merchant_id, debits))
    if row.agreed_by is not None and is_same_person(row.agreed_by, row.proposed_by):
        yield f"{row.agreed_by} has agreed to an adjustment of their own"


class AuditedPayoutFile(NamedTuple):
    """A payout file's row, and its payouts: their number, their sum, and in how many currencies other than its own."""

    file_id: int
    payouts: int
    total: int
    sha256: str
    content: str
    counted: int
    added_up: int
    others: int


def payout_file_faults(file: AuditedPayoutFile) -> Iterator[str]:
    """What is wrong about a payout file."""
    yield from differs("its number of payouts", file.payouts, file.counted)
    yield from differs("its total", file.total, file.added_up)
    if file.others:
        yield f"{file.others} of its payouts are in another currency"
    yield from differs("its sha256", file.sha256, hashlib.sha256(file.content.encode()).hexdigest())
