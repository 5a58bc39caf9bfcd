"""`dlq` and `ledger-resume`, called as an operator calls them."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select

from payments.dead_letters import halt, halt_store
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.processes import operator_action
from tests.integration.cli.test_commands import call

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
LETTER = DeadLetter("c", "payment.captured", 0, 0, 1, '{"a":\n1}', None, None, "InvalidJson", "not\x1b[2J " + "x" * 99)


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A database with four OPEN dead letters."""
    letters = [replace(LETTER, offset=offset) for offset in range(4)]
    letters[2] = replace(letters[2], topic="payment.voided", error_type="EventNotFound")
    with engine.begin() as connection:
        dead_letter_store.add(connection, letters, NOW)
    return engine


def states(engine: Engine) -> list[str]:
    with engine.begin() as connection:
        return list(connection.execute(select(dead_letter.c.state).order_by(dead_letter.c.id)).scalars())


def test_the_table_is_readable_on_a_hundred_columns(engine: Engine, database_url: str) -> None:
    done = call(database_url, "worker", "dlq", "list", "--limit", "3")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert max(map(len, lines)) <= 100
    assert lines[0].split() == ["ID", "STATE", "TRIES", "ERROR", "TOPIC", "SINCE", "WHAT"]
    assert [line.split()[:5] for line in lines[1:4]] == [
        ["4", "OPEN", "1", "InvalidJson", "payment.captured"],
        ["3", "OPEN", "1", "EventNotFound", "payment.voided"],
        ["2", "OPEN", "1", "InvalidJson", "payment.captured"],
    ]
    assert lines[4].startswith("There are older ones")
    assert "\x1b" not in done.stdout
    one = call(database_url, "worker", "dlq", "show", "1").stdout
    assert one.endswith('payload:\n{"a":\n1}\n')
    assert "\x1b" not in one


def test_filters_and_json(engine: Engine, database_url: str) -> None:
    options = ["--topic", "payment.voided", "--error-type", "EventNotFound", "--state", "OPEN"]
    listed = json.loads(call(database_url, "worker", "dlq", "list", "--json", *options).stdout)
    assert [item["id"] for item in listed["items"]] == [3]
    shown = json.loads(call(database_url, "worker", "dlq", "show", "3", "--json").stdout)
    assert shown == {**listed["items"][0], "payload": '{"a":\n1}'}
    assert "payload" not in listed["items"][0]
    nothing = call(database_url, "worker", "dlq", "list", "--state", "RESOLVED")
    assert (nothing.returncode, nothing.stdout) == (0, "There are no such dead letters.\n")


def test_replay_and_discard_one(engine: Engine, database_url: str) -> None:
    done = call(database_url, "worker", "dlq", "replay", "1")
    assert (done.returncode, done.stdout) == (0, "Dead letter 1 is REPLAYING.\n")
    again = call(database_url, "worker", "dlq", "replay", "1")
    assert (again.returncode, again.stderr) == (1, "Dead letter 1 is REPLAYING, not OPEN.\n")
    away = call(database_url, "worker", "dlq", "discard", "2", "--reason", "a test", "--json")
    assert json.loads(away.stdout)["discardReason"] == "a test"
    assert states(engine) == ["REPLAYING", "DISCARDED", "OPEN", "OPEN"]
    with engine.begin() as connection:
        actors = connection.execute(select(operator_action.c.actor)).scalars().all()
    assert [actor.split(":")[0] for actor in actors] == ["cli", "cli"]


def test_a_dry_run_only_tells(engine: Engine, database_url: str) -> None:
    done = call(database_url, "worker", "dlq", "replay", "--all", "--dry-run", "--rate", "2")
    assert (done.returncode, done.stdout) == (0, "4 dead letters would be replayed, in 2 s.\n")
    printed = call(database_url, "worker", "dlq", "replay", "--error-type", "InvalidJson", "--dry-run", "--json")
    assert json.loads(printed.stdout)["wouldReplay"] == [1, 2, 4]
    assert states(engine) == ["OPEN"] * 4


def test_replay_what_matches_at_a_rate(engine: Engine, database_url: str) -> None:
    begun = time.monotonic()
    done = call(database_url, "worker", "dlq", "replay", "--topic", "payment.captured", "--rate", "4")
    assert (done.returncode, done.stdout) == (0, "3 dead letters are being replayed.\n")
    assert time.monotonic() - begun >= 2 / 4
    assert states(engine) == ["REPLAYING", "REPLAYING", "OPEN", "REPLAYING"]
    rest = call(database_url, "worker", "dlq", "replay", "--all", "--json")
    assert json.loads(rest.stdout) == {"dryRun": False, "replayed": [3]}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "9"], 1, "There is no dead letter 9."),
        (["replay", "9"], 1, "There is no dead letter 9."),
        (["replay"], 2, "either an ID, or --all"),
        (["replay", "1", "--all"], 2, "either an ID, or --all"),
        (["replay", "--all", "--rate", "0"], 2, "'0' is not a number from 0.01"),
        (["show", "x"], 2, "'x' is not a whole number"),
        (["discard", "1"], 2, "required: --reason"),
        (["discard", "1", "--reason", " "], 2, "1 to 500 characters"),
        (["discard", "1", "--reason", "a\x1b[2J"], 2, "the reason must not contain control characters"),
        (["list", "--state", "LOST"], 2, "invalid choice: 'LOST'"),
    ],
)
def test_every_error_is_one_sentence(sqlite_url: str, arguments: list[str], code: int, said: str) -> None:
    done = call(sqlite_url, "worker", "dlq", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert said in done.stderr


@pytest.mark.parametrize("command", [["dlq", "list"], ["dlq", "replay", "1"], ["ledger-resume", "--skip-check"]])
def test_an_absent_database_is_said_in_one_sentence(command: list[str]) -> None:
    done = call("mysql+pymysql://nobody:secret@127.0.0.1:1/paydb", "worker", *command)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "nobody:***@127.0.0.1:1/paydb cannot be used" in done.stderr


def test_a_halt_is_ended_once(engine: Engine, database_url: str) -> None:
    assert call(database_url, "worker", "ledger-resume", "--accept-poison", "0").returncode == 2
    early = call(database_url, "worker", "ledger-resume", "--accept-poison", "5")
    assert (early.returncode, early.stderr) == (1, "The ledger is not halted.\n")
    halt.begin(engine, "a flood.")
    done = call(database_url, "worker", "ledger-resume", "--accept-poison", "5")
    assert (done.returncode, done.stdout) == (0, "The ledger goes on within 2 s. It was halted: a flood.\n")
    with engine.begin() as connection:
        found = halt_store.newest(connection)
    assert found is not None
    assert (found.is_open, found.accepted_left) == (False, 5)
