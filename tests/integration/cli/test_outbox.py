"""`outbox`, called as an operator calls it."""

import json

import pytest
from sqlalchemy import Engine, select

from payments.outbox import lease, refusal_store
from payments.outbox import store as outbox_store
from payments.outbox.rules import DEAD_LETTER_TOPIC, Aggregate, EventType, OutboxState, PaymentEvent
from payments.platform.clock import database_now
from payments.platform.tables.events import outbox_event
from payments.platform.tables.processes import operator_action
from tests.integration.cli.test_commands import call


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A database with three parked events: 1 and 2 are payments', 3 is a dead letter's; event 4 waits for the relay."""
    with engine.begin() as connection:
        now = database_now(connection)
        events = [PaymentEvent(EventType.CAPTURED, payment, "M", 1, "KRW", "CAPTURED", now) for payment in (1, 2, 3)]
        letter = outbox_store.new_row(Aggregate.DEAD_LETTER, 1, "DEAD_LETTER", DEAD_LETTER_TOPIC, "{}", "{}", now)
        first, second, third = (outbox_store.event_row(event, "{}") for event in events)
        outbox_store.add(connection, [first, second, letter, third])
        held = lease.acquire(connection, "relay", "me", 60)
        assert held is not None
        refusal_store.refuse(connection, [1, 2, 3], "Broker: Topic authorization failed\x1b[2J", 5, now, held)
    return engine


def states(engine: Engine) -> dict[int, int]:
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(select(outbox_event.c.event_id, outbox_event.c.published))}


def test_the_list(engine: Engine, database_url: str) -> None:
    done = call(database_url, "worker", "outbox", "list", "--limit", "2")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[0].split() == ["EVENT", "OF", "ID", "TOPIC", "TRIES", "BEHIND", "PARKED", "WHY"]
    assert [line.split()[:6] for line in lines[1:3]] == [
        ["3", "dead_letter", "1", "payment.dlq", "5", "0"],
        ["2", "payment", "2", "payment.captured", "5", "0"],
    ]
    assert lines[3].startswith("There are older ones")
    assert "\x1b" not in done.stdout
    listed = json.loads(call(database_url, "worker", "outbox", "list", "--topic", "payment.captured", "--json").stdout)
    assert [item["eventId"] for item in listed["items"]] == [2, 1]


def test_release_and_discard(engine: Engine, database_url: str) -> None:
    one = call(database_url, "worker", "outbox", "release", "1")
    assert (one.returncode, one.stdout) == (0, "1 events will be tried again.\n")
    again = call(database_url, "worker", "outbox", "release", "1")
    assert (again.returncode, again.stderr) == (1, "Event 1 is not parked: it waits for the relay.\n")
    refused = call(database_url, "worker", "outbox", "discard", "2", "--reason", "x")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    away = call(database_url, "worker", "outbox", "discard", "3", "--reason", "a test", "--json")
    assert json.loads(away.stdout)["eventId"] == 3
    assert states(engine) == {1: OutboxState.PENDING, 2: OutboxState.PARKED, 3: OutboxState.DISCARDED, 4: 0}
    rest = call(database_url, "worker", "outbox", "release", "--all", "--json")
    assert json.loads(rest.stdout) == {"released": [2]}
    assert call(database_url, "worker", "outbox", "list").stdout == "No event is parked.\n"
    with engine.begin() as connection:
        noted = connection.execute(select(operator_action.c.actor, operator_action.c.action)).all()
    assert [row.action for row in noted] == ["outbox.release", "outbox.discard", "outbox.release"]
    assert {row.actor.split(":")[0] for row in noted} == {"cli"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["release", "9"], 1, "There is no event 9"),
        (["release"], 2, "either an ID, or --all or --topic"),
        (["release", "1", "--all"], 2, "either an ID, or --all or --topic"),
        (["release", "x"], 2, "'x' is not a whole number"),
        (["discard", "1"], 2, "required: --reason"),
        (["discard", "1", "--reason", " "], 2, "1 to 500 characters"),
        (["list", "--topic", "other"], 2, "invalid choice: 'other'"),
    ],
)
def test_every_error_is_one_sentence(sqlite_url: str, arguments: list[str], code: int, said: str) -> None:
    done = call(sqlite_url, "worker", "outbox", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert said in done.stderr


def test_an_absent_database_is_said_in_one_sentence() -> None:
    done = call("mysql+pymysql://nobody:secret@127.0.0.1:1/paydb", "worker", "outbox", "list")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
