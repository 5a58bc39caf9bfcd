"""Checks of settlement: batches with their items and payouts, payout files, adjustments. Pure."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from payments.audit.sources import Net, differs, net, wrong_postings
from payments.ledger.rules import Account
from payments.settlement.rules import State

_APPROVED: Final = frozenset({State.APPROVED, State.EXPORTED, State.CONFIRMED, State.RETURNED})
_IN_A_FILE: Final = frozenset({State.EXPORTED, State.CONFIRMED, State.RETURNED})
_CREDITED: Final[dict[str, Account]] = {State.CONFIRMED: Account.BANK, State.RETURNED: Account.MERCHANT_PAYABLE}


class Sums(NamedTuple):
    """The sums of a batch, or of its items, in minor units, and the number of items."""

    gross: int = 0
    refunds: int = 0
    fees: int = 0
    adjustments: int = 0
    items: int = 0


class ItemSums(NamedTuple):
    """`strays`: items that do not agree with their postings; `first_stray`: the id of one of them."""

    sums: Sums
    strays: int = 0
    first_stray: int | None = None


class AuditedPayout(NamedTuple):
    """A payout's row."""

    payout_id: int
    merchant_id: str
    currency: str
    amount: int
    state: str


class BatchRow(NamedTuple):
    """A batch as it is stored, in minor units.

    `carried_before`: what the batch before carries out; None: there is none, or it is not closed.
    """

    batch_id: int
    merchant_id: str
    currency: str
    number: int
    state: str
    carried_in: int
    gross: int
    refunds: int
    fees: int
    adjustments: int
    items: int
    net: int
    carried_out: int
    approved_by: str | None
    approved_by_second: str | None
    carried_before: int | None

    @property
    def sums(self) -> Sums:
        """Those that its items must have."""
        return Sums(self.gross, self.refunds, self.fees, self.adjustments, self.items)


@dataclass(frozen=True, slots=True)
class AuditedBatch:
    """A batch, and what it has to agree with."""

    row: BatchRow
    counted: ItemSums | None
    """Of its items; None: they were not read."""
    posted: Net
    payout: AuditedPayout | None = None
    paid: Net = field(default_factory=Counter)
    """What the payout's postings changed."""


def batch_faults(batch: AuditedBatch) -> Iterator[str]:
    """What is wrong about a batch."""
    row = batch.row
    before = 0 if row.number == 1 else row.carried_before
    if before is None:
        yield f"there is no closed batch {row.number - 1} before it"
    else:
        yield from differs("carried_in", row.carried_in, before)
    if row.state == State.OPEN:
        yield from differs("the sums of an OPEN batch", row.sums, Sums())
        yield from wrong_postings(batch.posted, Counter())
    else:
        yield from _sums(row)
        yield from wrong_postings(batch.posted, _closing(row))
    if batch.counted is not None:
        yield from _items(row.sums, batch.counted)
    yield from _approvals(row)
    yield from _payout(batch)


def _sums(row: BatchRow) -> Iterator[str]:
    due = row.gross - row.refunds - row.fees + row.adjustments + row.carried_in
    yield from differs("net", row.net, due)
    yield from differs("carried_out", row.carried_out, row.net if row.state == State.CARRIED else 0)
    if row.state != State.CARRIED and row.net <= 0:
        yield f"it is {row.state} with a net of {row.net}"


def _items(stored: Sums, counted: ItemSums) -> Iterator[str]:
    for name, of_batch, of_items in zip(Sums._fields, stored, counted.sums, strict=True):
        if of_batch != of_items:
            yield f"{name} is {of_batch}, its items have {of_items}"
    if counted.strays:
        yield f"{counted.strays} items do not agree with their postings, one is item {counted.first_stray}"


def _closing(row: BatchRow) -> Net:
    paid_out = 0 if row.state == State.CARRIED else row.net
    debits = {
        Account.MERCHANT_PAYABLE: row.fees + paid_out,
        Account.FEE_REVENUE: -row.fees,
        Account.PAYOUT_CLEARING: -paid_out,
    }
    return net(row.currency, row.merchant_id, debits)


def _approvals(row: BatchRow) -> Iterator[str]:
    if row.state in _APPROVED and row.approved_by is None:
        yield f"it is {row.state}, and nobody has approved it"
    if row.approved_by is not None and row.approved_by == row.approved_by_second:
        yield f"{row.approved_by} has approved it twice"


def _payout(batch: AuditedBatch) -> Iterator[str]:
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
    if row.agreed_by == row.proposed_by:
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
