"""Nothing expires, is pruned, retried or repaired after the database's clock jumped, on both databases."""

import threading
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import ColumnElement, Connection, Engine, Table, func, select, update

from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.metrics import HousekeepingMetrics
from payments.platform import clock
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import outbox_event
from payments.platform.tables.payments import idem_response_cache, payment
from payments.platform.tables.processes import operator_action
from payments.platform.trusted_clock.guard import ClockGuard, ClockSuspect, MachineClocks, confirm
from payments.platform.values.money import amounts_by_currency
from payments.retention import service as retention
from payments.retention.service import Retention
from tests.contracts import commands
from tests.contracts.answers import new_payment_id
from tests.contracts.posting import publish_and_post
from worker.cli.clock import run_clock
from worker.cli.repair import ToolSettings
from worker.housekeeping import Housekeeping, Plan

YEAR = timedelta(days=366)
MONTH = timedelta(days=30)


@dataclass
class Clocks:
    """The database's clock and this machine's, each of which can be moved; and offsets at later checks."""

    database: timedelta = timedelta(0)
    wall: timedelta = timedelta(0)
    boot: float = 0.0
    checks: int = 0
    at_check: dict[int, timedelta] = field(default_factory=dict)
    name: str = "boot-1"

    def machine(self) -> MachineClocks:
        return MachineClocks(
            lambda: clock.wall() + self.wall.total_seconds(), lambda: clock.since_boot() + self.boot, lambda: self.name
        )

    def now(self, _connection: Connection) -> datetime:
        self.checks += 1
        self.database = self.at_check.get(self.checks, self.database)
        return datetime.now(UTC) + self.database


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """Replaces the guard's clock, and no other."""
    found = Clocks()
    monkeypatch.setattr(clock, "database_now", found.now)
    return found


House = Callable[[], tuple[Housekeeping, CollectorRegistry]]


@pytest.fixture
def house(engine: Engine, clocks: Clocks) -> House:
    def make() -> tuple[Housekeeping, CollectorRegistry]:
        registry = CollectorRegistry()
        guard = ClockGuard(300, 60, clocks.machine())
        plan = Plan(5, 60, Retention(MONTH, MONTH, MONTH))
        return Housekeeping(engine, plan, HousekeepingMetrics(registry), threading.Event(), guard), registry

    return make


def authorized(engine: Engine, count: int) -> None:
    commands.run(engine, *(commands.authorize(f"k{number}") for number in range(count)))
    publish_and_post(engine)


def settled(engine: Engine, count: int) -> None:
    """Payments of which nothing is open, so that their two events may be pruned."""
    for number in range(count):
        payment_id = new_payment_id(engine, f"s{number}")
        commands.run_one(engine, commands.void(payment_id, f"v{number}"))
    publish_and_post(engine)


def count(engine: Engine, table: Table, *where: ColumnElement[bool]) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


def test_every_task_that_changes_something_asks(engine: Engine, house: House, clocks: Clocks) -> None:
    authorized(engine, 3)
    letter = DeadLetter("c", "payment.captured", 0, 0, 1, "{}", None, None, "PaymentNotFound", "none")
    with engine.begin() as connection:
        dead_letter_store.add(connection, [letter], datetime(2025, 10, 27, tzinfo=UTC))
    tasks, registry = house()
    tasks.export()
    assert registry.get_sample_value("clock_suspect") == 0
    clocks.database = YEAR
    for task in (tasks.expire, tasks.retry, tasks.prune, tasks.repair):
        with pytest.raises(ClockSuspect, match="31622400 s ahead of"):
            task()
    tasks.export()
    assert registry.get_sample_value("clock_suspect") == 1
    assert registry.get_sample_value("database_clock_offset_seconds") == pytest.approx(YEAR.total_seconds(), abs=60)
    assert count(engine, payment, payment.c.status != "AUTHORIZED") == 0
    assert count(engine, idem_response_cache) == 3
    assert count(engine, dead_letter, dead_letter.c.state == "OPEN") == 1


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
@pytest.mark.parametrize("both", [True, False], ids=["all clocks", "the database's alone"])
def test_a_jump_stops_expiry_and_pruning_until_the_clocks_agree_for_a_while(
    engine: Engine, house: House, clocks: Clocks, jump: timedelta, both: bool
) -> None:
    authorized(engine, 2)
    with engine.begin() as connection:
        connection.execute(update(payment).values(expires_at=payment.c.requested_at))
    tasks, _ = house()
    tasks.export()
    clocks.database, clocks.wall = jump, jump if both else timedelta(0)
    for task in (tasks.expire, tasks.prune):
        with pytest.raises(ClockSuspect):
            task()
    again, _ = house()  # a restart
    with pytest.raises(ClockSuspect):
        again.expire()
    assert count(engine, payment, payment.c.status == "EXPIRED") == 0
    clocks.database = clocks.wall = timedelta(0)
    with pytest.raises(ClockSuspect):
        tasks.expire()
    clocks.boot, clocks.database, clocks.wall = 61, timedelta(seconds=61), timedelta(seconds=61)
    tasks.expire()
    assert count(engine, payment, payment.c.status == "EXPIRED") == 2


def test_an_operator_confirms(engine: Engine, house: House, clocks: Clocks) -> None:
    settled(engine, 1)
    tasks, registry = house()
    with engine.begin() as connection:
        assert not confirm(connection, "cli:somebody"), "nobody has looked yet"
    tasks.export()
    clocks.database = YEAR
    tasks.export()
    with engine.begin() as connection:
        assert confirm(connection, "cli:somebody")
    tasks.export()
    assert registry.get_sample_value("clock_suspect") == 0
    tasks.prune()
    again, _ = house()
    again.prune()
    assert count(engine, outbox_event) == 0


def test_the_clock_is_asked_before_each_batch(
    engine: Engine, house: House, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "EXPIRE_BATCH", 2)
    monkeypatch.setattr(retention, "PRUNE_BATCH", 2)
    settled(engine, 6)
    authorized(engine, 6)
    with engine.begin() as connection:
        connection.execute(update(payment).values(expires_at=payment.c.requested_at))
        long_ago = datetime.now(UTC) - 2 * MONTH
        connection.execute(update(outbox_event).values(created_at=long_ago, published_at=long_ago))
    house()[0].export()
    for task in (Housekeeping.prune, Housekeeping.expire):
        clocks.database, clocks.at_check = timedelta(0), {clocks.checks + 2: YEAR}
        with pytest.raises(ClockSuspect):
            task(house()[0])
    assert count(engine, outbox_event, outbox_event.c.event_type == "PAYMENT_VOIDED") == 5
    assert count(engine, payment, payment.c.status == "EXPIRED") == 2
    assert count(engine, idem_response_cache) == 18


def test_the_command_says_what_is_believed_and_confirms(
    engine: Engine, database_url: str, house: House, clocks: Clocks, capsys: pytest.CaptureFixture[str]
) -> None:
    none = amounts_by_currency("*=0")
    settings = ToolSettings(database_url, MONTH, "cli:somebody", none, none, timedelta(0))
    assert [run_clock(settings, Namespace(confirm=each)) for each in (False, True)] == [1, 1]
    tasks, _ = house()
    tasks.export()
    clocks.database = YEAR
    tasks.export()
    assert run_clock(settings, Namespace(confirm=False)) == 0
    with pytest.raises(ClockSuspect):
        tasks.expire()
    assert run_clock(settings, Namespace(confirm=True)) == 0
    assert "Confirmed" in capsys.readouterr().out
    tasks.export()
    tasks.expire()
    with engine.connect() as connection:
        action = connection.execute(select(operator_action)).one()
    assert (action.action, action.actor.split(":")[0]) == ("clock.confirm", "cli")
