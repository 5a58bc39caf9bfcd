"""What a merchant pays: the fee schedule in force, and the fee of each step. Integers in minor units only. Pure.

A fee is a function of a payment's amounts, and a step costs the difference between after and before. So it does not
matter how a payment was divided into steps.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from payments.platform.values.money import DECIMALS

ANY_MERCHANT: Final = "*"
NOTICE: Final = timedelta(hours=1)
"""How long before it is in force a schedule is added, at least: longer than any transaction and any clock's error."""


class OnRefund(StrEnum):
    """What becomes of the fee of a refunded amount."""

    KEEP = "KEEP"
    RETURN = "RETURN"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """One version; it never changes. Amounts in minor units of its currency; `maximum` None: no limit.

    Raises ValueError for a schedule that cannot be.
    """

    merchant_id: str
    """ANY_MERCHANT: of all that have none of their own."""
    currency: str
    basis_points: int
    """Hundredths of a percent of the captured amount."""
    fixed: int
    minimum: int
    maximum: int | None
    valid_from: datetime
    on_refund: OnRefund

    def __post_init__(self) -> None:
        if self.currency not in DECIMALS:
            raise ValueError(f"there is no currency {self.currency}")
        if not 0 <= self.basis_points <= 10_000:
            raise ValueError("basis points must be between 0 and 10000")
        if self.fixed < 0 or self.minimum < 0:
            raise ValueError("amounts must not be negative")
        if self.maximum is not None and self.maximum < self.minimum:
            raise ValueError("the maximum must not be less than the minimum")
        if self.valid_from.utcoffset() != timedelta(0):
            raise ValueError("valid_from must be in UTC")


class Amounts(NamedTuple):
    """What is captured and refunded of a payment so far, in minor units."""

    captured: int = 0
    refunded: int = 0


def fee(schedule: FeeSchedule, amount: int) -> int:
    """The fee of an amount captured at once: its share rounded half up, plus the fixed part, within the limits.

    0 for 0. It never falls when the amount grows, and may exceed a small amount. Raises ValueError for less than 0.
    """
    if amount < 0:
        raise ValueError(f"an amount of {amount} has no fee")
    if amount == 0:
        return 0
    share = (amount * schedule.basis_points + 5000) // 10_000
    due = max(share + schedule.fixed, schedule.minimum)
    return due if schedule.maximum is None else min(due, schedule.maximum)


def charged(schedule: FeeSchedule, amounts: Amounts) -> int:
    """All that a payment has cost so far: the fee of what was captured (KEEP), or of what is left of it (RETURN).

    Raises ValueError when more is refunded than captured.
    """
    left = amounts.captured - amounts.refunded
    if amounts.refunded < 0 or left < 0:
        raise ValueError(f"{amounts} cannot be of a payment")
    return fee(schedule, amounts.captured if schedule.on_refund is OnRefund.KEEP else left)


def step_fee(schedule: FeeSchedule, before: Amounts, after: Amounts) -> int:
    """The fee of the step from `before` to `after`. Negative: a refund gives back so much."""
    return charged(schedule, after) - charged(schedule, before)


def in_force(schedules: Iterable[FeeSchedule], merchant_id: str, currency: str, authorized_at: datetime) -> FeeSchedule:
    """The schedule of a payment: its merchant's own before that of ANY_MERCHANT, and of those the newest.

    The time is the authorization's, so that all steps of a payment have the same. Raises LookupError when none is in
    force: nothing is free by mistake.
    """
    valid = [each for each in schedules if each.currency == currency and each.valid_from <= authorized_at]
    for owner in (merchant_id, ANY_MERCHANT):
        of_owner = [each for each in valid if each.merchant_id == owner]
        if of_owner:
            return max(of_owner, key=lambda each: each.valid_from)
    raise LookupError(f"no fee schedule of {merchant_id} in {currency} is in force at {authorized_at.isoformat()}")


def added(schedules: Iterable[FeeSchedule], new: FeeSchedule, now: datetime) -> list[FeeSchedule]:
    """The schedules with a new one. Raises ValueError when it could change what a payment until `now` has cost.

    That is one in force sooner than NOTICE after `now`, or a second one of the same time.
    """
    known = list(schedules)
    if new.valid_from < now + NOTICE:
        raise ValueError(f"a schedule is added at least {NOTICE} before it is in force")
    if any(_version(each) == _version(new) for each in known):
        raise ValueError("there is a schedule of this merchant, currency and time already")
    return [*known, new]


def _version(schedule: FeeSchedule) -> tuple[str, str, datetime]:
    return schedule.merchant_id, schedule.currency, schedule.valid_from
