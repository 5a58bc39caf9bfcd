"""Housekeeping's metrics and health: ages, when each task succeeded, its component of /health."""

import threading
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text, update
from sqlalchemy.exc import OperationalError

from payments.metrics import TASKS, HousekeepingMetrics
from payments.outbox import lease
from payments.platform.clock import database_now, monotonic, wall
from payments.platform.database import create_engine
from payments.platform.tables.housekeeping import task_run
from payments.platform.tables.processes import lease as lease_table
from payments.platform.tasks import log as task_log
from payments.platform.tasks import store as task_store
from payments.platform.tasks.log import TaskLog
from payments.platform.tasks.store import TaskRun
from payments.platform.trusted_clock.guard import ClockSuspect
from payments.reading import health
from payments.retention.service import Retention
from stack.mariadb import MariaDBServer
from tests.contracts import commands
from tests.servers import migrated_database
from worker import last_reading
from worker.housekeeping import Housekeeping, Plan
from worker.schedule import Schedule, Task

MONTH = timedelta(days=30)
PLAN = Plan(5.0, 60.0, Retention(MONTH, MONTH, MONTH))
LAST_SUCCESS = "housekeeping_task_last_success_timestamp_seconds"


class HousekeepingRun:
    """A housekeeping process with its metrics; a test can move its clocks."""

    def __init__(self, engine: Engine) -> None:
        self.registry = CollectorRegistry()
        self.tasks = Housekeeping(engine, PLAN, HousekeepingMetrics(self.registry), threading.Event())

    def shows(self, metric: str, **labels: str) -> float:
        found = self.registry.get_sample_value(metric, labels)
        assert found is not None
        return found

    def do(self, name: str) -> None:
        getattr(self.tasks, name)()
        self.tasks.log.done(name, monotonic(), succeeded=True)


class Later:
    """A clock that a test can move ahead."""

    def __init__(self) -> None:
        self.by = 0.0

    def __call__(self) -> float:
        return monotonic() + self.by


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """The monotonic clock of the readings and of the task log."""
    moved = Later()
    for function in (last_reading.LastReading.__init__, TaskLog.__init__):
        defaults = function.__defaults__ or ()
        monkeypatch.setattr(function, "__defaults__", (*defaults[:-1], moved))
    return moved


def test_ages_go_on_while_housekeeping_alone_cannot_reach_the_database(
    own_mariadb: MariaDBServer, later: Later
) -> None:
    with migrated_database(own_mariadb.address) as url:
        own_mariadb.execute("CREATE USER hk@'127.0.0.1' IDENTIFIED BY 'hk'", "GRANT ALL ON *.* TO hk@'127.0.0.1'")
        others = create_engine(url)
        engine = create_engine(others.url.set(username="hk", password="hk").render_as_string(hide_password=False))
        commands.run_one(others, commands.authorize("a"))
        with others.begin() as connection:
            lease.beat(connection, "relay", "a relay")
        run = HousekeepingRun(engine)
        run.do("export")
        engine.dispose()
        own_mariadb.execute("ALTER USER hk@'127.0.0.1' ACCOUNT LOCK")
        later.by = 1000.0
        with pytest.raises(OperationalError):
            run.tasks.export()
        assert 1000 <= run.shows("outbox_oldest_age_seconds") < 1100
        for name in ("relay", "ledger", "housekeeping"):
            assert 1000 <= run.shows("lease_age_seconds", name=name) < 1100
        assert 1000 <= wall() - run.shows(LAST_SUCCESS, task="export") < 1100
        own_mariadb.execute("ALTER USER hk@'127.0.0.1' ACCOUNT UNLOCK")
        run.do("export")
        assert run.shows("lease_age_seconds", name="housekeeping") < 100
        assert run.shows("lease_age_seconds", name="ledger") >= 1000, "it never ran"
        for each in (engine, others):
            each.dispose()


def test_an_age_is_never_negative_and_an_empty_outbox_has_none(engine: Engine, later: Later) -> None:
    with engine.begin() as connection:
        lease.beat(connection, "relay", "a relay")
        ahead = database_now(connection) + timedelta(days=1)
        connection.execute(update(lease_table).values(renewed_at=ahead))
    run = HousekeepingRun(engine)
    run.do("export")
    later.by = 50.0
    assert run.shows("lease_age_seconds", name="relay") == 0
    assert run.shows("outbox_oldest_age_seconds") == 0


def test_before_its_first_success_a_task_is_counted_from_the_start(engine: Engine, later: Later) -> None:
    run = HousekeepingRun(engine)
    later.by = 500.0
    ages = [wall() - run.shows(LAST_SUCCESS, task=name) for name in TASKS]
    assert all(500 <= age < 600 for age in ages)
    run.tasks.log.done("audit", later(), succeeded=False)
    assert wall() - run.shows(LAST_SUCCESS, task="audit") >= 500
    run.tasks.log.done("audit", later(), succeeded=True)
    assert wall() - run.shows(LAST_SUCCESS, task="audit") < 100
    assert run.shows("housekeeping_task_duration_seconds_count", task="audit") == 2
    intervals = {name: run.shows("housekeeping_task_interval_seconds", task=name) for name in TASKS}
    assert list(intervals.values()) == [2, 5, 5, 60, 60, 60, 1, 60, 60, 10]


@pytest.mark.parametrize(
    "error", [OperationalError("", {}, Exception("gone")), ZeroDivisionError(), ClockSuspect("year")]
)
def test_a_run_that_fails_is_no_success(sqlite_url: str, later: Later, error: Exception) -> None:
    run = HousekeepingRun(create_engine(sqlite_url))

    def failing() -> None:
        raise error

    later.by = 500.0
    Schedule([Task("audit", 60, failing)], threading.Event(), done=run.tasks.log.done).run_once()
    assert wall() - run.shows(LAST_SUCCESS, task="audit") >= 500
    assert run.shows("housekeeping_task_duration_seconds_count", task="audit") == 1
    Schedule([Task("audit", 60, lambda: None)], threading.Event(), done=run.tasks.log.done).run_once()
    assert wall() - run.shows(LAST_SUCCESS, task="audit") < 100


def test_a_wall_clock_that_jumps_makes_no_task_younger(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, later: Later
) -> None:
    monkeypatch.setattr(task_log, "wall", lambda: wall() + 1e7)
    run = HousekeepingRun(engine)
    run.do("export")
    monkeypatch.undo()
    later.by += 100.0
    assert 100 <= wall() - run.shows(LAST_SUCCESS, task="export") < 200


def test_a_restart_makes_no_task_younger(engine: Engine) -> None:
    before = HousekeepingRun(engine)
    for name in ("audit", "prune", "export"):
        before.do(name)
    with engine.begin() as connection:
        long_ago = database_now(connection) - timedelta(seconds=1000)
        connection.execute(update(task_run).values(since=long_ago))
        connection.execute(update(task_run).where(task_run.c.name == "audit").values(last_success_at=long_ago))
    after = HousekeepingRun(engine)
    after.do("export")
    age = {name: wall() - after.shows(LAST_SUCCESS, task=name) for name in TASKS}
    assert 1000 <= age["audit"] < 1100
    assert 1000 <= age["expire"] < 1100, "which never succeeded"
    assert age["prune"] < 500
    after.do("audit")
    assert wall() - after.shows(LAST_SUCCESS, task="audit") < 100


def part(engine: Engine) -> health.Part:
    with engine.connect() as connection:
        return health.components(connection)["housekeeping"]


def test_health_knows_of_housekeeping(engine: Engine) -> None:
    assert part(engine).detail.startswith("No housekeeping has ever run")
    run = HousekeepingRun(engine)
    run.do("export")
    assert part(engine).status == "UP", "nothing is overdue yet"
    with engine.begin() as connection:
        long_ago = database_now(connection) - timedelta(seconds=181)
        another_release = TaskRun("of another release", 1, long_ago, None)
        task_store.save(connection, [TaskRun("audit", 60, long_ago, long_ago), another_release])
    overdue = part(engine)
    assert overdue.status == "DEGRADED"
    assert overdue.detail.startswith("Tasks are overdue: audit has not succeeded since 20")
    assert "another" not in overdue.detail
    for off in (timedelta(seconds=11), timedelta(seconds=-11)):
        with engine.begin() as connection:
            renewed = database_now(connection) - off
            connection.execute(update(lease_table).values(renewed_at=renewed))
        silent = part(engine)
        assert (silent.status, silent.detail.startswith("No housekeeping since 20")) == ("DEGRADED", True)


def test_health_sees_an_audit_that_can_never_run(engine: Engine, later: Later) -> None:
    run = HousekeepingRun(engine)
    run.do("export")
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE audit_run"))
        since = database_now(connection) - timedelta(seconds=200)
        connection.execute(update(task_run).where(task_run.c.name == "audit").values(since=since))
    assert "audit has not succeeded" in part(engine).detail
