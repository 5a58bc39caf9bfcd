"""Housekeeping's task "acquirer": what it shows, what it does where none is configured, what it does not store."""

import threading
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, update

from payments.acquiring.connector import Seen
from payments.acquiring.gate import Gate
from payments.acquiring.rules import Learned, State, Told
from payments.breaker.rules import BreakerConfig
from payments.metrics import AcquirerMetrics, HousekeepingMetrics
from payments.platform.clock import database_now, monotonic
from payments.platform.tables.acquirer import acquirer_operation as table
from payments.retention.service import Retention
from tests.contracts.enquiring import NAME, Scripted, sent, states, stored, unknown
from worker.acquirer import conclude_all
from worker.housekeeping import Housekeeping, Plan

MONTH = timedelta(days=30)
PLAN = Plan(5.0, 60.0, Retention(MONTH, MONTH, MONTH))
LIMITS = BreakerConfig(minimum_number_of_calls=1, sliding_window_size=1, wait_duration=5.0)


class House:
    """Housekeeping with one acquirer behind a gate whose clock a test moves, and what it shows."""

    def __init__(self, engine: Engine, *, configured: bool = True) -> None:
        self.registry = CollectorRegistry()
        self.acquirer = Scripted()
        self.later = 0.0
        gates = {NAME: Gate(self.acquirer, LIMITS, clock=lambda: monotonic() + self.later)}
        acquirers = (gates, AcquirerMetrics(self.registry, gates)) if configured else None
        metrics = HousekeepingMetrics(self.registry)
        self.tasks = Housekeeping(engine, PLAN, metrics, threading.Event(), acquirers=acquirers)

    def shows(self, metric: str, **labels: str) -> float:
        found = self.registry.get_sample_value(metric, labels)
        assert found is not None
        return found

    def breaker(self) -> list[float]:
        return [
            self.shows("acquirer_breaker_state", connector=NAME, state=state)
            for state in ("closed", "open", "half_open")
        ]


def test_the_gauges_show_what_is_not_known(engine: Engine) -> None:
    house = House(engine)
    house.tasks.export()
    assert [house.shows(f"acquirer_{name}") for name in ("undecided", "manual", "oldest_undecided_age_seconds")] == [
        0, 0, 0,
    ]  # fmt: skip
    old, manual, _ = unknown(engine, "a"), unknown(engine, "b"), sent(engine, key="c")
    with engine.begin() as connection:
        long_ago = database_now(connection) - timedelta(minutes=10)
        connection.execute(update(table).where(table.c.reference == old).values(created_at=long_ago))
        changed = {"state": State.MANUAL.value, "next_enquiry_at": None, "created_at": long_ago - MONTH}
        connection.execute(update(table).where(table.c.reference == manual).values(**changed))
    house.tasks.export()
    assert (house.shows("acquirer_undecided"), house.shows("acquirer_manual")) == (2, 1)
    assert 600 <= house.shows("acquirer_oldest_undecided_age_seconds") < 1200
    house.tasks.acquirer()
    house.tasks.export()
    assert house.shows("acquirer_undecided") == house.shows("acquirer_oldest_undecided_age_seconds") == 0
    assert house.shows("acquirer_operations_total", kind="authorization", outcome="approved") == 2


def test_the_breaker_is_shown_open_only_while_it_refuses(engine: Engine) -> None:
    house = House(engine)
    house.tasks.acquirer()
    assert house.breaker() == [1, 0, 0]
    house.acquirer.says = {"enquire": Seen.TIMED_OUT}
    unknown(engine)
    house.tasks.acquirer()
    assert house.breaker() == [0, 1, 0]
    house.later = 6.0
    house.tasks.acquirer()
    assert house.breaker() == [0, 0, 1], "nothing is due that could close it"


def test_without_an_acquirer_the_task_does_nothing(engine: Engine) -> None:
    reference = unknown(engine)
    house = House(engine, configured=False)
    assert house.tasks.acquirer() is False
    assert states(engine) == {reference: State.UNKNOWN}


def test_one_that_cannot_be_concluded_does_not_keep_the_others(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    references = [unknown(engine, f"k{number}") for number in range(5)]
    broken = references[2]
    with engine.begin() as connection:
        connection.execute(update(table).where(table.c.reference == broken).values(headers="no JSON"))
    told = [(stored(engine, each), Told(each, Learned.APPROVED)) for each in references]
    lost = conclude_all(engine, told, monotonic, lambda _seconds: None)
    assert lost == [broken]
    assert {states(engine)[each] for each in references if each != broken} == {State.APPROVED}
