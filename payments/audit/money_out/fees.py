"""What a payment must have cost by its fee schedule, reckoned apart from settlement. Pure.

`fee_reads` adds up the items of a payment; a fault of the rules that made them is not repeated here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from payments.settlement.fees import ANY_MERCHANT, OnRefund


class Schedule(NamedTuple):
    """A row of `fee_schedule` in one currency, in minor units."""

    merchant_id: str
    basis_points: int
    fixed: int
    minimum: int
    maximum: int | None
    valid_from: datetime
    on_refund: str


class Charged(NamedTuple):
    """The sums of a payment's items in a batch and in those before it, in minor units."""

    payment_id: int
    authorized_at: datetime
    captured: int
    refunded: int
    fees: int


class WrongFees(NamedTuple):
    """How many payments of a batch have cost something else; `first`: one of them."""

    payments: int = 0
    first: int | None = None


NONE_WRONG: Final = WrongFees()


def wrong_fees(payments: Iterable[Charged], schedules: Iterable[Schedule]) -> set[int]:
    """The ids of those that have not cost what their schedule says, or have none. `schedules`: of their merchant."""
    in_order = sorted(schedules, key=lambda each: each.valid_from, reverse=True)
    in_order.sort(key=lambda each: each.merchant_id == ANY_MERCHANT)  # one's own first, and of those the newest
    return {each.payment_id for each in payments if each.fees != _due(each, in_order)}


def _due(payment: Charged, schedules: Sequence[Schedule]) -> int | None:
    for schedule in schedules:
        if schedule.valid_from <= payment.authorized_at:
            kept = schedule.on_refund == OnRefund.KEEP
            return _fee(schedule, payment.captured if kept else payment.captured - payment.refunded)
    return None


def _fee(schedule: Schedule, amount: int) -> int:
    """Half of a minor unit is one; the limits come last."""
    if amount == 0:
        return 0
    share, rest = divmod(amount * schedule.basis_points, 10_000)
    due = max(share + (rest * 2 >= 10_000) + schedule.fixed, schedule.minimum)
    return due if schedule.maximum is None else min(due, schedule.maximum)
