"""Distinguishes stuck events from a backlog that the ledger is processing, on both databases."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from payments.audit.service import audit
from payments.outbox.rules import partition_of
from payments.platform.tables.breaker import circuit_breaker
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.housekeeping import audit_run
from tests.contracts import commands
from tests.contracts.posting import publish_and_post

OUTAGE = timedelta(minutes=10)
COUNT = 60


def change(engine: Engine, *statements: Any) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def ago(**duration: float) -> datetime:
    return datetime.now(UTC) - timedelta(**duration)


def stuck(engine: Engine, *, full: bool = False) -> int:
    report = audit(engine, full=full, answers_kept=timedelta(days=30))
    assert {difference.kind for difference in report.differences} <= {"stuck"}
    return len(report.differences)


def closed_since(engine: Engine, at: datetime) -> None:
    row = {"name": "kafka-publisher", "state": "CLOSED", "state_since": at, "observed_at": at}
    change(engine, insert(circuit_breaker).values(**row, snapshot="{}", history="[]", applied_command_id=0))


@pytest.fixture
def backlog(engine: Engine) -> list[int]:
    """Payments whose authorizations have waited for as long as the outage took."""
    results = commands.run(engine, *(commands.authorize(f"k{number}") for number in range(COUNT)))
    change(engine, update(outbox_event).values(created_at=ago(seconds=OUTAGE.total_seconds())))
    return [json.loads(result.body)["paymentId"] for result in results]


def test_what_an_outage_left_is_not_stuck_while_it_is_worked_off(engine: Engine, backlog: list[int]) -> None:
    closed_since(engine, ago(seconds=65))
    assert stuck(engine) == 0  # nothing to compare with yet
    for full in (False, True):
        publish_and_post(engine, COUNT // 4)
        assert stuck(engine, full=full) == 0
    publish_and_post(engine)
    assert stuck(engine) == 0


def test_after_an_outage_it_is_stuck_when_nothing_of_it_was_posted_since_the_former_audit(
    engine: Engine, backlog: list[int]
) -> None:
    closed_since(engine, ago(seconds=50))
    assert [stuck(engine) for _ in range(2)] == [0, 0]
    change(engine, update(circuit_breaker).values(state_since=ago(seconds=65)))
    publish_and_post(engine, 5)
    assert [stuck(engine) for _ in range(2)] == [0, 0]
    change(engine, update(inbox_event).values(posted_at=ago(seconds=11)))
    assert stuck(engine) == COUNT - 5
    publish_and_post(engine, 5)
    assert stuck(engine) == 0  # the ledger makes progress


def test_an_event_that_later_ones_have_passed_is_stuck_though_others_are_worked_off(
    engine: Engine, backlog: list[int]
) -> None:
    closed_since(engine, ago(seconds=300))
    stuck(engine)
    lost = backlog[0]
    change(engine, update(outbox_event).where(outbox_event.c.aggregate_id == lost).values(published=1))
    publish_and_post(engine, COUNT // 2)
    assert stuck(engine) == 0  # it was passed, but just now
    change(engine, update(inbox_event).values(posted_at=ago(seconds=61)), update(audit_run).values(at=ago(seconds=30)))
    publish_and_post(engine, 1)  # so that the ledger makes progress
    assert stuck(engine) == 1


def test_an_event_of_another_partition_passes_nothing(engine: Engine, backlog: list[int]) -> None:
    closed_since(engine, ago(seconds=300))
    stuck(engine)
    behind = partition_of(backlog[0])
    others = [payment_id for payment_id in backlog if partition_of(payment_id) != behind]
    own = outbox_event.c.aggregate_id.in_(others)
    change(engine, update(outbox_event).where(~own).values(published=1))
    publish_and_post(engine, len(others) - 1)
    change(engine, update(inbox_event).values(posted_at=ago(seconds=61)), update(audit_run).values(at=ago(seconds=30)))
    publish_and_post(engine, 1)
    assert stuck(engine) == 0


def test_a_lost_event_is_stuck_while_new_ones_are_posted_at_once(engine: Engine, backlog: list[int]) -> None:
    change(engine, update(outbox_event).where(outbox_event.c.aggregate_id == backlog[0]).values(published=1))
    publish_and_post(engine)
    long_ago = ago(minutes=5)
    change(engine, update(inbox_event).values(posted_at=long_ago))
    assert stuck(engine) == 1
    commands.run_one(engine, commands.authorize("new"))
    publish_and_post(engine)
    assert stuck(engine) == 1
