"""What shops pay, and an independent calculation of it: fractions, and the whole payment at once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

from payments.settlement.fees import ANY_MERCHANT, FeeSchedule, OnRefund
from tests.stories.month.shops import Sale

FIRST: Final = datetime(2030, 3, 1, tzinfo=UTC)
NEW_PRICE: Final = datetime(2030, 3, 13, 7, tzinfo=UTC)


def schedule(
    merchant_id: str, currency: str, basis_points: int, fixed: int, on_refund: OnRefund, valid_from: datetime = FIRST
) -> FeeSchedule:
    """A price; where refunds give it back it has limits, too."""
    return FeeSchedule(
        merchant_id=merchant_id,
        currency=currency,
        basis_points=basis_points,
        fixed=fixed,
        minimum=0 if on_refund is OnRefund.KEEP else 40,
        maximum=None if on_refund is OnRefund.KEEP else 3_000,
        valid_from=valid_from,
        on_refund=on_refund,
    )


PRICES: Final = (
    schedule(ANY_MERCHANT, "EUR", 250, 25, OnRefund.KEEP),
    schedule(ANY_MERCHANT, "KRW", 290, 300, OnRefund.KEEP),
    schedule(ANY_MERCHANT, "KWD", 275, 0, OnRefund.RETURN),
    schedule("M02", "EUR", 190, 10, OnRefund.RETURN),
    schedule("M05", "KRW", 333, 7, OnRefund.RETURN),
    schedule(ANY_MERCHANT, "EUR", 240, 20, OnRefund.RETURN, NEW_PRICE),
    schedule("M02", "EUR", 170, 9, OnRefund.KEEP, NEW_PRICE),
)
"""In the order in which they come into force."""


def price_of(sale: Sale, prices: Sequence[FeeSchedule] = PRICES) -> int:
    """What a payment has cost its shop in the end, in minor units. `prices`: in the order of their times."""
    valid = [each for each in prices if each.currency == sale.currency and each.valid_from <= sale.at]
    own = [each for each in valid if each.merchant_id == sale.shop.merchant_id]
    price = (own or [each for each in valid if each.merchant_id == ANY_MERCHANT])[-1]
    counted = sale.captured if price.on_refund is OnRefund.KEEP else sale.captured - sale.refunded
    if counted == 0:
        return 0
    share = (Fraction(counted * price.basis_points, 10_000) + Fraction(1, 2)).__floor__()
    return min(max(share + price.fixed, price.minimum), 10**15 if price.maximum is None else price.maximum)
