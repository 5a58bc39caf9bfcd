"""What is shown as possible is what the rules of a payment allow, in every state and at every time."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from payments.payment.rules import Payment
from payments.platform.errors import Conflict
from payments.reading.operator_payment import possible
from tests.unit.payment.test_rules import NOW, TOO_LATE, states


def largest(payment: Payment, step: Callable[[int, datetime], object], now: datetime) -> int:
    """The largest amount that does not conflict; 0: none."""
    return max((amount for amount in range(1, payment.amount + 2) if _is_allowed(step, amount, now)), default=0)


def _is_allowed(step: Callable[..., object], *arguments: object) -> bool:
    try:
        step(*arguments)
    except Conflict:
        return False
    return True


@pytest.mark.parametrize("now", [NOW, TOO_LATE - timedelta(microseconds=1), TOO_LATE, TOO_LATE + timedelta(days=1)])
def test_what_is_possible_is_what_the_rules_allow(now: datetime) -> None:
    for payment in states(4):
        shown = possible(payment, now)
        assert shown.capture == largest(payment, payment.capture, now)
        assert shown.refund == largest(payment, payment.refund, now)
        assert shown.void == (payment.open_amount if _is_allowed(payment.void, now) else 0)
