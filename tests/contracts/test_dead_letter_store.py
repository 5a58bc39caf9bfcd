"""Dead letters on both databases: each stored once, announced once, found by filters."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError

from payments.dead_letters import store
from payments.dead_letters.store import DeadLetter
from payments.outbox import store as outbox_store
from payments.platform.tables.dead_letters import dead_letter as table

NOW = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
LETTER = DeadLetter("c1", "payment.captured", 3, 42, 1761545788123, '{"é😀":1}', None, "7", "InvalidEvent", "no amount")


def add(engine: Engine, *letters: DeadLetter) -> list[DeadLetter]:
    with engine.begin() as connection:
        return store.add(connection, letters, NOW)


def found(engine: Engine, **wanted: Any) -> list[int]:
    """Offsets of the page's dead letters."""
    where: dict[str, Any] = {"topic": None, "error_type": None, "state": None, "before": None, "limit": 50, **wanted}
    with engine.begin() as connection:
        return [letter.offset for letter in store.page(connection, **where)]


def announcements(engine: Engine) -> list[outbox_store.ClaimedEvent]:
    with engine.begin() as connection:
        return outbox_store.pending(connection, 100)


@pytest.mark.parametrize(
    "more", [{}, {"message_key": "/w==", "message_key_encoding": "base64", "headers": '[["é",""]]'}]
)
def test_a_letter_comes_back_as_it_was(engine: Engine, more: dict[str, Any]) -> None:
    letter = replace(LETTER, **more)
    assert add(engine, letter) == [letter]
    with engine.begin() as connection:
        (listed,) = store.page(connection, topic=None, error_type=None, state=None, before=None, limit=9)
        stored = store.get(connection, listed.letter_id)
        assert store.get(connection, listed.letter_id + 1) is None
    assert stored == replace(letter, letter_id=listed.letter_id, created_at=NOW, updated_at=NOW)
    assert (stored.state, stored.attempts) == ("OPEN", 1)
    assert listed == replace(stored, payload="", message_key=None, message_key_encoding=None, headers=None)


def test_a_page_reads_no_payload_and_no_long_text(engine: Engine) -> None:
    add(engine, replace(LETTER, error_message="é" * 9999))
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with engine.begin() as connection:
        (listed,) = store.page(connection, topic=None, error_type=None, state=None, before=None, limit=9)
    assert listed.error_message == "é" * store.TEXT_READ
    (query,) = statements[-1:]
    assert "dead_letter.payload" not in query
    assert "dead_letter.headers" not in query


def test_it_is_announced_with_its_original_text(engine: Engine) -> None:
    add(engine, LETTER)
    (row,) = announcements(engine)
    assert (row.aggregate_type, row.event_type, row.topic) == ("dead_letter", "DEAD_LETTER", "payment.dlq")
    assert json.loads(row.payload) == {
        "originalTopic": "payment.captured",
        "partition": 3,
        "offset": 42,
        "payload": '{"é😀":1}',
        "errorType": "InvalidEvent",
        "errorMessage": "no amount",
        "timestamp": "2025-10-27T06:16:28.123456Z",
    }


def test_the_announcement_says_how_the_payload_is_encoded(engine: Engine) -> None:
    add(engine, replace(LETTER, payload="AP8=", payload_encoding="base64"))
    (row,) = announcements(engine)
    assert json.loads(row.payload)["payloadEncoding"] == "base64"


def test_a_known_letter_is_neither_stored_nor_announced_again(engine: Engine) -> None:
    other = replace(LETTER, offset=43)
    assert add(engine, LETTER, LETTER) == [LETTER]
    assert add(engine, LETTER, other) == [other]
    assert found(engine) == [43, 42]
    assert [row.aggregate_id for row in announcements(engine)] == [row_id(engine, 42), row_id(engine, 43)]


def row_id(engine: Engine, offset: int) -> int:
    with engine.begin() as connection:
        letters = store.page(connection, topic=None, error_type=None, state=None, before=None, limit=9)
    return next(letter.letter_id for letter in letters if letter.offset == offset)


@pytest.mark.parametrize(
    "elsewhere",
    [{"cluster_id": "c2"}, {"topic": "payment.voided"}, {"partition": 4}, {"offset": 1}, {"timestamp": 1}],
)
def test_another_source_is_another_letter(engine: Engine, elsewhere: dict[str, Any]) -> None:
    add(engine, LETTER)
    assert len(add(engine, replace(LETTER, **elsewhere))) == 1


def test_two_consumers_with_one_letter_end_in_an_error_not_in_two(engine: Engine) -> None:
    """The second insert violates the unique key, although the first read found nothing."""
    add(engine, LETTER)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(table.insert(), [store.row_values(LETTER, NOW)])


def test_a_rolled_back_letter_is_not_announced(engine: Engine) -> None:
    with engine.connect() as connection:
        transaction = connection.begin()
        store.add(connection, [LETTER], NOW)
        transaction.rollback()
    assert (found(engine), announcements(engine)) == ([], [])


def test_pages_are_newest_first_and_filtered(engine: Engine) -> None:
    letters = [replace(LETTER, offset=offset) for offset in range(5)]
    letters[1] = replace(letters[1], topic="payment.voided")
    letters[3] = replace(letters[3], error_type="InvalidJson")
    add(engine, *letters)
    assert found(engine) == [4, 3, 2, 1, 0]
    assert found(engine, limit=2) == [4, 3]
    assert found(engine, before=row_id(engine, 3), limit=2) == [2, 1]
    assert found(engine, topic="payment.voided") == [1]
    assert found(engine, error_type="InvalidJson") == [3]
    assert found(engine, state="OPEN", error_type="InvalidEvent", topic="payment.captured") == [4, 2, 0]
    assert found(engine, state="RESOLVED") == []


def test_nothing_to_add_is_fine(engine: Engine) -> None:
    assert add(engine) == []


def test_large_letters_fit(engine: Engine) -> None:
    """More than one packet of MariaDB's default size (16 MiB) in one batch."""
    text = '"' * 2**20
    assert len(add(engine, *(replace(LETTER, offset=offset, payload=text) for offset in range(20)))) == 20


@pytest.mark.parametrize("text", ['"' * 2**20, "é" * 2**19, "AAAA" * 2**18])
def test_an_announcement_fits_into_a_message_and_says_that_it_was_cut(text: str) -> None:
    value = replace(LETTER, payload=text, payload_encoding="base64").announcement(NOW)
    announced = json.loads(value)
    assert len(value.encode()) <= store.LARGEST_ANNOUNCEMENT
    assert announced["payloadTruncated"] is True
    assert text.startswith(announced["payload"])
    assert (len(announced["payload"]) > 300_000, len(announced["payload"]) % 4) == (True, 0)
