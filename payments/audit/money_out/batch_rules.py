"""Checks of a settlement batch: the chain, the sums, the items, the postings, who has approved it. Pure."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from payments.audit.money_out.batches import AuditedBatch, BatchRow, ItemSums, Sums
from payments.audit.money_out.payout_rules import payout_faults
from payments.audit.money_out.sources import Net, differs, net, wrong_postings
from payments.ledger.rules import Account
from payments.platform.same_person import is_same_person
from payments.settlement.rules import State

_APPROVED: Final = frozenset({State.APPROVED, State.EXPORTED, State.CONFIRMED, State.RETURNED})


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
    if batch.wrong_fees.payments:
        number, first = batch.wrong_fees
        yield f"{number} payments have other fees than their schedule says, one is payment {first}"
    yield from _approvals(row)
    yield from payout_faults(batch)


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
    first, second = row.approved_by, row.approved_by_second
    if first is not None and second is not None and is_same_person(first, second):
        yield f"{first} has approved it twice"
