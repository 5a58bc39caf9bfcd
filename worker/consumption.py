"""The ledger's use of Kafka's consumer: its options, and the conversion of its messages and offsets."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from payments.ledger.checking import Message
from payments.outbox.store import DEAD_LETTER_HEADER
from payments.platform.tracing.trace import HEADER

GROUP: Final = "payops-ledger"
_LONGEST_ID: Final = 18
"""Digits that always fit into a BIGINT."""

_log = logging.getLogger(__name__)


def consumer_options(client_options: Mapping[str, Any], max_poll_interval: float) -> dict[str, Any]:
    """The options of the ledger's consumer; `max_poll_interval` in seconds."""
    return {
        **client_options,
        "group.id": GROUP,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 2000,
        "max.poll.interval.ms": int(max_poll_interval * 1000),
        "topic.metadata.refresh.interval.ms": 2000,
        "on_commit": note_commit,
    }


def usable(messages: Sequence[KafkaMessage]) -> list[Message]:
    """The messages that the client returned; logs its errors, from which it recovers by itself.

    Raises KafkaException for a fatal error.
    """
    found = []
    for message in messages:
        error = message.error()
        if error is None:
            found.append(_plain(message))
        elif error.fatal():
            raise KafkaException(error)
        else:
            _log.info("kafka_error", extra={"error": error.str()})
    return found


def _plain(message: KafkaMessage) -> Message:
    """Read every part once: after an error, a second read returns an incomplete list."""
    problems: list[str] = []

    def part(read: Callable[[], Any], name: str) -> Any:
        try:
            return read()
        except Exception as error:  # noqa: BLE001  (of one message; the client names nothing that it may raise)
            problems.append(f"{name}: {error.__cause__ or error}")  # it may be wrapped in a SystemError
            return None

    headers = part(message.headers, "headers") or []
    kept = [(name, value.encode() if isinstance(value, str) else value) for name, value in headers]
    _, timestamp = part(message.timestamp, "timestamp") or (0, -1)
    return Message(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        timestamp,
        part(message.key, "key"),
        part(message.value, "value"),
        *from_headers(kept),
        headers=kept,
        unreadable="; ".join(problems),
    )


def from_headers(headers: Iterable[tuple[str, str | bytes | None]]) -> tuple[int | None, str]:
    """(the dead letter of which the message is a replay, or None; its traceparent, or ""), from the headers.

    The first header of a name counts.
    """
    texts: dict[str, str] = {}
    for name, value in headers:
        if value is not None:
            texts.setdefault(name, value.decode("latin-1") if isinstance(value, bytes) else value)
    letter = texts.get(DEAD_LETTER_HEADER, "")
    is_number = letter.isascii() and letter.isdecimal() and len(letter) <= _LONGEST_ID
    return int(letter) if is_number else None, texts.get(HEADER, "")


def lag_of(consumer: Consumer) -> int:
    """Messages that wait in all assigned partitions, from the client's cache; no request."""
    lag = 0
    for place in consumer.position(consumer.assignment()):
        try:
            _, end = consumer.get_watermark_offsets(place, cached=True)
        except KafkaException:  # the topic was deleted with its messages
            continue
        if end >= 0 and place.offset >= 0:
            lag += end - place.offset
    return lag


def offsets_after(messages: Iterable[Message]) -> list[TopicPartition]:
    """For each partition the offset behind these messages."""
    reached: dict[tuple[str, int], int] = {}
    for message in messages:
        place = (message.topic, message.partition)
        reached[place] = max(message.offset + 1, reached.get(place, 0))
    return [TopicPartition(*place, offset) for place, offset in reached.items()]


def note_commit(error: Any, _offsets: Any) -> None:
    """The client's callback for each commit of offsets; after a lost one messages are delivered again."""
    if error is not None:
        _log.warning("offsets_not_committed", extra={"error": str(error)})
