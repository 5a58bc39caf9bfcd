"""The message of a stored event, and the events that may be marked after a partly failed call."""

from dataclasses import replace

import pytest

from payments.dead_letters.changes import _instructions
from payments.dead_letters.kept_message import headers_as_text
from payments.dead_letters.store import DeadLetter
from payments.outbox.store import ClaimedEvent
from payments.platform.kafka.answers import OutgoingMessage
from worker.publication.delivery import (
    CLAIM,
    FILL_SECONDS,
    MANY,
    POLL_SECONDS,
    confirmed_in_order,
    message_of,
    pause_after,
)


def row(
    event_id: int, payment_id: int, aggregate: str = "payment", headers: dict[str, str] | None = None
) -> ClaimedEvent:
    kind = ("PAYMENT_CAPTURED", "payment.captured", '{"amount":1}')
    return ClaimedEvent(event_id, aggregate, payment_id, *kind, headers or {})


def test_a_payments_event_carries_its_id_in_the_value_and_the_headers() -> None:
    message = message_of(row(7, 1, headers={"traceparent": "00-x"}))
    assert (message.topic, message.key, message.value) == ("payment.captured", "1", '{"eventId":7,"amount":1}')
    assert dict(message.headers) == {"eventId": "7", "eventType": "PAYMENT_CAPTURED", "traceparent": "00-x"}


def test_a_dead_letter_is_published_as_it_is_stored() -> None:
    message = message_of(row(7, 1, "dead_letter"))
    assert (message.key, message.value) == ("1", '{"amount":1}')


def replayed(letter: DeadLetter) -> OutgoingMessage:
    stored = row(7, letter.letter_id, "replay", _instructions(letter))
    return message_of(stored._replace(payload=letter.payload))


LETTER = DeadLetter("c", "payment.captured", 0, 1, 1, "é", None, "9", "InvalidJson", "m", letter_id=3)


def test_a_replay_has_the_key_and_the_headers_of_its_message() -> None:
    headers = [("eventId", b"5"), ("x", None), ("x", b"\xff"), ("deadLetterId", b"77")]
    message = replayed(replace(LETTER, headers=headers_as_text(headers)))
    assert (message.topic, message.key, message.value) == ("payment.captured", b"9", "é".encode())
    assert message.headers == [*headers[:3], ("deadLetterId", "3")]


@pytest.mark.parametrize(
    ("key", "encoding", "sent"),
    [(None, None, None), ("", None, b""), ("/w==", "base64", b"\xff"), ("/w==", None, b"/w==")],
)
def test_a_replay_has_any_key(key: str | None, encoding: str | None, sent: bytes | None) -> None:
    assert replayed(replace(LETTER, message_key=key, message_key_encoding=encoding)).key == sent


def test_a_replay_of_bytes_that_are_no_text_carries_those_bytes() -> None:
    message = replayed(replace(LETTER, payload="/wA=", payload_encoding="base64"))
    assert message.value == b"\xff\x00"
    assert message.headers == [("deadLetterId", "3")]


def test_a_replay_stored_by_the_release_before_is_published() -> None:
    message = message_of(row(7, 1, "replay", {"deadLetterId": "3"}))
    assert (message.key, message.headers) == (None, [("deadLetterId", "3")])


TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(("sent", "kept"), [(TRACE, TRACE.decode()), (b"\x01" * 16000, None), (None, None)])
def test_a_replay_belongs_to_the_trace_of_its_message(sent: bytes | None, kept: str | None) -> None:
    stored = _instructions(replace(LETTER, headers=headers_as_text([("traceparent", sent)])))
    assert stored.get("traceparent") == kept


@pytest.mark.parametrize(
    ("confirmed", "marked"),
    [
        ({0, 1, 2, 3}, [10, 11, 12, 13]),
        (set(), []),
        ({1, 2, 3}, [11, 13]),  # 12 is of payment 1, whose 10 is not confirmed
        ({0, 1, 3}, [10, 11, 13]),
        ({0, 2}, [10, 12]),
    ],
)
def test_an_event_waits_for_those_before_it_of_its_payment(confirmed: set[int], marked: list[int]) -> None:
    events = [row(10, 1), row(11, 2), row(12, 1), row(13, 3)]
    assert [event.event_id for event in confirmed_in_order(events, confirmed)] == marked


def test_a_dead_letter_with_the_number_of_a_payment_does_not_hold_it_back() -> None:
    events = [row(10, 1, "dead_letter"), row(11, 1)]
    assert [event.event_id for event in confirmed_in_order(events, {1})] == [11]


def test_the_next_claim_waits_longer_when_many_events_come() -> None:
    assert [pause_after(claimed) for claimed in (0, 1, MANY - 1)] == [POLL_SECONDS] * 3
    assert [pause_after(claimed) for claimed in (MANY, CLAIM - 1)] == [FILL_SECONDS] * 2
