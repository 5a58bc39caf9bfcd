"""The operators' commands, called as an operator calls them."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.engine import make_url

from payments.platform.tables.events import outbox_event
from payments.platform.tables.housekeeping import audit_finding
from payments.platform.tables.payments import payment
from payments.platform.tables.processes import operator_action
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from worker.__main__ import main


def call(url: str, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)


def test_an_audit_that_finds_nothing(engine: Engine, database_url: str) -> None:
    commands.run_one(engine, commands.authorize("a"))
    done = call(database_url, "worker", "audit", "--full")
    assert (done.returncode, done.stdout) == (
        0,
        "audited 1 payments (all payments): no differences, 1 events in flight\n",
    )


def test_an_audit_lists_differences(engine: Engine, database_url: str) -> None:
    commands.run_one(engine, commands.authorize("a"))
    publish_and_post(engine)
    with engine.begin() as connection:
        connection.execute(update(payment).values(amount=9999))
    done = call(database_url, "worker", "audit", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert sorted({d["kind"] for d in report["differences"]}) == ["answers", "ledger", "outbox"]
    assert call(database_url, "worker", "audit", "--full").stdout.count("payment 1") == 2


Said = tuple[int, str, str]
Tool = Callable[..., Said]


@pytest.fixture
def tool(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tool:
    """A command in this process: exit code, stdout, stderr."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(arguments)
        return (code, *capsys.readouterr())

    return run


def test_findings_are_listed_until_they_are_cleared(engine: Engine, tool: Tool) -> None:
    assert tool("audit", "list") == (0, "No finding is open.\n", "")
    commands.run_one(engine, commands.authorize("a"))
    publish_and_post(engine)
    for status in ("CAPTURED", "AUTHORIZED"):
        with engine.begin() as connection:
            connection.execute(update(payment).values(status=status))
        assert tool("audit")[0] == (1 if status == "CAPTURED" else 0)
        code, listed, _ = tool("audit", "list", "--all")
        assert code == 0
        assert listed.startswith("1: outbox: payment 1: status is CAPTURED, the amounts say AUTHORIZED (first ")
        assert ("cleared" in listed) == (status == "AUTHORIZED")
        items = json.loads(tool("audit", "list", "--json")[1])["items"]
        assert [item["paymentId"] for item in items] == ([1] if status == "CAPTURED" else [])
    for wrong in (["--all"], ["list", "--full"]):
        code, _, complaint = tool("audit", *wrong)
        assert (code, complaint.count("\n")) == (2, 1)


def test_whoever_may_only_read_is_told_so(
    engine: Engine, database_url: str, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, password = f"reader_{secrets.token_hex(4)}", secrets.token_hex(16)
    readonly = make_url(database_url)
    if engine.dialect.name == "sqlite":
        readonly = readonly.set(database=f"file:{readonly.database}", query={"mode": "ro", "uri": "true"})
    else:
        with engine.begin() as connection:
            connection.execute(text(f"CREATE USER {user}@'%' IDENTIFIED BY '{password}'"))
            connection.execute(text(f"GRANT SELECT ON {readonly.database}.* TO {user}@'%'"))
        readonly = readonly.set(username=user, password=password)
    monkeypatch.setenv("DATABASE_URL", readonly.render_as_string(hide_password=False))
    code, _, complaint = tool("audit")
    assert (code, complaint.count("\n")) == (2, 1), complaint
    assert "may only be read" in complaint
    assert password not in complaint
    with engine.connect() as connection:
        assert connection.execute(select(audit_finding)).all() == []


def test_an_action_is_noted_with_the_person_that_called_sudo(
    engine: Engine, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, noted in (("alice", "cli:alice"), ("é\tb\x1b[1m " + "x" * 200, "cli:é?b?[1m?" + "x" * 116)):
        monkeypatch.setenv("SUDO_USER", name)
        assert tool("republish", "--unposted")[0] == 0
        with engine.connect() as connection:
            actors = connection.execute(select(operator_action.c.actor).order_by(operator_action.c.id.desc()))
            assert actors.scalars().first() == noted


def test_republish_hands_lost_events_to_the_relay_and_is_noted(engine: Engine, database_url: str) -> None:
    commands.run_one(engine, commands.authorize("a"))
    with engine.begin() as connection:
        connection.execute(update(outbox_event).values(published=1))
    done = call(database_url, "worker", "republish", "--unposted")
    assert (done.returncode, done.stdout) == (0, "1 events will be published again\n")
    with engine.connect() as connection:
        assert connection.execute(select(outbox_event.c.published)).scalar_one() == 0
        action = connection.execute(select(operator_action)).one()
    assert (action.action, action.detail, action.actor.split(":")[0]) == ("republish", "1 unposted events", "cli")


@pytest.mark.parametrize("command", [["audit"], ["republish", "--unposted"], ["clock"]])
def test_an_absent_database_is_said_in_one_sentence(command: list[str]) -> None:
    done = call("mysql+pymysql://nobody:secret@127.0.0.1:1/paydb", "worker", *command)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "mysql+pymysql://nobody:***@127.0.0.1:1/paydb cannot be used" in done.stderr


def test_migrate_says_the_revision(database_url: str) -> None:
    done = call(database_url, "payments", "migrate")
    assert (done.returncode, done.stdout) == (0, "database is at revision 0020\n")


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
