"""A dead letter whose replay Kafka lost is OPEN again, unless a ledger may still read the replay. On both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, delete, event, select, text, update

from payments.dead_letters import changes as dead_letter_changes
from payments.dead_letters import halt, lost_replays
from payments.dead_letters import service as dead_letters
from payments.outbox import lease
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import outbox_event
from payments.platform.tables.processes import operator_action
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from tests.contracts.test_dead_letter_changes import LETTER, add, fail, get, replay, replays

TIMEOUT = timedelta(minutes=10)
LATE = timedelta(minutes=11)


def reopen(engine: Engine) -> int:
    return lost_replays.reopen_lost(engine, TIMEOUT)


def published(engine: Engine, ago: timedelta = LATE, letter_id: int = 1) -> None:
    """A replayed dead letter whose replay was published that long ago."""
    add(engine, replace(LETTER, offset=letter_id))
    replay(engine, letter_id)
    with engine.begin() as connection:
        at = database_now(connection) - ago
        connection.execute(
            update(outbox_event)
            .where(outbox_event.c.aggregate_id == letter_id, outbox_event.c.aggregate_type == "replay")
            .values(published=1, published_at=at)
        )


def test_a_replay_without_an_end_is_open_again_and_counts_as_an_attempt(engine: Engine) -> None:
    published(engine)
    assert (reopen(engine), reopen(engine)) == (1, 0)
    letter = get(engine)
    assert (letter.state, letter.attempts, letter.error_message) == ("OPEN", 2, LETTER.error_message)
    assert letter.next_retry_at == letter.updated_at + timedelta(minutes=2), "it is tried again, as after any failure"
    with engine.begin() as connection:
        actions = connection.execute(select(operator_action).order_by(operator_action.c.id)).all()
    assert [(row.actor, row.action) for row in actions[1:]] == [("housekeeping", "dead_letter.reopen")]
    assert actions[1].target == "dead letter 1"


def test_also_when_its_outbox_row_is_pruned(engine: Engine) -> None:
    published(engine)
    with engine.begin() as connection:
        connection.execute(delete(outbox_event))
    assert reopen(engine) == 1
    assert replay(engine).state == "REPLAYING"


def test_retries_end_also_when_each_replay_is_lost(engine: Engine) -> None:
    published(engine)
    with engine.begin() as connection:
        connection.execute(update(dead_letter).values(attempts=5))
    assert reopen(engine) == 1
    assert (get(engine).attempts, get(engine).next_retry_at) == (6, None)


def test_one_that_is_not_published_or_only_lately_is_not_lost(engine: Engine) -> None:
    published(engine)
    for values in (
        {"published": 0, "published_at": None},
        {"published": 1, "published_at": datetime.now(UTC) - timedelta(minutes=9)},
    ):
        with engine.begin() as connection:
            connection.execute(update(outbox_event).values(values))
        assert reopen(engine) == 0
    assert get(engine).state == "REPLAYING"


def test_not_before_an_operators_second_replay_had_its_time(engine: Engine) -> None:
    published(engine)
    fail(engine)
    replay(engine)
    assert reopen(engine) == 0


@pytest.mark.parametrize(("resumed", "reopened"), [(None, 0), (timedelta(minutes=9), 0), (timedelta(minutes=11), 1)])
def test_not_while_posting_is_halted_nor_right_after(engine: Engine, resumed: timedelta | None, reopened: int) -> None:
    published(engine)
    halt.begin(engine, "a flood")
    if resumed is not None:
        with engine.begin() as connection:
            halt.resume(connection, 1, "cli:ann")
            connection.execute(text("UPDATE ledger_halt SET resumed_at = :at"), {"at": _naive(connection, resumed)})
    assert reopen(engine) == reopened


def _naive(connection: Connection, ago: timedelta) -> str:
    return (database_now(connection) - ago).replace(tzinfo=None).isoformat(" ", "microseconds")


@pytest.mark.parametrize(("seconds", "reopened"), [(30, 0), (3, 1)])
def test_not_while_the_ledger_is_silent(engine: Engine, seconds: int, reopened: int) -> None:
    published(engine)
    with engine.begin() as connection:
        lease.beat(connection, "ledger", "x")
        at = _naive(connection, timedelta(seconds=seconds))
        connection.execute(text("UPDATE lease SET renewed_at = :at"), {"at": at})
    assert reopen(engine) == reopened


def test_not_while_the_ledger_is_behind(engine: Engine) -> None:
    """Later events are not posted either: the replay still waits."""
    published(engine)
    commands.run(engine, commands.authorize("a"), commands.authorize("b"))
    assert reopen(engine) == 1, "what is not published says nothing"
    with engine.begin() as connection:
        connection.execute(update(dead_letter).values(state="REPLAYING"))
        connection.execute(update(outbox_event).where(outbox_event.c.aggregate_type == "payment").values(published=1))
    assert reopen(engine) == 0
    with engine.begin() as connection:
        connection.execute(update(outbox_event).where(outbox_event.c.aggregate_type == "payment").values(published=0))
    publish_and_post(engine, 1)
    assert reopen(engine) == 1


def test_a_letter_that_somebody_settles_meanwhile_does_not_change(mariadb: Engine) -> None:
    """Between reading the list and locking: resolved by a late ledger, or replayed again."""
    for letter_id in (1, 2, 3):
        published(mariadb, letter_id=letter_id)
    rival = create_engine(mariadb.url.render_as_string(hide_password=False))
    settled = False

    def settle(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        nonlocal settled
        if settled or "FOR UPDATE" not in statement:
            return
        settled = True
        with rival.begin() as connection:
            connection.execute(text("UPDATE dead_letter SET state = 'RESOLVED' WHERE id = 1"))
            connection.execute(text("UPDATE dead_letter SET state = 'OPEN' WHERE id = 2"))
            dead_letters.replay(connection, 2, "cli:ann")

    event.listen(mariadb, "before_cursor_execute", settle)
    assert reopen(mariadb) == 1
    event.remove(mariadb, "before_cursor_execute", settle)
    assert [get(mariadb, number).state for number in (1, 2, 3)] == ["RESOLVED", "REPLAYING", "OPEN"]
    rival.dispose()


def test_one_that_is_locked_waits_for_the_next_round(mariadb: Engine) -> None:
    published(mariadb, letter_id=1)
    published(mariadb, letter_id=2)
    with create_engine(mariadb.url.render_as_string(hide_password=False)).connect() as holder:
        transaction = holder.begin()
        holder.execute(text("SELECT * FROM dead_letter WHERE id = 1 FOR UPDATE"))
        assert reopen(mariadb) == 1
        transaction.rollback()
    assert reopen(mariadb) == 1
    assert len(replays(mariadb)) == 2


def test_one_that_cannot_be_opened_does_not_keep_the_others(engine: Engine) -> None:
    for letter_id in (1, 2, 3):
        published(engine, letter_id=letter_id)
    refuse(engine, "OLD.id = 1 AND NEW.state = 'OPEN'", "dead_letter", "UPDATE")
    assert reopen(engine) == 2
    assert [get(engine, number).state for number in (1, 2, 3)] == ["REPLAYING", "OPEN", "OPEN"]


def refuse(engine: Engine, condition: str, table: str, verb: str) -> None:
    """Make the database refuse rows that meet the condition."""
    if engine.dialect.name == "sqlite":
        body = f"WHEN {condition} BEGIN SELECT RAISE(ABORT, 'refused by a test'); END"
    else:
        body = (
            f"FOR EACH ROW IF {condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused by a test'; END IF"
        )
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TRIGGER test_refusal BEFORE {verb} ON {table} {body}")


def test_a_retry_that_fails_each_time_does_not_keep_the_others(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "RETRY_BATCH", 2)
    monkeypatch.setattr(dead_letters, "RETRY_TRIES", 4)
    add(engine, *(replace(LETTER, offset=offset) for offset in range(1, 9)))  # all due since 2025
    refuse(engine, "NEW.aggregate_id <= 5 AND NEW.aggregate_type = 'replay'", "outbox_event", "INSERT")
    assert [dead_letters.retry_due(engine) for _ in range(4)] == [0, 2, 1, 0]
    assert [get(engine, number).state for number in range(1, 9)] == ["OPEN"] * 5 + ["REPLAYING"] * 3
    assert all(
        (get(engine, number).next_retry_at or get(engine).created_at) > datetime.now(UTC) for number in range(1, 6)
    )


def test_a_letter_that_fails_again_meanwhile_is_not_retried_before_its_time(mariadb: Engine) -> None:
    add(mariadb, replace(LETTER, offset=1), replace(LETTER, offset=2))
    rival = create_engine(mariadb.url.render_as_string(hide_password=False))

    def put_off(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "FOR UPDATE" in statement:
            with rival.begin() as connection:
                connection.execute(
                    text("UPDATE dead_letter SET next_retry_at = '2100-01-01', attempts = 2 WHERE id = 1")
                )

    event.listen(mariadb, "before_cursor_execute", put_off)
    assert dead_letters.retry_due(mariadb) == 1
    event.remove(mariadb, "before_cursor_execute", put_off)
    assert (get(mariadb, 1).state, get(mariadb, 2).state) == ("OPEN", "REPLAYING")
    rival.dispose()


def test_a_late_success_resolves_what_was_opened_again(engine: Engine) -> None:
    published(engine)
    assert reopen(engine) == 1
    replay(engine)
    with engine.begin() as connection:
        dead_letter_changes.resolve(connection, [1], database_now(connection))
    assert get(engine).state == "RESOLVED"
    assert reopen(engine) == 0
