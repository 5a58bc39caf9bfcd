"""A read that the database cannot answer in time: ended in the server, run once, answered 503 before the deadline."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event, text

from payments.platform.database import create_engine
from tests.integration.api.conftest import ADMIN, Api, serving
from tests.servers import until

READS = {
    "a list": "/payments?merchantId=M1&status=VOIDED",
    "numbers": "/operations",
}


@pytest.fixture
def api(mariadb_url: str, redis_url: str) -> Iterator[Api]:
    with serving(mariadb_url, redis_url) as made:
        yield made


@contextmanager
def closing_all(engine: Engine) -> Iterator[None]:
    """Also after a failed test: a remaining lock would prevent dropping its database."""
    try:
        yield
    finally:
        engine.dispose()


@contextmanager
def locked(url: str, *tables: str) -> Iterator[Connection]:
    """No other test reads these tables."""
    engine = create_engine(url, timeout=60)
    with closing_all(engine), engine.connect() as connection:
        connection.exec_driver_sql("LOCK TABLES " + ", ".join(f"{table} WRITE" for table in tables))
        yield connection


def running(connection: Connection) -> int:
    query = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    return int(connection.execute(text(f"{query} AND command = 'Query'")).scalar_one())


@pytest.mark.parametrize("path", READS.values(), ids=READS)
def test_it_is_asked_once_and_does_not_go_on_in_the_server(api: Api, mariadb_url: str, path: str) -> None:
    api.authorize("k")
    asked = []
    with api.flask.app_context():
        engine = api.services.database.engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with locked(mariadb_url, "payment", "outbox_event") as connection:
        begun = time.monotonic()
        answer = api.http.get(path, headers=ADMIN)
        assert time.monotonic() - begun < 5
        assert (answer.status_code, answer.get_json()["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert "Retry-After" in answer.headers
        until(lambda: running(connection) == 0, "nothing goes on in the server", seconds=3)
    slow = [statement for statement in asked if "payment" in statement or "outbox_event" in statement]
    assert len(slow) == 1, slow
    assert api.http.get(path, headers=ADMIN).status_code == 200


def test_an_action_that_took_too_long_is_unavailable(api: Api, mariadb_url: str) -> None:
    with locked(mariadb_url, "circuit_breaker_command", "operator_action"):
        body = {"to": "FORCED_OPEN"}
        answer = api.http.post("/circuit-breaker/kafka-publisher/transition", json=body, headers=ADMIN)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "SERVICE_UNAVAILABLE")
