"""The database goes after an operator's action was committed: nobody is told that nothing was done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pymysql
import pytest
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.exc import OperationalError

from app import transactions
from payments.acquiring.rules import State
from payments.platform.database import create_engine
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.breaker import circuit_breaker_command
from tests.contracts.at_acquirer import contradicted
from tests.integration.api.conftest import ADMIN, Api, serving
from tests.integration.api.desk import PEPPERS, code, key


@pytest.fixture
def api(database_url: str, redis_url: str) -> Iterator[Api]:
    """An application with keys."""
    with serving(database_url, redis_url, peppers=PEPPERS) as made:
        yield made


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@contextmanager
def lost_after_a_commit(api: Api) -> Iterator[None]:
    """What is read behind the first commit of the request finds no database."""
    with api.flask.app_context():
        engine = api.services.database.engine
    committed: list[Connection] = []

    def begin(_connection: Connection) -> None:
        if committed:
            raise OperationalError("SELECT 1", {}, pymysql.err.OperationalError(2013, "Lost connection"))

    note = committed.append
    event.listen(engine, "commit", note)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transactions, "begin_snapshot", begin)
        yield
    event.remove(engine, "commit", note)


def test_a_file_that_is_stored_is_shown(api: Api) -> None:
    with lost_after_a_commit(api):
        sent = api.http.post("/reconciliation/files?name=a.csv", data=b"record", content_type="text/csv", headers=ADMIN)
    assert (sent.status_code, sent.get_json()["state"]) == (202, "UPLOADED")


def test_a_decision_that_is_carried_out_is_not_denied(api: Api, engine: Engine) -> None:
    (manual,) = [each for each in contradicted(engine).operations() if each.state is State.MANUAL]
    path, body = f"/acquirer-operations/{manual.operation_id}/decide", {"outcome": "DECLINED", "reason": "they say so"}
    first, second = (key(api, name, scopes=["read", "operate"]) for name in ("kim", "lee"))
    assert api.http.post(path, json=body, headers=first).status_code == 200
    with lost_after_a_commit(api):
        answer = api.http.post(path, json=body, headers=second)
    with engine.connect() as connection:
        query = select(acquirer_operation.c.state).where(acquirer_operation.c.operation_id == manual.operation_id)
        assert connection.execute(query).scalar_one() != "MANUAL"
    assert code(answer) == (503, "OUTCOME_UNKNOWN")
    assert "look at it before you try again" in answer.get_json()["message"]


def test_a_command_to_the_breaker_that_is_stored_is_not_denied(api: Api, engine: Engine) -> None:
    with lost_after_a_commit(api):
        answer = api.http.post("/circuit-breaker/kafka-publisher/transition", json={"to": "FORCED_OPEN"}, headers=ADMIN)
    with engine.connect() as connection:
        assert len(connection.execute(select(circuit_breaker_command)).all()) == 1
    assert code(answer) == (503, "OUTCOME_UNKNOWN")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_crash_of_a_change_does_not_say_that_nothing_was_done(api: Api, method: str) -> None:
    def crash() -> NoReturn:
        raise LookupError

    api.flask.add_url_rule("/crash", view_func=crash, methods=[method])
    answer = api.http.open("/crash", method=method)
    assert code(answer) == (503, "OUTCOME_UNKNOWN")
