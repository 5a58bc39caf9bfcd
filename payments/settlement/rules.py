"""A settlement batch, of one merchant and one currency: its sums, its approval, and its way to the bank. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

from payments.platform.desk_errors import SecondOperatorNeeded
from payments.platform.same_person import is_same_person


class ItemKind(StrEnum):
    """What an item is of."""

    CAPTURE = "CAPTURE"
    REFUND = "REFUND"
    ADJUSTMENT = "ADJUSTMENT"
    """An operator's correction."""


class State(StrEnum):
    """The life of a batch."""

    OPEN = "OPEN"
    """It takes items; its sums are known when it is closed."""
    CLOSED = "CLOSED"
    APPROVED = "APPROVED"
    EXPORTED = "EXPORTED"
    """It is in a payout file: the bank may have paid it."""
    CONFIRMED = "CONFIRMED"
    RETURNED = "RETURNED"
    """The bank could not pay it."""
    CARRIED = "CARRIED"
    """Not paid out: its net is part of the next batch."""


UNPAID: Final = (State.CLOSED, State.APPROVED)
"""To be paid out, and in no payout file yet."""


class Step(StrEnum):
    """What moves a batch after it was closed and approved."""

    EXPORT = "EXPORT"
    CONFIRM = "CONFIRM"
    RETURN = "RETURN"


_AFTER: Final = {
    (State.APPROVED, Step.EXPORT): State.EXPORTED,
    (State.EXPORTED, Step.CONFIRM): State.CONFIRMED,
    (State.EXPORTED, Step.RETURN): State.RETURNED,
}


@dataclass(frozen=True, slots=True)
class Item:
    """A posting on merchant_payable in a batch, in minor units. `amount` is positive; an adjustment's has a sign.

    `fee`: what the merchant pays for it; of a refund what comes back, so not above 0. Raises ValueError otherwise.
    """

    batch_id: int
    entry_id: int
    """The posting: it is in one item ever."""
    kind: ItemKind
    amount: int
    fee: int = 0
    event_id: int | None = None
    """None, as its payment: an adjustment's."""
    payment_id: int | None = None

    def __post_init__(self) -> None:
        if self.amount == 0 or (self.amount < 0 and self.kind is not ItemKind.ADJUSTMENT):
            raise ValueError(f"{self.kind} of {self.amount}")
        wrong = {
            ItemKind.CAPTURE: self.fee < 0,
            ItemKind.REFUND: self.fee > 0,
            ItemKind.ADJUSTMENT: self.fee != 0,
        }
        if wrong[self.kind]:
            raise ValueError(f"{self.kind} with a fee of {self.fee}")

    @property
    def signed(self) -> int:
        """What it adds to what the merchant is paid, without its fee."""
        return -self.amount if self.kind is ItemKind.REFUND else self.amount


class Sums(NamedTuple):
    """What the items of a batch add up to, in minor units."""

    gross: int
    refunds: int
    fees: int
    adjustments: int
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One row of `settlement_batch`, in minor units. Sums are 0 while it is OPEN, all but `carried_in`.

    `approved_by`: operators, in their order.
    """

    batch_id: int
    merchant_id: str
    currency: str
    carried_in: int = 0
    """Of the batch before; negative: the merchant owes it."""
    state: State = State.OPEN
    gross: int = 0
    refunds: int = 0
    fees: int = 0
    adjustments: int = 0
    items: int = 0
    approved_by: tuple[str, ...] = ()

    @property
    def net(self) -> int:
        """What the merchant is to be paid; negative: owes."""
        return self.gross - self.refunds - self.fees + self.adjustments + self.carried_in

    @property
    def carried_out(self) -> int:
        """The part of the net that goes into the next batch: all of it, or nothing."""
        return self.net if self.state is State.CARRIED else 0


def with_sums(batch: Batch, items: Iterable[Item]) -> Batch:
    """The batch with the sums of its items. Raises ValueError for an item of another batch, or a posting twice."""
    counted = list(items)
    if any(item.batch_id != batch.batch_id for item in counted):
        raise ValueError(f"an item is not of batch {batch.batch_id}")
    if len({item.entry_id for item in counted}) != len(counted):
        raise ValueError(f"a posting is in batch {batch.batch_id} twice")
    amounts: Counter[ItemKind] = Counter()
    for item in counted:
        amounts[item.kind] += item.amount
    fees = sum(item.fee for item in counted)
    gross, refunds, adjustments = (amounts[kind] for kind in ItemKind)
    return replace(batch, **Sums(gross, refunds, fees, adjustments, len(counted))._asdict())


def closed(batch: Batch, items: Iterable[Item], minimum_payout: int) -> Batch:
    """As `closed_with`, of the items themselves. Raises ValueError as `with_sums`, too."""
    summed = with_sums(batch, items)
    return closed_with(batch, Sums(*(getattr(summed, name) for name in Sums._fields)), minimum_payout)


def closed_with(batch: Batch, sums: Sums, minimum_payout: int) -> Batch:
    """The batch with its sums: CLOSED, or CARRIED when its net is not above 0 or less than `minimum_payout`.

    Raises ValueError when it is not OPEN: what is closed never changes.
    """
    if batch.state is not State.OPEN:
        raise ValueError(f"batch {batch.batch_id} is {batch.state}: it is closed once")
    summed = replace(batch, **sums._asdict())
    is_paid = summed.net > 0 and summed.net >= minimum_payout
    return replace(summed, state=State.CLOSED if is_paid else State.CARRIED)


def approved(batch: Batch, operator: str, limit: int) -> Batch:
    """The batch after an operator's approval: APPROVED, or still CLOSED after the first one of a net above `limit`.

    Raises ValueError when it is not CLOSED, SecondOperatorNeeded when the first approves again.
    """
    if batch.state is not State.CLOSED:
        raise ValueError(f"batch {batch.batch_id} is {batch.state}: what is CLOSED is approved")
    has_approved = any(is_same_person(other, operator) for other in batch.approved_by)
    is_enough = batch.net <= limit or not all(is_same_person(other, operator) for other in batch.approved_by)
    if not is_enough and has_approved:
        raise SecondOperatorNeeded(f"You approved batch {batch.batch_id}; another operator has to approve it, too.")
    names = batch.approved_by if has_approved else (*batch.approved_by, operator)
    return replace(batch, approved_by=names, state=State.APPROVED if is_enough else State.CLOSED)


def moved(batch: Batch, step: Step) -> Batch:
    """The batch after a step of its payout. Raises ValueError when its state does not allow it."""
    state = _AFTER.get((batch.state, step))
    if state is None:
        raise ValueError(f"batch {batch.batch_id} is {batch.state}: no {step}")
    return replace(batch, state=state)


def following(batch: Batch, batch_id: int) -> Batch:
    """The next batch of the same merchant and currency, OPEN, with what this one carries.

    Raises ValueError while this one is OPEN: what it carries is not known yet.
    """
    if batch.state is State.OPEN:
        raise ValueError(f"batch {batch.batch_id} is still OPEN")
    return Batch(
        batch_id=batch_id, merchant_id=batch.merchant_id, currency=batch.currency, carried_in=batch.carried_out
    )
