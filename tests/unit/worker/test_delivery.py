"""What is published of a stored event, and which events may be marked after a call that failed in part."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from payments.adapters.outbox_store import OutboxRow
from worker.delivery import confirmed_in_order, message_of

AT = datetime(2025, 10, 27, tzinfo=UTC)


def row(event_id: int, payment_id: int, aggregate: str = "payment", headers: dict[str, str] | None = None) -> OutboxRow:
    return OutboxRow(
        event_id,
        aggregate,
        payment_id,
        "PAYMENT_CAPTURED",
        "payment.captured",
        '{"amount":1}',
        headers or {},
        AT,
        None,
    )


def test_a_payments_event_carries_its_id_in_the_value_and_the_headers() -> None:
    message = message_of(row(7, 1, headers={"traceparent": "00-x"}))
    assert (message.topic, message.key, message.value) == ("payment.captured", "1", '{"eventId":7,"amount":1}')
    assert dict(message.headers) == {"eventId": "7", "eventType": "PAYMENT_CAPTURED", "traceparent": "00-x"}


@pytest.mark.parametrize("aggregate", ["dead_letter", "replay"])
def test_dead_letters_and_replays_are_published_as_they_are_stored(aggregate: str) -> None:
    message = message_of(row(7, 1, aggregate, {"deadLetterId": "3"}))
    assert message.value == '{"amount":1}'
    assert dict(message.headers)["deadLetterId"] == "3"


def test_a_replay_of_bytes_that_are_no_text_carries_those_bytes() -> None:
    stored = row(7, 1, "replay", {"deadLetterId": "3", "payloadEncoding": "base64"})
    message = message_of(replace(stored, payload="/wA="))
    assert message.value == b"\xff\x00"
    assert "payloadEncoding" not in dict(message.headers)


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
