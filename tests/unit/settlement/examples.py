"""Schedules, items and batches for the tests of this folder, by hand and drawn by Hypothesis."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from payments.settlement.fees import FeeSchedule, OnRefund
from payments.settlement.rules import Batch, Item, ItemKind

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)
LIMIT = 10**12


def schedule(**changed: Any) -> FeeSchedule:
    """1.5 % plus 30, of all merchants, in USD, without limits."""
    plain: dict[str, Any] = {
        "merchant_id": "*",
        "currency": "USD",
        "basis_points": 150,
        "fixed": 30,
        "minimum": 0,
        "maximum": None,
        "valid_from": NOW,
        "on_refund": OnRefund.KEEP,
    }
    return FeeSchedule(**(plain | changed))


def batch(**changed: Any) -> Batch:
    """Batch 17 of M123 in USD, OPEN and empty."""
    plain: dict[str, Any] = {"batch_id": 17, "merchant_id": "M123", "currency": "USD"}
    return Batch(**(plain | changed))


@st.composite
def schedules(draw: st.DrawFn) -> FeeSchedule:
    """Any schedule of `*` in USD."""
    minimum = draw(st.integers(0, 500))
    return schedule(
        basis_points=draw(st.integers(0, 10_000)),
        fixed=draw(st.integers(0, 500)),
        minimum=minimum,
        maximum=draw(st.none() | st.integers(minimum, 5_000)),
        on_refund=draw(st.sampled_from(OnRefund)),
    )


@st.composite
def items(draw: st.DrawFn, batch_id: int = 17) -> list[Item]:
    """Any items of one batch, each of a posting of its own."""
    kinds = draw(st.lists(st.sampled_from(ItemKind), max_size=8))
    amounts, fees = st.integers(1, LIMIT), st.integers(0, 10**6)
    found = []
    for number, kind in enumerate(kinds, 1):
        amount, fee = draw(amounts), draw(fees)
        if kind is ItemKind.ADJUSTMENT:
            found.append(Item(batch_id, number, kind, draw(st.sampled_from([amount, -amount]))))
            continue
        fee = -fee if kind is ItemKind.REFUND else fee
        found.append(Item(batch_id, number, kind, amount, fee, event_id=100 + number, payment_id=7))
    return found
