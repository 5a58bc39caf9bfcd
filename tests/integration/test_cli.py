"""The operators' commands, called as an operator calls them."""

import json
import os
import subprocess
import sys

import pytest
from sqlalchemy import Engine, select, update

from payments.adapters.tables import operator_action, outbox_event, payment
from tests.contracts import wishes
from tests.contracts.posting import publish_and_post


def call(url: str, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)


def test_an_audit_that_finds_nothing(engine: Engine, database_url: str) -> None:
    wishes.run_one(engine, wishes.authorize("a"))
    done = call(database_url, "worker", "audit", "--full")
    assert (done.returncode, done.stdout) == (
        0,
        "audited 1 payments (all payments): no differences, 1 events in flight\n",
    )


def test_an_audit_lists_differences(engine: Engine, database_url: str) -> None:
    wishes.run_one(engine, wishes.authorize("a"))
    publish_and_post(engine)
    with engine.begin() as connection:
        connection.execute(update(payment).values(amount=9999))
    done = call(database_url, "worker", "audit", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert sorted({d["kind"] for d in report["differences"]}) == ["answers", "ledger", "outbox"]
    assert call(database_url, "worker", "audit", "--full").stdout.count("payment 1") == 2


def test_republish_hands_lost_events_to_the_relay_and_is_noted(engine: Engine, database_url: str) -> None:
    wishes.run_one(engine, wishes.authorize("a"))
    with engine.begin() as connection:
        connection.execute(update(outbox_event).values(published=1))
    done = call(database_url, "worker", "republish", "--unposted")
    assert (done.returncode, done.stdout) == (0, "1 events will be published again\n")
    with engine.connect() as connection:
        assert connection.execute(select(outbox_event.c.published)).scalar_one() == 0
        action = connection.execute(select(operator_action)).one()
    assert (action.action, action.detail, action.actor.split(":")[0]) == ("republish", "1 unposted events", "cli")


@pytest.mark.parametrize("command", [["audit"], ["republish", "--unposted"]])
def test_an_absent_database_is_said_in_one_sentence(command: list[str]) -> None:
    done = call("mysql+pymysql://nobody:secret@127.0.0.1:1/paydb", "worker", *command)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "mysql+pymysql://nobody:***@127.0.0.1:1/paydb cannot be used" in done.stderr


def test_migrate_says_the_revision(database_url: str) -> None:
    done = call(database_url, "payments", "migrate")
    assert (done.returncode, done.stdout) == (0, "database is at revision 0005\n")


def test_migrate_without_a_database_is_said_in_one_sentence() -> None:
    done = call("mysql+pymysql://nobody:secret@127.0.0.1:1/paydb", "payments", "migrate")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "could not be migrated" in done.stderr


def test_bad_settings_are_all_named() -> None:
    environment = {**os.environ, "DATABASE_URL": "oracle://x", "LOG_LEVEL": "LOUD"}
    command = [sys.executable, "-m", "worker", "audit"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 2
    assert "DATABASE_URL must be" in done.stderr
    assert "LOG_LEVEL must be" in done.stderr
