"""Requests for an audit, on both databases: at most one is open, and it is open until an audit after it is complete."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from payments.audit import request_store, requests
from payments.audit import view as audit_view
from payments.platform.clock import database_now
from payments.platform.tables.housekeeping import audit_request
from payments.platform.tables.processes import operator_action
from payments.platform.tasks.throttle import AT_ONCE
from payments.retention.service import Pruner, Retention

KEPT = Retention(timedelta(days=9), timedelta(days=30), timedelta(days=30), timedelta(days=90))


def ask(engine: Engine, actor: str) -> None:
    with engine.begin() as connection:
        requests.request_audit(connection, actor)


def rows(engine: Engine) -> list[tuple[str, bool]]:
    """Actor and whether it is open, of each stored request."""
    with engine.connect() as connection:
        found = connection.execute(select(audit_request).order_by(audit_request.c.id)).all()
    assert [row.open_slot for row in found] == [1 if row.done_at is None else None for row in found]
    return [(row.actor, row.done_at is None) for row in found]


def actors(engine: Engine) -> list[str]:
    """Who asked for an audit, by the log of operators' actions."""
    with engine.connect() as connection:
        query = select(operator_action.c.actor).where(operator_action.c.action == requests.ACTION)
        return list(connection.execute(query.order_by(operator_action.c.id)).scalars())


def test_a_request_is_open_until_it_is_finished(engine: Engine) -> None:
    ask(engine, "api:1")
    with engine.begin() as connection:
        found = request_store.open_request(connection)
        assert found is not None
        assert (found.actor, found.requested_at <= database_now(connection)) == ("api:1", True)
        request_store.finish(connection, found.request_id)
        assert request_store.open_request(connection) is None
    ask(engine, "api:2")
    assert rows(engine) == [("api:1", False), ("api:2", True)]


def test_a_second_request_finds_the_open_one(engine: Engine) -> None:
    ask(engine, "api:1")
    ask(engine, "api:2")
    assert rows(engine) == [("api:1", True)]
    assert actors(engine) == ["api:1"]
    with engine.connect() as connection:
        requested = audit_view.runs(connection).requested
    assert requested is not None
    assert requested.actor == "api:1"


def test_the_database_keeps_a_second_one_from_being_open(engine: Engine) -> None:
    ask(engine, "api:1")
    with engine.begin() as connection, pytest.raises(IntegrityError):
        request_store.add(connection, "api:2")


def test_of_many_at_once_one_is_stored_and_all_succeed(engine: Engine) -> None:
    many = 8
    together = Barrier(many)

    def one(number: int) -> None:
        together.wait()
        ask(engine, f"api:{number}")

    with ThreadPoolExecutor(many) as pool:
        list(pool.map(one, range(many)))
    assert [is_open for _, is_open in rows(engine)] == [True]
    assert len(actors(engine)) == 1


def test_finishing_twice_keeps_the_first_time(engine: Engine) -> None:
    ask(engine, "api:1")
    with engine.begin() as connection:
        long_ago = database_now(connection) - timedelta(days=1)
        connection.execute(update(audit_request).values(done_at=long_ago))
        request_store.finish(connection, 1)
        assert connection.execute(select(audit_request.c.done_at)).scalar_one() == long_ago


def test_answered_requests_are_pruned_with_the_audits(engine: Engine) -> None:
    with engine.begin() as connection:
        now = database_now(connection)
        for days, is_done in ((91, True), (91, False), (89, True)):
            then = now - timedelta(days=days)
            values = {"requested_at": then, "actor": "api:1", "done_at": then if is_done else None}
            connection.execute(insert(audit_request), values)
    assert Pruner(engine, KEPT).prune(AT_ONCE)["audit_request"] == 1
    assert len(rows(engine)) == 2
