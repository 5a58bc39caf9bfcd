"""Random splits of a payment into steps: the fees of its items add up to the fee of the whole, to the minor unit."""

from collections.abc import Iterator
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from payments.settlement.fees import Amounts, FeeSchedule, OnRefund, fee, step_fee
from payments.settlement.rules import Item, ItemKind, with_sums
from tests.unit.settlement.examples import LIMIT, batch, schedules

MOST_STEPS = 12


def split(draw: Random, total: int) -> list[int]:
    """Captures that add up to `total`, each at least 1."""
    pieces = draw.randint(1, min(MOST_STEPS, total))
    cuts = sorted({draw.randrange(1, total) for _ in range(pieces - 1)}) if total > 1 else []
    return [after - before for before, after in pairwise([0, *cuts, total])]


def history(draw: Random, total: int) -> Iterator[Amounts]:
    """The amounts of a payment after each step, with refunds between its captures."""
    captured = refunded = 0
    for piece in split(draw, total):
        captured += piece
        yield Amounts(captured, refunded)
        if captured > refunded and draw.random() < 0.3:
            refunded += draw.randint(1, captured - refunded)
            yield Amounts(captured, refunded)


def items(of: FeeSchedule, steps: list[Amounts]) -> list[Item]:
    """What settlement makes of these steps."""
    made = []
    for event_id, (before, after) in enumerate(pairwise([Amounts(), *steps]), 1):
        is_refund = after.refunded > before.refunded
        amount = sum(after) - sum(before)
        kind = ItemKind.REFUND if is_refund else ItemKind.CAPTURE
        made.append(Item(17, event_id, kind, amount, step_fee(of, before, after)))
    return made


def test_the_fees_of_items_add_up_to_the_fee_of_the_whole(long: bool) -> None:
    examples, splits = (1_000, 1_000) if long else (50, 40)
    tried = [0]

    @settings(max_examples=examples)
    @given(schedules(), st.integers(1, LIMIT), st.integers(0, 2**63))
    def of_many(of: FeeSchedule, total: int, seed: int) -> None:
        draw = Random(seed)
        for _ in range(splits):
            tried[0] += 1
            steps = list(history(draw, total))
            last = steps[-1]
            whole = total if of.on_refund is OnRefund.KEEP else total - last.refunded
            summed = with_sums(batch(), items(of, steps))
            assert summed.fees == fee(of, whole), (total, steps)
            assert summed.gross - summed.refunds == last.captured - last.refunded

    of_many()
    assert tried[0] >= examples * splits
