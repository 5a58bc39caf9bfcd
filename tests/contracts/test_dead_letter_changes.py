"""State changes of a dead letter on both databases: replay, failure, resolution, discard; each only once."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from payments.dead_letters import changes, store, view
from payments.dead_letters import service as dead_letters
from payments.dead_letters.changes import FailedReplay
from payments.dead_letters.store import DeadLetter
from payments.outbox.republish import republish_unposted
from payments.platform.database import create_engine
from payments.platform.errors import DeadLetterConflict, NotFound
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import outbox_event
from payments.platform.tables.processes import operator_action

NOW = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
LETTER = DeadLetter("c1", "payment.captured", 3, 1, 1761545788123, '{"é":1}', None, "7", "PaymentNotFound", "none")


def add(engine: Engine, *letters: DeadLetter) -> list[int]:
    with engine.begin() as connection:
        store.add(connection, letters, NOW)
        return sorted(connection.execute(select(dead_letter.c.id)).scalars())


def get(engine: Engine, letter_id: int = 1) -> DeadLetter:
    with engine.begin() as connection:
        found = store.get(connection, letter_id)
    assert found is not None
    return found


def replays(engine: Engine) -> list[Any]:
    with engine.begin() as connection:
        return list(connection.execute(select(outbox_event).where(outbox_event.c.aggregate_type == "replay")))


def replay(engine: Engine, letter_id: int = 1) -> view.DeadLetter:
    with engine.begin() as connection:
        return dead_letters.replay(connection, letter_id, "cli:ann")


def fail(engine: Engine, error_type: str = "PaymentNotFound") -> None:
    failed = FailedReplay(get(engine), error_type, "again")
    with engine.begin() as connection:
        changes.reopen(connection, [failed], NOW)


@pytest.fixture
def another(database_url: str) -> Iterator[Engine]:
    """Another client's engine."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def test_a_replay_is_an_outbox_row_with_the_message_as_it_came(engine: Engine) -> None:
    add(engine, LETTER, replace(LETTER, offset=2, payload="AP8=", payload_encoding="base64"))
    assert (replay(engine, 1).state, replay(engine, 2).state) == ("REPLAYING", "REPLAYING")
    text, binary = replays(engine)
    assert (text.aggregate_id, text.topic, text.payload, text.published) == (1, "payment.captured", '{"é":1}', 0)
    assert json.loads(text.headers) == {"deadLetterId": "1", "messageKey": "7"}
    assert json.loads(binary.headers) == {"deadLetterId": "2", "payloadEncoding": "base64", "messageKey": "7"}
    with engine.begin() as connection:
        noted = connection.execute(select(operator_action)).first()
    assert noted is not None
    assert (noted.actor, noted.action, noted.target) == ("cli:ann", "dead_letter.replay", "dead letter 1")


def test_only_an_open_letter_is_replayed_or_discarded(engine: Engine) -> None:
    add(engine, LETTER)
    replay(engine)
    for _ in range(2):
        with pytest.raises(DeadLetterConflict, match="Dead letter 1 is REPLAYING, not OPEN"):
            replay(engine)
    with pytest.raises(DeadLetterConflict), engine.begin() as connection:
        dead_letters.discard(connection, 1, "why", "cli:ann")
    with pytest.raises(NotFound):
        replay(engine, 2)
    assert len(replays(engine)) == 1


def test_a_discarded_letter_stays_with_its_reason(engine: Engine) -> None:
    add(engine, LETTER)
    with engine.begin() as connection:
        shown = dead_letters.discard(connection, 1, "a test of ours", "api:10.0.0.1")
    assert (shown.state, shown.discard_reason) == ("DISCARDED", "a test of ours")
    with pytest.raises(DeadLetterConflict):
        replay(engine)
    with engine.begin() as connection:
        changes.resolve(connection, [1], NOW)
    assert (get(engine).state, get(engine).next_retry_at) == ("DISCARDED", None)


def test_one_that_fails_again_counts_once_however_often_it_is_delivered(engine: Engine) -> None:
    add(engine, LETTER)
    replay(engine)
    fail(engine, "EventNotFound")
    fail(engine, "EventMismatch")
    found = get(engine)
    assert (found.state, found.attempts, found.error_type, found.error_message) == ("OPEN", 2, "EventNotFound", "again")


def test_a_success_resolves_it_and_a_late_failure_changes_nothing(engine: Engine) -> None:
    add(engine, LETTER)
    replay(engine)
    with engine.begin() as connection:
        changes.resolve(connection, [1, 1], NOW)
    fail(engine)
    assert (get(engine).state, get(engine).attempts, get(engine).next_retry_at) == ("RESOLVED", 1, None)


def test_waiting_doubles_five_times_and_then_people_decide(engine: Engine) -> None:
    add(engine, LETTER)
    waits = []
    for _ in range(6):
        waits.append(get(engine).next_retry_at)
        replay(engine)
        assert get(engine).next_retry_at is None
        fail(engine)
    assert waits == [*(NOW + timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16)), None]
    assert (get(engine).state, get(engine).attempts, get(engine).next_retry_at) == ("OPEN", 7, None)


@pytest.mark.parametrize("error_type", ["InvalidJson", "InvalidEvent", "EventMismatch"])
def test_an_error_that_time_does_not_fix_is_not_retried(engine: Engine, error_type: str) -> None:
    add(engine, replace(LETTER, error_type=error_type))
    assert get(engine).next_retry_at is None


def test_housekeeping_replays_what_is_due_and_nothing_else(engine: Engine, another: Engine) -> None:
    add(engine, *(replace(LETTER, offset=offset) for offset in range(4)))  # due since 2025
    with engine.begin() as connection:
        later = datetime.now(UTC) + timedelta(minutes=5)
        connection.execute(update(dead_letter).where(dead_letter.c.id == 2).values(next_retry_at=later))
        dead_letters.discard(connection, 3, "why", "cli:ann")
        assert store.due(connection, datetime.now(UTC), 9) == [1, 4]
    replay(another, 4)
    assert dead_letters.retry_due(engine) == 1
    assert [get(engine, number).state for number in (1, 2, 3, 4)] == ["REPLAYING", "OPEN", "DISCARDED", "REPLAYING"]
    with engine.begin() as connection:
        actors = connection.execute(select(operator_action.c.actor).order_by(operator_action.c.id)).scalars().all()
    assert actors == ["cli:ann", "cli:ann", "housekeeping"]


def test_a_message_too_large_for_a_broker_is_never_replayed(engine: Engine) -> None:
    large = replace(LETTER, payload="é" * (store.LARGEST_ANNOUNCEMENT // 2 + 1))
    fits = replace(large, payload="A" * (store.LARGEST_ANNOUNCEMENT * 4 // 3), payload_encoding="base64", offset=2)
    add(engine, large, fits)
    assert get(engine, 1).next_retry_at is None
    with pytest.raises(DeadLetterConflict, match="too large"):
        replay(engine, 1)
    assert replay(engine, 2).state == "REPLAYING"


def test_open_letters_page_by_page_without_those_that_come_meanwhile(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "PAGE", 2)
    letters = [replace(LETTER, offset=offset) for offset in range(5)]
    letters[1] = replace(letters[1], topic="payment.voided")
    letters[2] = replace(letters[2], error_type="InvalidJson")
    add(engine, *letters)
    found = dead_letters.open_ids(engine, None, None)
    assert next(found) == 1
    add(engine, replace(LETTER, offset=99))
    assert list(found) == [2, 3, 4, 5]
    assert list(dead_letters.open_ids(engine, "payment.captured", "PaymentNotFound")) == [1, 4, 5, 6]
    assert list(dead_letters.open_ids(engine, "payment.expired", None)) == []


def test_a_replay_that_kafka_lost_is_published_again(engine: Engine) -> None:
    add(engine, LETTER, replace(LETTER, offset=2))
    replay(engine, 1)
    replay(engine, 2)
    with engine.begin() as connection:
        connection.execute(update(outbox_event).values(published=1))
        changes.resolve(connection, [2], NOW)
    with engine.connect() as connection:
        assert republish_unposted(connection) == 1
    assert [(row.aggregate_id, row.published) for row in replays(engine)] == [(1, 0), (2, 1)]
