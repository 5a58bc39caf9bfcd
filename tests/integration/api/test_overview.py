"""/operations/overview: what this instance did in the last hour, and what was changed; /operations: its state."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, text

from payments.audit.findings import keep_of_payments
from payments.audit.snapshot import Difference, FindingKind
from payments.outbox.rules import format_time
from payments.platform import operators
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.breaker import circuit_breaker
from payments.platform.tables.processes import operator_action
from tests.integration.api.conftest import ADMIN, Api, Make

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def overview(api: Api) -> Any:
    return api.http.get("/operations/overview", headers=ADMIN).get_json()


def breaker(connection: Connection, state: str, moves: list[tuple[datetime, str, str]]) -> None:
    """A row as the relay writes it: state, and (when, from, to), newest first."""
    now = database_now(connection)
    history = [
        {"from": before, "to": after, "at": format_time(at), "reason": "failure rate 60%", "actor": "relay"}
        for at, before, after in moves
    ]
    connection.execute(
        insert(circuit_breaker),
        {
            "name": "kafka-publisher",
            "state": state,
            "state_since": now,
            "observed_at": now,
            "snapshot": "{}",
            "history": json.dumps(history),
            "applied_command_id": 0,
        },
    )


def act(connection: Connection, at: datetime, action: str, target: str, detail: str = "") -> None:
    values = {"at": at, "actor": "cli:kim", "action": action, "target": target, "detail": detail}
    connection.execute(insert(operator_action), values)


def test_before_the_first_measurement_it_is_empty(api: Api) -> None:
    assert overview(api) == {"since": None, "intervalSeconds": 15, "points": [], "changes": []}


def test_commands_between_two_measurements_make_a_point(api: Api) -> None:
    measuring = api.services.overview
    measuring.measure()
    payment = api.authorize("a").get_json()["paymentId"]
    api.authorize("b")
    assert api.post(f"/payments/void/{payment}", {"merchantId": "M1"}).status_code == 200
    assert api.post(f"/payments/void/{payment}", {"merchantId": "M1"}).status_code == 409
    assert api.post("/payments/void/999", {"merchantId": "M1"}).status_code == 404
    measuring.measure()
    shown = overview(api)
    (point,) = shown["points"]
    assert shown["since"] <= point["at"]
    succeeded, declined = point["succeededPerMinute"], point["declinedPerMinute"]
    assert (succeeded / declined, point["failedPerMinute"]) == (pytest.approx(3 / 2), 0)
    assert (point["declineRate"], point["errorRate"], point["outboxPending"]) == (pytest.approx(2 / 5), 0, 3)
    assert 0 < point["p95Seconds"] < 10
    assert point["ledgerLagSeconds"] >= 0


def test_changes_of_the_last_hour_are_newest_first(api: Api, engine: Engine) -> None:
    with engine.begin() as connection:
        now = database_now(connection)
        minutes = [now - timedelta(minutes=ago) for ago in range(70)]
        breaker(connection, "OPEN", [(minutes[2], "CLOSED", "OPEN"), (minutes[65], "HALF_OPEN", "CLOSED")])
        act(connection, minutes[61], "republish", "outbox")
        act(connection, minutes[5], operators.DEPLOY, "release 0.1.0")
        act(connection, minutes[3], "outbox.discard", "event 7", "sent twice")
    assert [(change["kind"], change["actor"], change["text"]) for change in overview(api)["changes"]] == [
        ("BREAKER", "relay", "CLOSED → OPEN: failure rate 60%"),
        ("OPERATOR", "cli:kim", "outbox.discard, event 7: sent twice"),
        ("DEPLOY", "cli:kim", "deploy, release 0.1.0"),
    ]


def test_changes_are_limited(api: Api, engine: Engine) -> None:
    with engine.begin() as connection:
        now = database_now(connection)
        for number in range(120):
            act(connection, now, "republish", f"{number}")
    shown = overview(api)["changes"]
    assert len(shown) == 100
    assert {change["text"] for change in shown} == {f"republish, {number}" for number in range(20, 120)}


def test_it_needs_the_admin_token(api: Api) -> None:
    assert api.http.get("/operations/overview").status_code == 401


def test_operations_say_findings_environment_and_breaker(api: Api, engine: Engine) -> None:
    before = api.http.get("/operations", headers=ADMIN).get_json()
    assert (before["auditFindingsOpen"], before["environment"], before["breakerState"]) == (0, "local", "CLOSED")
    keep_of_payments(engine, [7, 8], [Difference(FindingKind.LEDGER, n, "x", "hold") for n in (7, 8)], NOW)
    keep_of_payments(engine, [8], [], NOW + timedelta(minutes=1))
    with engine.begin() as connection:
        breaker(connection, "FORCED_OPEN", [])
    after = api.http.get("/operations", headers=ADMIN).get_json()
    assert (after["auditFindingsOpen"], after["breakerState"]) == (1, "FORCED_OPEN")


def test_the_environment_is_a_setting(make_api: Make) -> None:
    with make_api(environment="Seoul 1") as api:
        assert api.http.get("/operations", headers=ADMIN).get_json()["environment"] == "Seoul 1"


def test_a_measurement_survives_a_database_that_cannot_be_read(api: Api, engine: Engine) -> None:
    api.services.overview.measure()
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE outbox_event RENAME TO outbox_event_away"))
    try:
        api.services.overview.measure()
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE outbox_event_away RENAME TO outbox_event"))
    (point,) = overview(api)["points"]
    assert (point["outboxPending"], point["ledgerLagSeconds"], point["succeededPerMinute"]) == (None, None, 0)
