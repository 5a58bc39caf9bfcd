"""Items of what is due: fees over batches, refunds that wait, adjustments."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.settlement.due import Due, OfPayment, items
from payments.settlement.fees import Amounts, FeeSchedule, OnRefund, charged
from payments.settlement.rules import Item, ItemKind
from payments.settlement.waiting_store import Waiting
from tests.unit.settlement.examples import NOW, batch, schedule, schedules

RETURN = [schedule(on_refund=OnRefund.RETURN)]


def due(entry_id: int, amount: int, payment_id: int = 7) -> Due:
    return Due(entry_id, amount, OfPayment(100 + entry_id, payment_id, NOW))


def test_items_by_hand() -> None:
    dues = [due(1, 10_000), due(2, -5_000), Due(3, -20), due(4, 100, payment_id=8)]
    assert items(batch(), dues, {8: Amounts(100)}, RETURN) == [
        Item(17, 3, ItemKind.ADJUSTMENT, -20),
        Item(17, 1, ItemKind.CAPTURE, 10_000, 180, event_id=101, payment_id=7),
        Item(17, 2, ItemKind.REFUND, 5_000, -75, event_id=102, payment_id=7),
        Item(17, 4, ItemKind.CAPTURE, 100, 1, event_id=104, payment_id=8),  # its fixed part is paid
    ]


def test_a_refund_waits_for_its_capture_wherever_it_is_posted() -> None:
    assert items(batch(), [due(1, -10)], {}, RETURN) == []
    assert [each.entry_id for each in items(batch(), [due(1, -10), due(2, 10)], {}, RETURN)] == [2, 1]
    assert [each.entry_id for each in items(batch(), [due(1, -10), due(2, 9)], {}, RETURN)] == [2]
    assert [each.entry_id for each in items(batch(), [due(1, -10)], {7: Amounts(15, 5)}, RETURN)] == [1]
    assert items(batch(), [due(1, -10)], {7: Amounts(15, 6)}, RETURN) == []


def test_the_schedule_is_that_of_the_authorization() -> None:
    later = schedule(valid_from=NOW + timedelta(hours=1), basis_points=1_000)
    (of_now,) = items(batch(), [due(1, 1_000)], {}, [later, *RETURN])
    new = replace(due(1, 1_000), of=OfPayment(1, 7, NOW + timedelta(hours=1)))
    (of_later,) = items(batch(), [new], {}, [later, *RETURN])
    assert (of_now.fee, of_later.fee) == (45, 130)
    with pytest.raises(LookupError, match="no fee schedule of M123 in USD"):
        items(batch(), [due(1, 1_000)], {}, [later])


@given(schedules(), st.lists(st.tuples(st.booleans(), st.integers(1, 10**6)), max_size=12), st.data())
def test_any_order_and_any_batches_cost_the_same(
    of: FeeSchedule, steps: list[tuple[bool, int]], data: st.DataObject
) -> None:
    """Steps of a payment are posted in any order and taken by any batches; all are taken in the end."""
    dues, left = [], 0
    for number, (is_capture, amount) in enumerate(steps, 1):
        signed = amount if is_capture else -min(amount, left)
        left += signed
        dues += [due(number, signed)] if signed else []
    captured = sum(each.amount for each in dues if each.amount > 0)
    waiting, settled, fees = data.draw(st.permutations(dues)), Amounts(), 0
    while waiting:
        size = data.draw(st.integers(1, len(waiting)))
        taken = items(batch(), waiting[:size], {7: settled}, [of])
        fees += sum(item.fee for item in taken)
        for item in taken:
            kind = "captured" if item.kind is ItemKind.CAPTURE else "refunded"
            settled = settled._replace(**{kind: getattr(settled, kind) + item.amount})
        gone = {item.entry_id for item in taken}
        late = [each for each in waiting[:size] if each.entry_id not in gone]
        waiting = [*waiting[size:], *late]
    assert settled == Amounts(captured, captured - left)
    assert fees == charged(of, settled)


def test_what_waits_in_two_places() -> None:
    one = Waiting("M", "USD", NOW, 0, 0, (3,))
    two = Waiting("M", "USD", NOW - timedelta(1), 5, 9, (4, 6))
    both = Waiting("M", "USD", NOW - timedelta(1), 5, 9, (3, 4, 6))
    assert one.and_also(two) == both
    assert two.and_also(Waiting("M", "USD", NOW, 2, 7)) == replace(two, first_payment=2)
