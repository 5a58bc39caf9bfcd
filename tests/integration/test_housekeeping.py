"""Housekeeping as in its process: its tasks on both databases, its schedule, its gauges."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, create_engine, insert, text, update
from sqlalchemy.exc import OperationalError

from payments.dead_letters import service as dead_letters
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.metrics import TASKS, HousekeepingMetrics
from payments.outbox.rules import OutboxState
from payments.platform.clock import database_now
from payments.platform.database import create_engine as create_database_engine
from payments.platform.tables.events import outbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import payment
from payments.retention.service import Retention
from stack.mariadb import MariaDBServer
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from tests.servers import migrated_database, until
from worker.housekeeping import Housekeeping, Plan, run
from worker.money_out import MoneyOut
from worker.schedule import Schedule, Task

PLAN = Plan(0.1, 60.0, Retention(timedelta(0), timedelta(days=30), timedelta(days=30)))


class House:
    """Housekeeping on one database, and what its gauges show."""

    def __init__(self, engine: Engine) -> None:
        self.registry = CollectorRegistry()
        metrics = HousekeepingMetrics(self.registry)
        self.tasks = Housekeeping(engine, PLAN, metrics, threading.Event())

    def shows(self, metric: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(metric, labels)


@pytest.fixture
def house(engine: Engine) -> House:
    return House(engine)


def authorized(engine: Engine, key: str, **options: Any) -> int:
    return int(json.loads(commands.run_one(engine, commands.authorize(key, **options)).body)["paymentId"])


def test_the_gauges_show_what_the_database_knows(house: House, engine: Engine) -> None:
    house.tasks.export()
    assert (house.shows("outbox_pending"), house.shows("outbox_oldest_age_seconds")) == (0, 0)
    authorized(engine, "a")
    authorized(engine, "b")
    with engine.begin() as connection:
        row = connection.execute(text("SELECT MIN(event_id) FROM outbox_event")).scalar_one()
        at = connection.execute(outbox_event.select().limit(1)).one().created_at - timedelta(minutes=1)
        connection.execute(update(outbox_event).where(outbox_event.c.event_id == row).values(created_at=at))
    house.tasks.export()
    assert house.shows("outbox_pending") == 2
    assert 60 <= (house.shows("outbox_oldest_age_seconds") or 0) < 120
    assert 0 <= (house.shows("lease_age_seconds", name="housekeeping") or 0) < 60
    assert (house.shows("dead_letters_open"), house.shows("outbox_parked")) == (0, 0)
    with engine.begin() as connection:
        connection.execute(
            update(outbox_event).where(outbox_event.c.event_id == row).values(published=OutboxState.PARKED)
        )
    house.tasks.export()
    assert (house.shows("outbox_parked"), house.shows("outbox_pending")) == (1, 1)
    assert (house.shows("outbox_oldest_age_seconds") or 0) < 60, "a parked event does not wait for the relay"


def test_the_audit_is_shown_by_kind(house: House, engine: Engine) -> None:
    payment_id = authorized(engine, "a")
    publish_and_post(engine)
    house.tasks.audit()
    assert (house.shows("audit_differences", kind="ledger"), house.shows("audit_in_flight")) == (0, 0)
    with engine.begin() as connection:
        at = connection.execute(payment.select()).one().requested_at
        row = {"payment_id": payment_id, "event_id": 77, "posting_no": 0, "amount": 5, "currency": "KRW"}
        accounts = {"debit_account": "customer_hold", "credit_account": "hold_clearing"}
        connection.execute(insert(ledger_entry), {**row, **accounts, "occurred_at": at, "posted_at": at})
    house.tasks.audit()
    assert house.shows("audit_differences", kind="ledger") == 1
    assert house.shows("audit_differences", kind="orphan_posting") == 1


def test_findings_are_shown_after_a_restart_and_by_another_machine(house: House, engine: Engine) -> None:
    payment_id = authorized(engine, "a")
    with engine.begin() as connection:
        connection.execute(update(payment).values(status="CAPTURED"))
    house.tasks.audit()
    assert house.shows("audit_differences", kind="outbox") == 1
    other = House(engine)
    other.tasks.export()  # no audit of its own
    assert other.shows("audit_differences", kind="outbox") == 1
    with engine.begin() as connection:
        connection.execute(update(payment).where(payment.c.payment_id == payment_id).values(status="AUTHORIZED"))
    other.tasks.audit()
    house.tasks.export()
    assert [each.shows("audit_differences", kind="outbox") for each in (house, other)] == [0, 0]


def test_it_expires_and_prunes(house: House, engine: Engine) -> None:
    authorized(engine, "a", lifetime=timedelta(0))
    house.tasks.expire()
    publish_and_post(engine)
    house.tasks.prune()
    with engine.connect() as connection:
        assert connection.execute(payment.select()).one().status == "EXPIRED"
        assert connection.execute(outbox_event.select()).all() == []


def test_it_retries_dead_letters_whose_time_has_come(house: House, engine: Engine) -> None:
    letter = DeadLetter("c", "payment.captured", 0, 0, 1, "{}", None, None, "PaymentNotFound", "none")
    long_ago = datetime(2025, 10, 27, tzinfo=UTC)
    with engine.begin() as connection:
        dead_letter_store.add(connection, [letter], long_ago)
        dead_letter_store.add(connection, [replace(letter, offset=1)], database_now(connection))
    house.tasks.retry()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT state FROM dead_letter ORDER BY id")).scalars().all() == [
            "REPLAYING",
            "OPEN",
        ]


def test_it_opens_letters_again_whose_replay_was_lost(house: House, engine: Engine) -> None:
    letter = DeadLetter("c", "payment.captured", 0, 0, 1, "{}", None, None, "InvalidEvent", "none")
    with engine.begin() as connection:
        dead_letter_store.add(connection, [letter], database_now(connection))
        dead_letters.replay(connection, 1, "cli:ann")
        connection.execute(text("UPDATE outbox_event SET published = 1, published_at = '2025-10-27 06:16:28.123456'"))
    house.tasks.retry()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT state FROM dead_letter")).scalars().all() == ["OPEN"]


def runs(registry: CollectorRegistry, task: str) -> float:
    return registry.get_sample_value("housekeeping_task_duration_seconds_count", {"task": task}) or 0


def _failing() -> None:
    raise OperationalError("SELECT 1", {}, Exception("gone"))


def test_a_task_that_fails_is_tried_again_and_stops_no_other() -> None:
    ran: list[str] = []
    now = [0.0]
    tasks = [Task("bad", 1.0, _failing), Task("good", 2.0, lambda: ran.append("good"))]
    schedule = Schedule(tasks, threading.Event(), clock=lambda: now[0])
    schedule.run_once()
    now[0] = 1.5
    schedule.run_once()
    assert ran == ["good"]
    now[0] = 2.0
    schedule.run_once()
    assert ran == ["good", "good"]
    assert [task.due for task in tasks] == [2.5, 4.0]


def test_it_runs_until_stopped(engine: Engine) -> None:
    authorized(engine, "a", lifetime=timedelta(0))
    stop, registry = threading.Event(), CollectorRegistry()
    thread = threading.Thread(target=run, args=(engine, PLAN, registry, stop))
    thread.start()
    try:
        until(lambda: registry.get_sample_value("outbox_pending") == 2, "authorization and expiry are in the outbox")
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize("long", ["audit", "prune"])
def test_nothing_else_waits_for_what_takes_long(engine: Engine, monkeypatch: pytest.MonkeyPatch, long: str) -> None:
    stop, expired = threading.Event(), threading.Event()
    monkeypatch.setattr(Housekeeping, long, lambda _self: stop.wait())
    monkeypatch.setattr(Housekeeping, "expire", lambda _self: expired.set())
    thread = threading.Thread(target=run, args=(engine, PLAN, CollectorRegistry(), stop))
    thread.start()
    try:
        for _ in range(2):
            assert expired.wait(20)
            expired.clear()
    finally:
        stop.set()
        thread.join(20)


@pytest.mark.parametrize("broken", TASKS)
@pytest.mark.parametrize("way", ["fails", "hangs"])
def test_a_task_that_is_broken_keeps_no_other_waiting(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, broken: str, way: str
) -> None:
    engine = create_database_engine(sqlite_url)
    stop, registry, others = threading.Event(), CollectorRegistry(), [name for name in TASKS if name != broken]

    def bug(_self: Housekeeping | MoneyOut) -> None:
        if way == "hangs":
            stop.wait()
        raise ZeroDivisionError

    monkeypatch.setattr(Housekeeping if hasattr(Housekeeping, broken) else MoneyOut, broken, bug)
    thread = threading.Thread(target=run, args=(engine, PLAN, registry, stop))
    thread.start()
    try:
        until(lambda: all(runs(registry, name) for name in others), "every other task has run")
    finally:
        stop.set()
        thread.join(20)


def test_it_audits_again_after_the_database_was_restarted(own_mariadb: MariaDBServer) -> None:
    with migrated_database(own_mariadb.address) as url:
        engine = create_database_engine(url)
        house = House(engine)
        schedule = Schedule([Task("audit", 0.0, house.tasks.audit)], threading.Event())
        schedule.run_once()  # now the pool has a connection to the server that ends
        own_mariadb.restart()
        schedule.run_once()
        house.tasks.audit()
        engine.dispose()


def test_a_database_that_is_away_is_waited_for(tmp_path: Any) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/no/such/folder/payops.db")
    house = House(engine)
    tasks: list[Callable[[], bool | None]] = [task.run for tasks in house.tasks.schedules() for task in tasks]
    for task in tasks:
        Schedule([Task("task", 1.0, task)], threading.Event()).run_once()
