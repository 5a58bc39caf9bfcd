"""Events as text: our own can be parsed, and others are refused with a reason."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from payments.ledger.received import InvalidEvent, InvalidJson, ReceivedEvent, read_event
from payments.outbox.rules import DEAD_LETTER_TOPIC, TOPICS, EventType, PaymentEvent, format_time, with_event_id

AT = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
TOPIC = "payment.captured"
IDS = st.integers(1, 2**63 - 1)


def test_the_published_text_is_the_contract_byte_for_byte() -> None:
    event = PaymentEvent(EventType.CAPTURED, 1, "M123", 10000, "KRW", "CAPTURED", AT)
    assert with_event_id(event.payload(), 7) == (
        '{"eventId":7,"eventType":"PAYMENT_CAPTURED","paymentId":1,"merchantId":"M123","amount":10000,'
        '"currency":"KRW","status":"CAPTURED","occurredAt":"2025-10-27T06:16:28.123456Z"}'
    )


@given(st.sampled_from(EventType), IDS, IDS, IDS, st.text(min_size=1, max_size=32), st.sampled_from(["KRW", "USD"]))
def test_what_is_written_can_be_read(
    event_type: EventType, event_id: int, payment_id: int, amount: int, merchant: str, currency: str
) -> None:
    event = PaymentEvent(event_type, payment_id, merchant, amount, currency, "ANY", AT)
    text = with_event_id(event.payload(), event_id)
    try:
        value = text.encode()
    except UnicodeEncodeError:
        return  # a lone surrogate: the API refuses such text
    assert read_event(TOPICS[event_type], value) == ReceivedEvent(event_type, payment_id, amount, event_id, currency)
    assert json.loads(text)["merchantId"] == merchant


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_always_have_microseconds_and_z(at: datetime) -> None:
    assert datetime.fromisoformat(format_time(at)) == at
    assert len(format_time(at)) == len("2025-10-27T06:16:28.123456Z")


def test_a_message_from_elsewhere_may_lack_what_only_we_know() -> None:
    value = b'{"paymentId":99999,"amount":10000,"occurredAt":"2025-10-27T06:16:28Z"}'
    assert read_event(TOPIC, value) == ReceivedEvent(EventType.CAPTURED, 99999, 10000, None, None)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b'{"amount":NaN}',
        b'{"amount":-Infinity}',
        b'{"paymentId":1,}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"amount":' + b"9" * 5000 + b"}",
        b'\xef\xbb\xbf{"paymentId":1,"amount":1}',
        b'{"currency":"\xed\xa0\x80"}',
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_not_json(value: bytes) -> None:
    with pytest.raises(InvalidJson):
        read_event(TOPIC, value)


GOOD = {"eventId": 7, "eventType": "PAYMENT_CAPTURED", "paymentId": 1, "amount": 5, "currency": "KRW"}


@pytest.mark.parametrize(
    "change",
    [
        {"paymentId": None},
        {"paymentId": "1"},
        {"paymentId": 0},
        {"paymentId": -1},
        {"paymentId": 1.0},
        {"paymentId": True},
        {"paymentId": 2**63},
        {"amount": 0},
        {"amount": 10.5},
        {"amount": "5"},
        {"amount": [5]},
        {"eventId": "7"},
        {"eventId": 0},
        {"eventType": "PAYMENT_REFUNDED"},
        {"eventType": None},
        {"eventType": ["PAYMENT_CAPTURED"]},
        {"currency": 840},
    ],
    ids=str,
)
def test_what_is_json_but_no_event_of_its_topic(change: dict[str, object]) -> None:
    read_event(TOPIC, json.dumps(GOOD).encode())
    with pytest.raises(InvalidEvent):
        read_event(TOPIC, json.dumps(GOOD | change).encode())


@pytest.mark.parametrize("value", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_an_event_is_an_object(value: bytes) -> None:
    with pytest.raises(InvalidEvent):
        read_event(TOPIC, value)


@pytest.mark.parametrize("topic", [DEAD_LETTER_TOPIC, "", "payment.unknown"])
def test_other_topics_carry_no_events(topic: str) -> None:
    with pytest.raises(InvalidEvent):
        read_event(topic, json.dumps(GOOD).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "other"]), inner, max_size=6),
    max_leaves=12,
)


MESSAGES = st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode())


@given(st.sampled_from([*TOPICS.values(), "other"]), MESSAGES)
@example(TOPIC, b'{"paymentId":1,"amount":1,"currency":"\\ud800"}')
@example(TOPIC, b'{"paymentId":1,"amount":1e400}')
def test_whatever_arrives_is_an_event_or_refused_by_name(topic: str, value: bytes) -> None:
    try:
        event = read_event(topic, value)
    except (InvalidJson, InvalidEvent) as error:
        str(error).encode()  # it is stored in the dead letter
        return
    assert 1 <= event.payment_id < 2**63
    assert 1 <= event.amount < 2**63
    assert event.event_id is None or 1 <= event.event_id < 2**63
    assert event.currency is None or isinstance(event.currency, str)  # any text: only the outbox's is stored


def test_only_utc_is_shown() -> None:
    assert format_time(AT).endswith("Z")
    assert format_time(AT.astimezone(timezone(timedelta(hours=9)))) != format_time(AT), "callers pass UTC"
