"""Parses messages from Kafka as events of their topics."""

import json
from dataclasses import dataclass
from typing import Final

from payments.outbox.rules import EVENT_OF_TOPIC, EventType

_MAX_ID: Final = 2**63 - 1


class InvalidJson(ValueError):
    """The message is not a JSON text (RFC 8259)."""


class InvalidEvent(ValueError):
    """The message is JSON, but not an event of its topic."""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """The fields of a message. A message from elsewhere may lack event_id and currency; it is never posted."""

    event_type: EventType
    payment_id: int
    amount: int
    event_id: int | None
    currency: str | None


def _reject_constant(name: str) -> None:
    raise InvalidJson(f"{name} is not JSON")


def _whole_number(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MAX_ID:
        raise InvalidEvent(f"{field} must be a whole number from 1 to 2^63-1")
    return value


def read_event(topic: str, value: bytes) -> ReceivedEvent:
    """Read one message of `topic`.

    Raises InvalidJson (not UTF-8, not JSON, NaN, nested too deep) or InvalidEvent (a field is missing or wrong, or the
    event belongs to another topic).
    """
    try:
        data = json.loads(value.decode("utf-8"), parse_constant=_reject_constant)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InvalidJson(str(error)) from error
    except ValueError as error:  # a number with more digits than int() accepts
        raise InvalidJson(str(error)) from error
    if not isinstance(data, dict):
        raise InvalidEvent("the message must be a JSON object")
    expected = EVENT_OF_TOPIC.get(topic)
    if expected is None:
        raise InvalidEvent(f"no event belongs to topic {topic}")
    if data.get("eventType", expected.value) != expected.value:
        raise InvalidEvent(f"eventType does not belong to topic {topic}")
    currency = data.get("currency")
    if currency is not None and not isinstance(currency, str):
        raise InvalidEvent("currency must be text")
    event_id = data.get("eventId")
    return ReceivedEvent(
        event_type=expected,
        payment_id=_whole_number(data.get("paymentId"), "paymentId"),
        amount=_whole_number(data.get("amount"), "amount"),
        event_id=None if event_id is None else _whole_number(event_id, "eventId"),
        currency=currency,
    )
