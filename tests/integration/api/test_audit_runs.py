"""/audit/runs: the newest audits, a request for another, and housekeeping's answer to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, select

from payments.audit.store import note_run
from payments.metrics import HousekeepingMetrics
from payments.platform.database import create_engine
from payments.platform.tables.processes import operator_action
from payments.retention.service import Retention
from tests.integration.api.conftest import ADMIN, Api
from tests.servers import until
from worker.housekeeping import CONNECTIONS, Housekeeping, Plan
from worker.housekeeping import run as housekeeping_run
from worker.schedule import REQUEST_INTERVAL

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
PLAN = Plan(0.1, 60.0, Retention(timedelta(days=9), timedelta(days=30), timedelta(days=30)))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def runs(api: Api) -> Any:
    return api.http.get("/audit/runs", headers=ADMIN).get_json()


def run(engine: Engine, minutes: int, **values: Any) -> None:
    at = NOW + timedelta(minutes=minutes)
    note_run(engine, {"at": at, "full": False, "next_payment_id": 0, "differences": 0, "in_flight": 0} | values)


def test_the_newest_audits_come_first(api: Api, engine: Engine) -> None:
    assert runs(api) == {"items": [], "requested": None}
    run(engine, 0, full=True, differences=2)
    run(engine, 1, in_flight=3)
    assert runs(api)["items"] == [
        {"id": 2, "at": "2026-01-02T03:05:05.000006Z", "full": False, "differences": 0, "inFlight": 3},
        {"id": 1, "at": "2026-01-02T03:04:05.000006Z", "full": True, "differences": 2, "inFlight": 0},
    ]
    for minutes in range(2, 60):
        run(engine, minutes)
    assert [item["id"] for item in runs(api)["items"]] == [*range(60, 10, -1)]


def test_a_request_is_shown_once_and_logged_once(api: Api, engine: Engine) -> None:
    first = api.http.post("/audit/runs", headers=ADMIN)
    assert first.status_code == 202
    requested = first.get_json()["requested"]
    assert requested["actor"] == "api:127.0.0.1"
    again = api.http.post("/audit/runs", headers=ADMIN)
    assert (again.status_code, again.get_json()["requested"], runs(api)["requested"]) == (202, requested, requested)
    with engine.connect() as connection:
        actions = connection.execute(select(operator_action.c.actor, operator_action.c.action)).all()
    assert [tuple(row) for row in actions] == [("api:127.0.0.1", "audit.request")]


def test_housekeeping_answers_it_with_a_complete_audit(api: Api, engine: Engine) -> None:
    house = Housekeeping(engine, PLAN, HousekeepingMetrics(CollectorRegistry()), threading.Event())
    assert not house.is_audit_requested()
    api.http.post("/audit/runs", headers=ADMIN)
    assert house.is_audit_requested()
    house.audit()
    assert not house.is_audit_requested()
    shown = runs(api)
    assert (len(shown["items"]), shown["requested"]) == (1, None)


def test_an_audit_that_is_ended_early_leaves_it_open(api: Api, engine: Engine) -> None:
    stop = threading.Event()
    house = Housekeeping(engine, PLAN, HousekeepingMetrics(CollectorRegistry()), stop)
    api.http.post("/audit/runs", headers=ADMIN)
    stop.set()
    house.audit()
    assert house.is_audit_requested()
    assert runs(api)["items"] == []


@contextmanager
def housekeeping(url: str, plan: Plan) -> Iterator[None]:
    """All its tasks, in threads of their own."""
    stop = threading.Event()
    engine = create_engine(url, pool_size=CONNECTIONS)
    thread = threading.Thread(target=housekeeping_run, args=(engine, plan, CollectorRegistry(), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_running_housekeeping_answers_long_before_its_next_audit_is_due(api: Api, database_url: str) -> None:
    with housekeeping(database_url, replace(PLAN, audit_interval=3600.0)):
        until(lambda: len(runs(api)["items"]) == 1, "the audit of its start is complete")
        assert api.http.post("/audit/runs", headers=ADMIN).get_json()["requested"] is not None
        until(lambda: runs(api)["requested"] is None, "the request is answered", seconds=5 * REQUEST_INTERVAL)
        assert len(runs(api)["items"]) == 2


def test_both_need_the_admin_token(api: Api) -> None:
    for answer in (api.http.get("/audit/runs"), api.http.post("/audit/runs")):
        assert (answer.status_code, answer.get_json()["code"]) == (401, "UNAUTHORIZED")
