"""Lost events are published again without an operator: once, bounded, and not those that are only late."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, func, select, update

from payments.dead_letters import changes as dead_letter_changes
from payments.dead_letters import halt_store
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.ledger import self_repair
from payments.ledger.self_repair import SelfRepair
from payments.metrics import HousekeepingMetrics
from payments.outbox import lease
from payments.outbox.rules import with_event_id
from payments.platform.clock import database_now
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.processes import lease as lease_table
from payments.platform.tables.processes import operator_action
from payments.platform.tasks.throttle import AT_ONCE
from payments.retention.service import Retention
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from worker.housekeeping import Housekeeping, Plan

AFTER = timedelta(seconds=600)
LONG = timedelta(days=30)


@pytest.fixture(autouse=True)
def ledger_lives(engine: Engine) -> None:
    with engine.begin() as connection:
        lease.beat(connection, "ledger", "a ledger")


def now(engine: Engine) -> datetime:
    with engine.connect() as connection:
        return database_now(connection)


def pay(engine: Engine, name: str, count: int = 1) -> None:
    commands.run(engine, *(commands.authorize(f"{name}{number}") for number in range(count)))


def publish(engine: Engine, ago: timedelta = AFTER + timedelta(seconds=5)) -> None:
    """Mark pending events as published that long ago, and lost."""
    with engine.begin() as connection:
        waiting = outbox_event.c.published == 0
        connection.execute(update(outbox_event).where(waiting).values(published=1, published_at=now(engine) - ago))


def waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).where(outbox_event.c.published == 0)).scalar_one())


def test_what_was_lost_is_published_again_once_in_a_period(engine: Engine) -> None:
    pay(engine, "posted")
    publish_and_post(engine)
    pay(engine, "lost", 3)
    publish(engine)
    pay(engine, "young")
    publish(engine, AFTER - timedelta(seconds=60))
    repair = SelfRepair(engine, AFTER)
    assert repair.round(AT_ONCE) == 3
    assert waiting(engine) == 3
    publish(engine, timedelta(0))
    assert [repair.round(AT_ONCE) for _ in range(3)] == [0, 0, 0]
    with engine.connect() as connection:
        action = connection.execute(select(operator_action)).one()
    assert (action.actor, action.action, action.target) == ("housekeeping", "republish", "outbox")


def test_a_round_is_bounded_and_the_next_goes_on(engine: Engine) -> None:
    pay(engine, "lost", 7)
    publish(engine)
    repair = SelfRepair(engine, AFTER, limit=3)
    assert [repair.round(AT_ONCE) for _ in range(4)] == [3, 3, 1, 0]


def test_it_looks_at_everything_in_turn(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_repair, "WINDOW", 2)
    monkeypatch.setattr(self_repair, "WINDOWS", 2)
    pay(engine, "oldest")
    publish(engine, LONG)
    pay(engine, "posted", 30)
    publish_and_post(engine)
    repair = SelfRepair(engine, AFTER)
    for _ in range(4):
        repair.round(AT_ONCE)
    publish(engine)  # it was found, and is lost once more
    assert sum(repair.round(AT_ONCE) for _ in range(10)) == 1


def test_what_grows_old_is_found_before_its_turn(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_repair, "WINDOW", 1)
    monkeypatch.setattr(self_repair, "WINDOWS", 5)
    pay(engine, "posted", 30)
    publish_and_post(engine)
    later = [timedelta(0)]
    repair = SelfRepair(engine, AFTER, now=lambda connection: database_now(connection) + later[0])
    monkeypatch.setattr(self_repair, "LEDGER_SILENT", LONG)
    assert repair.round(AT_ONCE) == 0
    pay(engine, "lost", 3)
    publish(engine, timedelta(0))
    assert repair.round(AT_ONCE) == 0
    later[0] = AFTER + timedelta(seconds=70)
    assert repair.round(AT_ONCE) == 3


def no_ledger(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(lease_table).values(renewed_at=now(engine) - timedelta(seconds=30)))


def halted(engine: Engine) -> None:
    with engine.begin() as connection:
        halt_store.begin(connection, "poison", database_now(connection))


def behind(engine: Engine) -> None:
    """Most of its recent postings were published long ago."""
    pay(engine, "behind", 4)
    publish_and_post(engine)
    with engine.begin() as connection:
        posted = select(inbox_event.c.event_id).scalar_subquery()
        late = update(outbox_event).where(outbox_event.c.event_id.in_(posted))
        connection.execute(late.values(published_at=now(engine) - AFTER * 2))


@pytest.mark.parametrize("trouble", [no_ledger, halted, behind])
def test_while_the_ledger_is_to_blame_nothing_is_repaired(engine: Engine, trouble: Callable[[Engine], None]) -> None:
    trouble(engine)
    pay(engine, "unposted")
    publish(engine)
    assert SelfRepair(engine, AFTER).round(AT_ONCE) == 0


@pytest.mark.parametrize(
    ("state", "readable", "repaired"),
    [("OPEN", True, 1), ("DISCARDED", True, 1), ("OPEN", False, 0), ("RESOLVED", True, 2)],
)
def test_an_event_that_became_a_letter_is_not_lost(engine: Engine, state: str, readable: bool, repaired: int) -> None:
    pay(engine, "letter")
    publish_and_post(engine)
    for key in ("c", "d"):
        commands.run_one(engine, commands.capture(1, key, 5))
    publish(engine)
    with engine.begin() as connection:
        first = connection.execute(select(outbox_event).where(outbox_event.c.topic == "payment.captured")).all()[0]
        payload = with_event_id(first.payload, first.event_id) if readable else "{"
        letter = DeadLetter("c", "payment.captured", 0, 0, 1, payload, None, "1", "InvalidEvent", "why")
        dead_letter_store.add(connection, [letter], database_now(connection))
        connection.execute(update(dead_letter).values(state=state))
    publish(engine)  # also the dead letter's announcement
    assert SelfRepair(engine, AFTER).round(AT_ONCE) == repaired


def test_the_last_replay_of_a_letter_is_published_again(engine: Engine) -> None:
    letter = DeadLetter("c", "payment.captured", 0, 0, 1, "{}", None, "1", "PaymentNotFound", "none")
    with engine.begin() as connection:
        dead_letter_store.add(connection, [letter], database_now(connection))
    for _ in range(2):
        with engine.begin() as connection:
            connection.execute(update(dead_letter).values(state="OPEN"))
            stored = dead_letter_changes.lock(connection, 1)
            assert stored is not None
            dead_letter_changes.start_replay(connection, stored, database_now(connection))
    publish(engine)
    assert SelfRepair(engine, AFTER).round(AT_ONCE) == 1


def test_housekeeping_counts_what_it_published_again(engine: Engine) -> None:
    pay(engine, "lost", 2)
    publish(engine)
    registry = CollectorRegistry()
    plan = Plan(5, 60, Retention(LONG, LONG, LONG))
    Housekeeping(engine, plan, HousekeepingMetrics(registry), threading.Event()).repair()
    assert registry.get_sample_value("events_republished_total") == 2
    assert len(publish_and_post(engine)) == 2
