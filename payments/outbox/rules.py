"""The events that payments emit, their topics and their text. Nothing here talks to Kafka."""

import json
import zlib
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import IntEnum, StrEnum
from functools import lru_cache
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

_quoted: Final = json.encoder.encode_basestring


class Aggregate(StrEnum):
    """What an outbox row is about; only `payment` rows are about money."""

    PAYMENT = "payment"
    DEAD_LETTER = "dead_letter"
    REPLAY = "replay"


class OutboxState(IntEnum):
    """The state of an outbox row, in its column `published`. The relay claims PENDING, and REFUSED once a second."""

    PENDING = 0
    PUBLISHED = 1
    PARKED = 2
    """Kafka refused it too often; an operator must release or discard it."""
    BEHIND = 3
    """An earlier row of its payment is PARKED or REFUSED."""
    REFUSED = 4
    """Kafka refused it; `attempts` counts how often."""
    DISCARDED = 5
    """An operator discarded it; pruned like a published one."""


BLOCKING: Final = (OutboxState.PARKED, OutboxState.REFUSED)
"""Later events of the same payment wait for rows in these states."""
RETRYING: Final = (OutboxState.PENDING, OutboxState.REFUSED)
"""The states that the relay still publishes."""


def format_time(at: datetime) -> str:
    """UTC with microseconds, as the API and the events show it: 2025-10-27T06:16:28.123456Z."""
    return _formatted(at, at.tzinfo)


@lru_cache(maxsize=256)  # the events and answers of a batch have few times; equal ones of two zones differ in text
def _formatted(at: datetime, _zone: tzinfo | None) -> str:
    return at.isoformat(timespec="microseconds")[:26] + "Z"


def shown_time(stored: str) -> str:
    """`format_time` of a time in a database's text form: 2025-10-27 06:16:28.123456."""
    return f"{stored[:10]}T{stored[11:]}Z"


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
        """The stored JSON object, without the eventId, which the database assigns; see `with_event_id`."""
        # a template: an encoder made for each event costs three times as much
        return (
            f'{{"eventType":"{self.event_type.value}","paymentId":{self.payment_id}'
            f',"merchantId":{_quoted(self.merchant_id)},"amount":{self.amount},"currency":{_quoted(self.currency)}'
            f',"status":{_quoted(self.status)},"occurredAt":"{format_time(self.occurred_at)}"}}'
        )


def partition_of(payment_id: int) -> int:
    """The partition of every topic that a payment's events go to: librdkafka's default, the CRC-32 of the key."""
    return zlib.crc32(str(payment_id).encode()) % PARTITIONS


def with_event_id(payload: str, event_id: int) -> str:
    """The published text: the stored payload with its eventId as the first member."""
    return f'{{"eventId":{event_id},{payload[1:]}'
