"""Replaying and discarding dead letters over HTTP: access, answers, effects."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.exc import OperationalError

from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.platform.database import create_engine
from payments.platform.tables.events import outbox_event
from payments.platform.tables.processes import operator_action
from tests.integration.api.conftest import ADMIN, Api

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
LETTER = DeadLetter("c", "payment.captured", 0, 7, 1, "{", None, None, "InvalidJson", "m")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database with one OPEN dead letter."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        dead_letter_store.add(connection, [LETTER], NOW)
    yield engine
    engine.dispose()


def post(api: Api, path: str, **more: Any) -> Any:
    return api.http.post(f"/dead-letters/{path}", headers=ADMIN, **more)


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_only_with_the_token(api: Api, engine: Engine, action: str) -> None:
    answer = api.http.post(f"/dead-letters/1/{action}", json={"reason": "x"})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "UNAUTHORIZED")
    assert api.http.get("/dead-letters/1", headers=ADMIN).get_json()["state"] == "OPEN"


def test_a_replay_answers_the_letter_and_then_conflicts(api: Api, engine: Engine) -> None:
    answer = post(api, "1/replay")
    assert (answer.status_code, answer.get_json()["state"]) == (200, "REPLAYING")
    assert answer.get_json() == api.http.get("/dead-letters/1", headers=ADMIN).get_json()
    again = post(api, "1/replay")
    assert (again.status_code, again.get_json()["code"]) == (409, "DEAD_LETTER_CONFLICT")
    assert again.get_json()["detail"] == "Dead letter 1 is REPLAYING, not OPEN."
    with engine.begin() as connection:
        rows = connection.execute(select(outbox_event).where(outbox_event.c.aggregate_type == "replay")).all()
        noted = connection.execute(select(operator_action)).all()
    assert [(row.topic, row.payload) for row in rows] == [("payment.captured", "{")]
    assert [(row.actor, row.action) for row in noted] == [("api:127.0.0.1", "dead_letter.replay")]


def test_a_discard_keeps_its_reason(api: Api, engine: Engine) -> None:
    answer = post(api, "1/discard", json={"reason": "r" * 500})
    assert (answer.status_code, answer.get_json()["state"]) == (200, "DISCARDED")
    assert answer.get_json()["discardReason"] == "r" * 500
    assert post(api, "1/discard", json={"reason": "again"}).status_code == 409
    assert post(api, "1/replay").status_code == 409


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "r" * 501}, {"reason": 1}])
def test_a_discard_needs_a_reason(api: Api, engine: Engine, body: dict[str, Any]) -> None:
    answer = post(api, "1/discard", json=body)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, "reason")


def test_what_is_not_there_is_not_found(api: Api, engine: Engine) -> None:
    assert post(api, "2/replay").status_code == 404
    assert post(api, "2/discard", json={"reason": "x"}).status_code == 404
    assert post(api, "1/discard", data=b"x").status_code == 415
    assert api.http.get("/dead-letters/1/replay", headers=ADMIN).status_code == 405


@pytest.mark.parametrize("done", [False, True], ids=["undone", "done"])
def test_a_commit_that_failed_is_not_called_undone(api: Api, engine: Engine, done: bool) -> None:
    failing = ["once"]

    def fail(connection: Connection) -> None:
        if failing and not connection.get_execution_options().get("reading"):
            failing.pop()
            if done:
                connection.exec_driver_sql("COMMIT")
            raise OperationalError("COMMIT", None, Exception("disk I/O error"))

    with api.flask.app_context():
        event.listen(api.services.database.engine, "commit", fail)
    answer = post(api, "1/discard", json={"reason": "r"})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "OUTCOME_UNKNOWN")
    assert post(api, "1/discard", json={"reason": "r"}).status_code == (409 if done else 200)
    with engine.connect() as connection:
        assert len(connection.execute(select(operator_action)).all()) == 1
