"""Which fee schedule is in force for a payment, and that a new one never changes what has been charged."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.settlement.fees import NOTICE, FeeSchedule, added, in_force
from tests.unit.settlement.examples import NOW, schedule

HOUR = timedelta(hours=1)
OWN, OTHER = {"merchant_id": "M123"}, {"merchant_id": "M124"}


@pytest.mark.parametrize(
    ("known", "index"),
    [
        ([{}], 0),
        ([{}, {"valid_from": NOW - HOUR}], 0),
        ([{"valid_from": NOW - 2 * HOUR}, {"valid_from": NOW - HOUR}], 1),
        ([{}, {"valid_from": NOW + timedelta(microseconds=1)}], 0),
        ([{}, {**OWN, "valid_from": NOW - HOUR}], 1),  # its own, although it is older
        ([{}, {**OWN, "valid_from": NOW + HOUR}], 0),  # its own is not in force yet
        ([{}, OTHER], 0),
        ([{}, {**OWN, "currency": "EUR"}], 0),
    ],
)
def test_the_schedule_in_force(known: list[dict[str, Any]], index: int) -> None:
    versions = [schedule(**changed) for changed in known]
    assert in_force(versions, "M123", "USD", NOW) is versions[index]
    assert in_force(versions[::-1], "M123", "USD", NOW) is versions[index]


@pytest.mark.parametrize("known", [[], [{"currency": "EUR"}], [{"valid_from": NOW + HOUR}], [OTHER]])
def test_nothing_is_free_because_no_schedule_is_in_force(known: list[dict[str, Any]]) -> None:
    with pytest.raises(LookupError, match="no fee schedule of M123 in USD"):
        in_force([schedule(**changed) for changed in known], "M123", "USD", NOW)


VERSIONS = st.builds(
    schedule,
    merchant_id=st.sampled_from(["*", "M123", "M124"]),
    currency=st.sampled_from(["USD", "EUR"]),
    valid_from=st.integers(-48, 48).map(lambda hours: NOW + hours * HOUR),
)


@given(st.lists(VERSIONS, max_size=6), VERSIONS, st.integers(0, 10**6))
def test_a_new_schedule_changes_nothing_of_payments_until_now(
    known: list[FeeSchedule], new: FeeSchedule, before: int
) -> None:
    authorized_at = NOW - timedelta(seconds=before)
    try:
        then = added(known, new, NOW)
    except ValueError:
        return
    for merchant in ("M123", "M124", "M125"):
        assert found(then, merchant, authorized_at) is found(known, merchant, authorized_at)


def found(known: list[FeeSchedule], merchant: str, at: datetime) -> FeeSchedule | None:
    try:
        return in_force(known, merchant, "USD", at)
    except LookupError:
        return None


def test_a_new_schedule_needs_notice_and_its_own_time() -> None:
    soon = schedule(valid_from=NOW + NOTICE)
    assert added([], soon, NOW) == [soon]
    with pytest.raises(ValueError, match="at least 1:00:00 before"):
        added([], schedule(valid_from=NOW + NOTICE - timedelta(microseconds=1)), NOW)
    with pytest.raises(ValueError, match="already"):
        added([soon], schedule(valid_from=NOW + NOTICE, fixed=31), NOW)
    assert len(added([soon], schedule(valid_from=NOW + NOTICE, currency="EUR"), NOW)) == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"currency": "XXX"}, "no currency"),
        ({"basis_points": -1}, "basis points"),
        ({"basis_points": 10_001}, "basis points"),
        ({"fixed": -1}, "negative"),
        ({"minimum": -1}, "negative"),
        ({"minimum": 10, "maximum": 9}, "less than the minimum"),
        ({"valid_from": NOW.replace(tzinfo=None)}, "UTC"),
        ({"valid_from": NOW.astimezone(timezone(9 * HOUR))}, "UTC"),
    ],
)
def test_a_schedule_that_cannot_be(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        schedule(**changed)
