"""Which messages may be posted, which become dead letters, and the stored text of a dead letter."""

import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.dead_letters.kept_message import (
    LARGEST_PAYLOAD,
    LONGEST_HEADERS,
    LONGEST_KEY,
    as_bytes,
    headers_as_text,
    headers_from_text,
)
from payments.dead_letters.rules import ErrorType
from payments.ledger.checking import CheckResult, Known, Message, Rejected, Repeated, check, dead_letter, read
from payments.ledger.inbox_store import PostedEvent
from payments.ledger.received import ReceivedEvent
from payments.ledger.stored_event import StoredEvent
from payments.outbox.rules import EventType

AT = datetime(2025, 10, 27, tzinfo=UTC)
TRUE = {"eventId": 7, "paymentId": 1, "amount": 500, "currency": "KRW"}


def message(value: bytes | None, topic: str = "payment.captured", key: bytes | None = b"1") -> Message:
    return Message(topic, 0, 0, 0, key, value)


def read_captured(topic: str = "payment.captured", **changed: Any) -> ReceivedEvent | Rejected:
    members = {name: value for name, value in {**TRUE, **changed}.items() if value is not None}
    return read(message(json.dumps(members).encode(), topic))


def known(posted: dict[int, int] | None = None, events: bool = True) -> Known:
    payload = json.dumps({"amount": 500, "currency": "KRW"})
    row = StoredEvent(1, "PAYMENT_CAPTURED", payload, AT)
    return Known(frozenset({1, 2}), {7: row} if events else {}, posted or {})


def result(event: ReceivedEvent | Rejected, what: Known | None = None) -> CheckResult:
    (found,) = check([event], what or known())
    return found


def test_an_event_of_the_outbox_is_money() -> None:
    found = result(read_captured())
    assert isinstance(found, PostedEvent)
    assert (found.event_id, found.payment_id, found.currency, found.occurred_at) == (7, 1, "KRW", AT)
    assert [posting.amount for posting in found.postings] == [500, 500]


@pytest.mark.parametrize(
    ("changed", "error_type", "part"),
    [
        ({"paymentId": 99999}, "PaymentNotFound", "payment 99999"),
        ({"eventId": None}, "EventNotFound", "no eventId"),
        ({"eventId": 8}, "EventNotFound", "no event 8"),
        ({"paymentId": 2}, "EventMismatch", "paymentId 2"),
        ({"amount": 501}, "EventMismatch", "amount 501"),
        ({"currency": "USD"}, "EventMismatch", "currency 'USD'"),
        ({"currency": None}, "EventMismatch", "currency None"),
        ({"topic": "payment.refunded"}, "EventMismatch", "eventType 'PAYMENT_REFUNDED'"),
        ({"amount": 0}, "InvalidEvent", "amount must be"),
        ({"amount": "500"}, "InvalidEvent", "amount must be"),
    ],
)
def test_anything_else_is_a_dead_letter(changed: dict[str, Any], error_type: str, part: str) -> None:
    found = result(read_captured(**changed))
    assert isinstance(found, Rejected)
    assert found.error_type == error_type
    assert part in found.error_message


@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff", b"[1", b"NaN"])
def test_what_is_not_json_is_invalid_json(value: bytes | None) -> None:
    found = read(message(value))
    assert isinstance(found, Rejected)
    assert found.error_type == "InvalidJson"


def test_a_posted_event_is_repeated_also_when_the_outbox_has_forgotten_it() -> None:
    assert result(read_captured(), known(posted={7: 1})) == Repeated(7)
    assert result(read_captured(), known(posted={7: 1}, events=False)) == Repeated(7)


def test_a_posted_events_number_does_not_excuse_another_content() -> None:
    assert isinstance(result(read_captured(amount=9), known(posted={7: 1})), Rejected)
    assert isinstance(result(read_captured(paymentId=2), known(posted={7: 1}, events=False)), Rejected)


def test_within_a_batch_the_second_one_is_repeated() -> None:
    first, second, third = check([read_captured(), read_captured(amount=9), read_captured()], known())
    assert isinstance(first, PostedEvent)
    assert isinstance(second, Rejected)
    assert third == Repeated(7)


REJECTED = Rejected(ErrorType.INVALID_JSON, "no")


@pytest.mark.parametrize("text", ["", "{", '{"é":"😀"}', "line\r\n\ttab", '"\\u0000"'])
def test_a_letter_keeps_the_original_text(text: str) -> None:
    letter = dead_letter(message(text.encode()), REJECTED, "c1")
    assert (letter.payload, letter.payload_encoding) == (text, None)


@given(st.binary())
def test_no_byte_is_lost_whatever_came(value: bytes) -> None:
    letter = dead_letter(message(value), REJECTED, "c1")
    if letter.payload_encoding == "base64":
        assert b64decode(letter.payload) == value
    else:
        assert letter.payload.encode() == value
    assert "\0" not in letter.payload


@pytest.mark.parametrize("value", [b"\xff\xfe", b"a\0b", b"\x1b[31m"])
def test_what_is_no_plain_text_is_base64(value: bytes) -> None:
    assert dead_letter(message(value), REJECTED, "c1").payload_encoding == "base64"


@pytest.mark.parametrize("key", [b"17", None, b"", b"\xff", b"\0", b'"' * LONGEST_KEY, b"\0" * LONGEST_KEY])
def test_a_letter_keeps_the_key(key: bytes | None) -> None:
    letter = dead_letter(message(b"{", key=key), REJECTED, "c1")
    kept = None if letter.message_key is None else as_bytes(letter.message_key, letter.message_key_encoding)
    assert kept == key


def test_a_key_that_is_too_long_is_not_kept() -> None:
    letter = dead_letter(message(b"{", key=b"1" * (LONGEST_KEY + 1)), REJECTED, "c1")
    assert (letter.message_key, letter.message_key_encoding) == (None, None)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("eventId", b"7"), ("é", "é\n".encode()), ("eventId", b"8"), ("", b"")],
        [("none", None), ("binary", b"\xff\0"), ('"', b'\\"')],
    ],
)
def test_a_letter_keeps_the_headers_in_their_order(headers: list[tuple[str, bytes | None]]) -> None:
    letter = dead_letter(message(b"{")._replace(headers=headers), REJECTED, "c1")
    assert headers_from_text(letter.headers or "") == headers


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.none() | st.binary())))
def test_any_headers_come_back(headers: list[tuple[str, bytes | None]]) -> None:
    assert headers_from_text(headers_as_text(headers)) == headers


@pytest.mark.parametrize("part", [b'"', b"\xff", "é".encode(), b"\\"])
def test_of_too_many_headers_those_are_kept_that_fit(part: bytes) -> None:
    """With the key they fit into the outbox's 64 KiB of headers, also when JSON escapes them."""
    headers: list[tuple[str, bytes | None]] = [(str(number), part * 50) for number in range(9999)]
    headers.insert(3, ("huge", part * 2**20))
    headers.append(("traceparent", b"1"))
    letter = dead_letter(message(b"{", key=b'"' * LONGEST_KEY)._replace(headers=headers), REJECTED, "c1")
    kept = headers_from_text(letter.headers or "")
    assert kept[:4] == [*headers[:3], headers[4]]
    assert len((letter.headers or "").encode()) <= LONGEST_HEADERS
    assert len(json.dumps([letter.headers, letter.message_key], ensure_ascii=False).encode()) < 2**16 - 1000


def test_what_the_client_could_not_read_is_no_event() -> None:
    good = message(json.dumps({"paymentId": 1, "amount": 5}).encode())
    rejected = read(good._replace(unreadable="headers: not UTF-8"))
    assert isinstance(rejected, Rejected)
    assert (rejected.error_type, rejected.error_message) == (
        "InvalidEvent",
        "The message cannot be read: headers: not UTF-8.",
    )


def test_of_a_value_that_no_row_holds_the_beginning_is_kept() -> None:
    letter = dead_letter(message(b"x" * (LARGEST_PAYLOAD + 1)), REJECTED, "c1")
    assert letter.payload == "x" * LARGEST_PAYLOAD
    assert letter.error_message.endswith(f"Only {LARGEST_PAYLOAD} of its {LARGEST_PAYLOAD + 1} bytes are kept.")
    assert letter.too_large, "what is cut is never replayed"


def test_an_error_message_stays_short_whatever_came() -> None:
    found = result(read_captured(currency="x" * 10**6))
    assert isinstance(found, Rejected)
    assert len(found.error_message) < 200


def test_every_event_type_can_be_money() -> None:
    for event_type in EventType:
        row = StoredEvent(1, event_type, '{"amount":5,"currency":"KRW"}', AT)
        event = ReceivedEvent(event_type, 1, 5, 7, "KRW")
        assert isinstance(result(event, Known(frozenset({1}), {7: row}, {})), PostedEvent)
