"""A settlement batch as the audit reads it: its row, the sums of its items, its payout, its postings. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from payments.audit.money_out.fees import NONE_WRONG, WrongFees
from payments.audit.money_out.sources import Net


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
    wrong_fees: WrongFees = NONE_WRONG
    """Of no payment where the items were not read."""
