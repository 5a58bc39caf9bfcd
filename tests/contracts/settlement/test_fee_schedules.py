"""Fee schedules: versions that are added with notice, and are in force for payments from then on."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from payments.platform.desk_errors import FeeScheduleConflict
from payments.platform.errors import NotFound, ValidationFailed
from payments.platform.operators import actions
from payments.settlement import fee_schedules, schedule_store, schedule_view
from payments.settlement.fees import NOTICE, FeeSchedule, OnRefund, in_force
from payments.settlement.schedule_store import StoredSchedule
from tests.contracts.settlement.selling import NOON, register

SOONEST = NOON + NOTICE


def add(engine: Engine, **changed: Any) -> StoredSchedule:
    plain: dict[str, Any] = {"merchant_id": "*", "currency": "EUR", "basis_points": 150, "fixed": 30, "minimum": 0}
    plain |= {"maximum": None, "valid_from": SOONEST, "on_refund": OnRefund.RETURN}
    with engine.begin() as connection:
        return fee_schedules.add(connection, FeeSchedule(**(plain | changed)), "cli:a", "new prices", NOON)


def test_a_version_is_in_force_from_its_time_on(engine: Engine) -> None:
    added = add(engine)
    with engine.connect() as connection:
        known = schedule_store.of_merchant(connection, "M1", "EUR")
        assert in_force(known, "M1", "EUR", SOONEST) == added.schedule
        assert in_force(known, "M1", "EUR", SOONEST - timedelta(microseconds=1)).basis_points == 0, "the migration's"
        (noted,) = actions(connection, None, 1)
        (shown, *_), _ = schedule_view.schedules(connection, "*", "EUR", None, 9)
    assert (noted.actor, noted.action, noted.target) == ("cli:a", "fees.add", f"fee schedule {added.schedule_id}")
    assert noted.detail.endswith("150 basis points and 30, 0 to any, RETURN on refund: new prices")
    assert (shown.schedule_id, shown.created_by, shown.basis_points) == (added.schedule_id, "cli:a", 150)


def test_it_needs_an_hours_notice(engine: Engine) -> None:
    with pytest.raises(ValidationFailed) as refused:
        add(engine, valid_from=SOONEST - timedelta(microseconds=1))
    assert [field for field, _ in refused.value.errors] == ["validFrom"]


def test_a_second_one_of_the_same_time_is_refused_and_the_transaction_goes_on(engine: Engine) -> None:
    first = add(engine)
    with engine.begin() as connection:
        with pytest.raises(FeeScheduleConflict):
            fee_schedules.add(connection, first.schedule, "cli:a", "again", NOON)
        assert [each.schedule for each in schedule_store.page(connection, "*", "EUR", None, 1)] == [first.schedule]
    add(engine, currency="USD")
    add(engine, valid_from=SOONEST + timedelta(microseconds=1))


def test_it_is_of_a_merchant_that_is_known(engine: Engine) -> None:
    with pytest.raises(NotFound):
        add(engine, merchant_id="M1")
    register(engine, "M1", "UTC")
    assert add(engine, merchant_id="M1").schedule.merchant_id == "M1"
