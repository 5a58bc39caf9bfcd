"""What is due to be settled, and the items that it becomes: each with the fee of its step. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from payments.settlement.fees import Amounts, FeeSchedule, in_force, step_fee
from payments.settlement.rules import Batch, Item, ItemKind


@dataclass(frozen=True, slots=True)
class OfPayment:
    """The event and payment of a posting. `requested_at`: when the payment was authorized."""

    event_id: int
    payment_id: int
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A posting on merchant_payable that is in no item. `amount`: minor units; negative: the merchant owes it.

    `of` None: an adjustment, or a payout that came back.
    """

    entry_id: int
    amount: int
    of: OfPayment | None = None


def items(
    batch: Batch, dues: Iterable[Due], settled: Mapping[int, Amounts], schedules: Sequence[FeeSchedule]
) -> list[Item]:
    """The items that `batch` takes. `settled`: what of these payments is in items so far, in batches before, too.

    A refund of more than was captured so far is not taken: its capture is not posted yet, and both come later. Raises
    LookupError when a payment has no fee schedule.
    """
    so_far = dict(settled)
    taken = []
    for due in sorted(dues, key=_captures_first):
        if due.of is None:
            taken.append(Item(batch.batch_id, due.entry_id, ItemKind.ADJUSTMENT, due.amount))
            continue
        before = so_far.get(due.of.payment_id, Amounts())
        after = _after(before, due.amount)
        if after.refunded > after.captured:
            continue
        schedule = in_force(schedules, batch.merchant_id, batch.currency, due.of.requested_at)
        kind = ItemKind.CAPTURE if due.amount > 0 else ItemKind.REFUND
        fee = step_fee(schedule, before, after)
        event_id, payment_id = due.of.event_id, due.of.payment_id
        taken.append(Item(batch.batch_id, due.entry_id, kind, abs(due.amount), fee, event_id, payment_id))
        so_far[payment_id] = after
    return taken


def _captures_first(due: Due) -> tuple[int, bool, int]:
    return (due.of.payment_id if due.of else 0, due.amount < 0, due.entry_id)


def _after(before: Amounts, amount: int) -> Amounts:
    if amount > 0:
        return before._replace(captured=before.captured + amount)
    return before._replace(refunded=before.refunded - amount)
