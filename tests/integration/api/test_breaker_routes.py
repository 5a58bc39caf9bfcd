"""The circuit breaker over HTTP: shown without, with and after a relay, and moved by an operator."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from payments.breaker import store as breaker_store
from payments.breaker.store import BreakerRow
from payments.outbox import lease
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.dead_letters import ledger_halt
from payments.platform.tables.processes import lease as lease_table
from payments.platform.tables.processes import operator_action
from tests import servers
from tests.e2e.gunicorn import ApiServer
from tests.integration.api.conftest import ADMIN, Api

PATH = "/circuit-breaker/kafka-publisher"
NAME = "kafka-publisher"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def report(engine: Engine, **changes: Any) -> lease.Lease:
    """Write the row as an active relay does."""
    snapshot = {
        "successful": 20, "failed": 0, "slow": 9, "not_permitted": 3, "buffered": 20, "slow_call_rate": 45.0,
        "failure_rate": 0.0,
    }  # fmt: skip
    since = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
    values = {
        "name": NAME,
        "state": "CLOSED",
        "state_since": since,
        "observed_at": since,
        "snapshot": snapshot,
        **changes,
    }
    with engine.begin() as connection:
        held = lease.acquire(connection, "relay", "a relay", 10)
        assert held is not None
        assert breaker_store.save(connection, BreakerRow(**values), held)
    return held


def test_before_the_first_relay_it_is_closed_and_stale(api: Api) -> None:
    shown = api.http.get(PATH).get_json()
    assert (shown["state"], shown["stale"], shown["failureRate"], shown["slowCallRate"]) == (
        "CLOSED", True, "-1.00%", "-1.00%",
    )  # fmt: skip
    assert shown["history"] == []
    assert api.http.get("/health").get_json()["components"]["relay"]["status"] == "DEGRADED"


def test_a_relays_report_is_shown_with_every_field(api: Api, engine: Engine) -> None:
    change = {"from": "OPEN", "to": "CLOSED", "at": "2026-01-02T03:04:05.000006Z", "reason": "r", "actor": "relay"}
    report(engine, history=[change])
    shown = api.http.get(PATH).get_json()
    assert shown.pop("observedAt") > "2026"
    assert shown == {
        "state": "CLOSED", "numberOfSuccessfulCalls": 20, "numberOfFailedCalls": 0, "numberOfSlowCalls": 9,
        "numberOfNotPermittedCalls": 3, "numberOfBufferedCalls": 20, "slowCallRate": "45.00%", "failureRate": "0.00%",
        "stateSince": "2026-01-02T03:04:05.000006Z", "stale": False, "history": [change],
    }  # fmt: skip
    assert set(api.http.get("/circuit-breaker/status").get_json()) == {NAME}


def test_who_moved_it_by_hand_and_why_is_for_operators(api: Api, engine: Engine) -> None:
    at = "2026-01-02T03:04:05.000006Z"
    own = {"from": "OPEN", "to": "HALF_OPEN", "at": at, "reason": "30 s have passed", "actor": "relay"}
    by_hand = {"from": "OPEN", "to": "CLOSED", "at": at, "reason": "call Kim, 010-1234", "actor": "api:10.0.0.7"}
    report(engine, history=[by_hand, own, {**by_hand, "actor": "cli:kim"}])
    hidden = {**by_hand, "actor": "operator", "reason": "asked for by an operator"}
    for path, of in ((PATH, lambda body: body), ("/circuit-breaker/status", lambda body: body[NAME])):
        assert of(api.http.get(path).get_json())["history"] == [hidden, own, hidden]
        shown = of(api.http.get(path, headers=ADMIN).get_json())["history"]
        assert shown == [by_hand, own, {**by_hand, "actor": "cli:kim"}]
        wrong = api.http.get(path, headers={"Authorization": "Bearer wrong"})
        assert (wrong.status_code, wrong.get_json()["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    ("state", "status"), [("CLOSED", "UP"), ("DISABLED", "UP"), ("OPEN", "DEGRADED"), ("HALF_OPEN", "DEGRADED")]
)
def test_health_follows_relay_breaker_and_ledger(api: Api, engine: Engine, state: str, status: str) -> None:
    report(engine, state=state)
    with engine.begin() as connection:
        lease.beat(connection, "ledger", "a ledger")
        lease.beat(connection, "housekeeping", "a housekeeping")
    health = api.http.get("/health").get_json()
    assert {name: part["status"] for name, part in health["components"].items()} == {
        "database": "UP", "redis": "UP", "relay": "UP", "ledger": "UP", "breaker": status,
        "housekeeping": "UP",
    }  # fmt: skip
    assert health["status"] == status


def test_health_grows_stale_and_knows_halts(api: Api, engine: Engine) -> None:
    report(engine)
    with engine.begin() as connection:
        lease.beat(connection, "ledger", "a ledger")
        long_ago = database_now(connection) - timedelta(seconds=11)
        connection.execute(lease_table.update().values(renewed_at=long_ago))
    silent = api.http.get("/health").get_json()["components"]
    assert (silent["relay"]["status"], silent["ledger"]["status"]) == ("DEGRADED", "DEGRADED")
    with engine.begin() as connection:
        lease.beat(connection, "ledger", "a ledger")
        connection.execute(ledger_halt.insert(), {"halted_at": long_ago, "detail": "five letters in a row"})
    halted = api.http.get("/health").get_json()["components"]["ledger"]
    assert (halted["status"], halted["detail"]) == ("DEGRADED", "Posting is halted: five letters in a row")


def test_without_a_relay_a_transition_is_pending_and_noted(api: Api, engine: Engine) -> None:
    answer = api.http.post(f"{PATH}/transition", json={"to": "FORCED_OPEN", "reason": "drill"}, headers=ADMIN)
    assert (answer.status_code, answer.get_json()["pending"]) == (202, True)
    with engine.connect() as connection:
        (command,) = breaker_store.next_commands(connection, NAME, 0)
        action = connection.execute(select(operator_action)).one()
    assert (command.to_state, command.reason, command.actor) == ("FORCED_OPEN", "drill", "api:127.0.0.1")
    assert (action.actor, action.action, action.detail) == ("api:127.0.0.1", "circuit_breaker.transition", "drill")


@pytest.mark.parametrize(("outcome", "status"), [("applied", 200), ("not_allowed", 409)])
def test_the_answer_is_what_the_relay_makes_of_it(
    engine: Engine, database_url: str, redis_url: str, outcome: str, status: int
) -> None:
    held = report(engine, state="OPEN")
    with ApiServer(database_url, redis_url) as api, relay(lambda: mark(engine, held, outcome)):
        answer = api.post(f"{PATH}/transition", {"to": "CLOSED"}, headers=ADMIN)
    assert answer.status_code == status
    if status == 200:
        assert "pending" not in answer.json()
    else:
        assert answer.json()["code"] == "TRANSITION_NOT_ALLOWED"


@contextmanager
def relay(is_done: Callable[[], bool]) -> Iterator[None]:
    """Check for a command in a thread, as the relay does, until one was marked."""
    with ThreadPoolExecutor(1) as threads:
        looking = threads.submit(servers.until, is_done, "an operator's command")
        yield
        looking.result()


def mark(engine: Engine, held: lease.Lease, outcome: str) -> bool:
    with engine.begin() as connection:
        commands = breaker_store.next_commands(connection, NAME, 0)
        return any(breaker_store.mark_command(connection, command.command_id, outcome, held) for command in commands)


@pytest.mark.parametrize("body", [{}, {"to": "METRICS_ONLY"}, {"to": "OPEN", "reason": ""}, {"to": "OPEN", "why": "x"}])
def test_other_commands_are_not_valid(api: Api, engine: Engine, body: dict[str, Any]) -> None:
    answer = api.http.post(f"{PATH}/transition", json=body, headers=ADMIN)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "VALIDATION_FAILED")
    with engine.connect() as connection:
        assert breaker_store.next_commands(connection, NAME, 0) == []
