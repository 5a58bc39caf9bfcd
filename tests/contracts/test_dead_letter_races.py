"""Another transaction commits between any two statements on MariaDB: only one settles a dead letter or a halt."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from payments.dead_letters import halt, store
from payments.dead_letters import service as dead_letters
from payments.ledger.checking import Message
from payments.ledger.posting import post_batch
from payments.platform.database import create_engine
from payments.platform.errors import DeadLetterConflict
from tests.contracts.test_dead_letter_changes import LETTER, NOW

Action = Callable[[Engine], Any]
BAD = Message("payment.captured", 0, 1, 1, b"1", b"{")
STATEMENT_LIMIT = 40


_letter_ids: dict[str, int] = {}
"""The id of the tests' dead letter, by database; read once, so that it adds no statement."""


def letter(engine: Engine) -> int:
    return _letter_ids[str(engine.url)]


def replay(engine: Engine) -> str | None:
    with engine.begin() as connection:
        dead_letters.replay(connection, letter(engine), "cli:ann")
    return "replay"


def discard(engine: Engine) -> str | None:
    with engine.begin() as connection:
        dead_letters.discard(connection, letter(engine), "why", "cli:ann")
    return "discard"


def add(engine: Engine) -> str | None:
    with engine.begin() as connection:
        return "add" if store.add(connection, [replace(LETTER, offset=7), replace(LETTER, offset=8)], NOW) else None


def post(engine: Engine) -> str | None:
    return post_batch(engine, [BAD._replace(offset=7), BAD._replace(offset=8)], "c1")[0].outcome


def resume(engine: Engine) -> str | None:
    with engine.begin() as connection:
        return halt.resume(connection, 5, "cli:ann")


def one(engine: Engine, query: str) -> Any:
    with engine.begin() as connection:
        return connection.execute(text(query)).scalar_one()


def interleaved(engine: Engine, action: Action, rival: Action, at: int) -> tuple[list[Any], bool]:
    """The results of `action` and of `rival`, which runs before statement `at` of the action; and whether it ran."""
    other, count, done = create_engine(engine.url.render_as_string(hide_password=False)), 0, []
    # a locked row fails at once: waiting for it would be a deadlock
    event.listen(other, "connect", lambda raw, _: raw.cursor().execute("SET SESSION innodb_lock_wait_timeout = 0"))

    def attempt(do: Action, on: Engine) -> None:
        try:
            done.append(do(on))
        except (DeadLetterConflict, DBAPIError):
            done.append(None)

    def before(_connection: Connection, *_: object) -> None:
        nonlocal count
        count += 1
        if count == at:
            attempt(rival, other)

    event.listen(engine, "before_cursor_execute", before)
    attempt(action, engine)
    event.remove(engine, "before_cursor_execute", before)
    other.dispose()
    return [each for each in done if each is not None], count >= at


def each_place(engine: Engine, action: Action, rival: Action, check: Callable[[list[Any]], None]) -> None:
    for at in range(1, STATEMENT_LIMIT):
        with engine.begin() as connection:
            for table in ("dead_letter", "outbox_event", "operator_action", "ledger_halt"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
            store.add(connection, [LETTER], NOW)
            connection.exec_driver_sql("DELETE FROM outbox_event")
            _letter_ids[str(engine.url)] = store.newest_id(connection)
        halt.begin(engine, "flood")
        if action is not resume:
            resume(engine)
            with engine.begin() as connection:
                connection.exec_driver_sql("DELETE FROM operator_action")
        done, came = interleaved(engine, action, rival, at)
        if not came:
            return
        check(done)
    raise AssertionError("it never ends")


@pytest.mark.parametrize(
    ("action", "rival"), [(replay, replay), (replay, discard), (discard, replay), (discard, discard)]
)
def test_a_letter_is_settled_once(mariadb: Engine, action: Action, rival: Action) -> None:
    def check(done: list[Any]) -> None:
        assert len(done) == 1
        state, replays = done[0], int(done[0] == "replay")
        assert one(mariadb, "SELECT state FROM dead_letter") == {"replay": "REPLAYING", "discard": "DISCARDED"}[state]
        assert one(mariadb, "SELECT COUNT(*) FROM outbox_event") == replays
        assert one(mariadb, "SELECT COUNT(*) FROM operator_action") == 1

    each_place(mariadb, action, rival, check)


@pytest.mark.parametrize(("action", "rival"), [(add, add), (post, post)])
def test_a_letter_is_stored_and_announced_once(mariadb: Engine, action: Action, rival: Action) -> None:
    def check(_done: list[Any]) -> None:
        assert one(mariadb, "SELECT COUNT(*) FROM dead_letter") == 3
        assert one(mariadb, "SELECT COUNT(*) FROM outbox_event") == 2

    each_place(mariadb, action, rival, check)


def fail_the_replay(engine: Engine) -> str | None:
    message = BAD._replace(offset=9, value=LETTER.payload.encode(), letter_id=letter(engine))
    return post_batch(engine, [message], "c1")[0].outcome


def succeed(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE dead_letter SET state = 'RESOLVED' WHERE state <> 'DISCARDED'"))


def fail_and_replay(engine: Engine) -> None:
    """Another consumer finds it failing, and an operator replays it at once."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE dead_letter SET state = 'OPEN', attempts = attempts + 1, next_retry_at = NULL"))
        dead_letters.replay(connection, letter(engine), "cli:ben")


def test_a_success_wins_over_a_failure_of_the_same_replay(mariadb: Engine) -> None:
    def replay_and_fail(engine: Engine) -> str | None:
        replay(engine)
        return fail_the_replay(engine)

    def check(_done: list[Any]) -> None:
        succeed(mariadb)
        fail_the_replay(mariadb)
        assert one(mariadb, "SELECT state FROM dead_letter") == "RESOLVED"
        assert one(mariadb, "SELECT COUNT(*) FROM dead_letter") == 1

    each_place(mariadb, replay_and_fail, succeed, check)


def test_the_next_retry_follows_the_attempts_of_now(mariadb: Engine) -> None:
    with mariadb.begin() as connection:
        store.add(connection, [replace(LETTER, payload='{"paymentId":99,"amount":1}')], NOW)
        _letter_ids[str(mariadb.url)] = store.newest_id(connection)
    replay(mariadb)
    message = BAD._replace(offset=9, value=b'{"paymentId":99,"amount":1}', letter_id=letter(mariadb))
    interleaved(mariadb, lambda engine: post_batch(engine, [message], "c1"), fail_and_replay, 4)
    delay = one(mariadb, "SELECT TIMESTAMPDIFF(SECOND, updated_at, next_retry_at) FROM dead_letter")
    attempts = one(mariadb, "SELECT attempts FROM dead_letter")
    assert (attempts, delay) == (3, 240)


def test_a_halt_is_ended_once_and_a_new_one_stays(mariadb: Engine) -> None:
    def check_once(done: list[Any]) -> None:
        assert done == ["flood"]
        assert one(mariadb, "SELECT COUNT(*) FROM operator_action") == 1
        assert one(mariadb, "SELECT COUNT(*) FROM ledger_halt WHERE resumed_at IS NULL") == 0

    each_place(mariadb, resume, resume, check_once)

    def begin_another(engine: Engine) -> None:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO ledger_halt (halted_at, detail) VALUES (NOW(), 'another')"))

    def check_new(_done: list[Any]) -> None:
        ended = one(mariadb, "SELECT target FROM operator_action")
        still_open = one(mariadb, "SELECT COUNT(*) FROM ledger_halt WHERE resumed_at IS NULL")
        newest = one(mariadb, "SELECT MAX(id) FROM ledger_halt")
        assert (ended == f"halt {newest}") == (still_open == 0), "the answer names what was ended"

    each_place(mariadb, resume, begin_another, check_new)


def test_a_flood_that_an_operator_has_just_accepted_halts_nothing(engine: Engine) -> None:
    """Another worker halted for the same flood, and the halt was ended before this one came to begin its own."""
    halt.begin(engine, "flood")
    resume(engine)
    assert halt.begin(engine, "the same flood", after=0) is False
    assert halt.begin(engine, "a new flood", after=1) is True
    assert one(engine, "SELECT COUNT(*) FROM ledger_halt") == 2
