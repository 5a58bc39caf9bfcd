"""The events that payments emit, their topics, and how a message's text is read. Nothing here talks to Kafka."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """One step of a payment."""

    AUTHORIZED = "PAYMENT_AUTHORIZED"
    CAPTURED = "PAYMENT_CAPTURED"
    REFUNDED = "PAYMENT_REFUNDED"
    VOIDED = "PAYMENT_VOIDED"
    EXPIRED = "PAYMENT_EXPIRED"


TOPICS: Final[dict[EventType, str]] = {
    EventType.AUTHORIZED: "payment.authorized",
    EventType.CAPTURED: "payment.captured",
    EventType.REFUNDED: "payment.refunded",
    EventType.VOIDED: "payment.voided",
    EventType.EXPIRED: "payment.expired",
}
EVENT_OF_TOPIC: Final = {topic: event_type for event_type, topic in TOPICS.items()}
DEAD_LETTER_TOPIC: Final = "payment.dlq"
PARTITIONS: Final = 6
"""Partitions of every topic; the key of a message is its payment id."""

_MAX_ID: Final = 2**63 - 1
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class Aggregate(StrEnum):
    """Whose row in the outbox it is; money counts `payment` rows only."""

    PAYMENT = "payment"
    DEAD_LETTER = "dead_letter"
    REPLAY = "replay"


def format_time(at: datetime) -> str:
    """UTC with microseconds, as the API and the events show it: 2025-10-27T06:16:28.123456Z."""
    return at.isoformat(timespec="microseconds")[:26] + "Z"


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """One step of a payment: `amount` (minor units) is the step's, `status` the one after it."""

    event_type: EventType
    payment_id: int
    merchant_id: str
    amount: int
    currency: str
    status: str
    occurred_at: datetime

    def payload(self) -> str:
        """The stored JSON object, without the eventId: the database gives that; see `with_event_id`."""
        return _encode(
            {
                "eventType": self.event_type.value,
                "paymentId": self.payment_id,
                "merchantId": self.merchant_id,
                "amount": self.amount,
                "currency": self.currency,
                "status": self.status,
                "occurredAt": format_time(self.occurred_at),
            }
        )


def with_event_id(payload: str, event_id: int) -> str:
    """The text that is published: the stored payload with its eventId put first."""
    return f'{{"eventId":{event_id},{payload[1:]}'


class InvalidJson(ValueError):
    """The message is not a JSON text (RFC 8259)."""


class InvalidEvent(ValueError):
    """The message is JSON, but not an event of its topic."""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """What a message says. A message from elsewhere may lack event_id and currency; then it never becomes money."""

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
    except ValueError as error:  # a number with more digits than int() takes
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
