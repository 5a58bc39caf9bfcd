"""Stored answers on both databases: found by their whole scope, byte for byte."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from payments.payment import idempotency_store
from payments.payment.answers import StoredAnswer
from payments.payment.commands import Key
from payments.platform.writing import write

NOW = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
ANSWER = StoredAnswer("d" * 64, 200, '{"merchantId":"é\\u0000😀"}')


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as open_connection:
        yield open_connection


def test_an_answer_comes_back_byte_for_byte(connection: Connection) -> None:
    long = StoredAnswer("e" * 64, 409, "x" * 100_000 + "\r\n é 😀 ")
    answers = {Key("M1", "capture", "k1"): ANSWER, Key("M1", "capture", "k2"): long}
    write(connection, idempotency_store.addition(answers, NOW))
    assert idempotency_store.find(connection, [*answers, Key("M1", "capture", "k3")]) == answers


def test_the_scope_is_merchant_operation_and_key(connection: Connection) -> None:
    write(connection, idempotency_store.addition({Key("M1", "capture", "k"): ANSWER}, NOW))
    others = [Key("M2", "capture", "k"), Key("M1", "refund", "k"), Key("M1", "capture", "K")]
    assert idempotency_store.find(connection, others) == {}
    write(connection, idempotency_store.addition(dict.fromkeys(others, ANSWER), NOW))


def test_a_taken_key_is_refused(connection: Connection) -> None:
    write(connection, idempotency_store.addition({Key("M1", "capture", "k"): ANSWER}, NOW))
    with pytest.raises(IntegrityError):
        write(connection, idempotency_store.addition({Key("M1", "capture", "k"): ANSWER}, NOW))


def test_a_reserved_row_is_filled_with_its_answer(connection: Connection) -> None:
    key = Key("M1", "capture", "k")
    idempotency_store.reserve(connection, {key: ANSWER.digest})
    assert idempotency_store.find(connection, [key]) == {key: StoredAnswer(ANSWER.digest, 0, "")}
    write(connection, idempotency_store.filling({key: ANSWER}, NOW))
    assert idempotency_store.find(connection, [key]) == {key: ANSWER}


def test_many_at_once(connection: Connection) -> None:
    answers = {Key("M1", "refund", str(number)): ANSWER for number in range(200)}
    idempotency_store.reserve(connection, dict.fromkeys(answers, ANSWER.digest))
    write(connection, idempotency_store.filling(answers, NOW))
    assert idempotency_store.find(connection, answers) == answers
