"""The conversion of the client's messages, also of unreadable ones, and their headers."""

from typing import Any, cast

import pytest
from confluent_kafka import Message as KafkaMessage

from worker.consumption import from_headers, usable

Headers = list[tuple[str, str | bytes | None]]


@pytest.mark.parametrize(
    ("headers", "letter_id"),
    [
        ([], None),
        ([("eventId", b"7")], None),
        ([("eventId", b"7"), ("deadLetterId", b"12")], 12),
        ([("deadLetterId", "12")], 12),
        ([("deadLetterId", None)], None),
        ([("deadLetterId", b"")], None),
        ([("deadLetterId", b"-1")], None),
        ([("deadLetterId", b"1e3")], None),
        ([("deadLetterId", "²".encode())], None),
        ([("deadLetterId", b"\xff")], None),
        ([("deadLetterId", b"9" * 18)], 10**18 - 1),
        ([("deadLetterId", b"9" * 19)], None),
    ],
)
def test_the_number_of_a_letter_is_read_from_the_headers(headers: Headers, letter_id: int | None) -> None:
    assert from_headers(headers) == (letter_id, "")


def test_the_trace_is_read_from_the_headers_the_first_one_counts() -> None:
    assert from_headers([("traceparent", b"first"), ("traceparent", b"second")]) == (None, "first")


class Received:
    """A message as from the client; `broken` names the methods that raise."""

    def __init__(self, *broken: str) -> None:
        self._broken = broken
        self._asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        values = {
            "error": None, "topic": "payment.captured", "partition": 3, "offset": 9, "timestamp": (1, 17),
            "key": b"k", "value": b"v", "headers": [("a", b"1"), ("b", None)],
        }  # fmt: skip

        def answer() -> Any:
            assert name not in self._asked, "the second answer after an error has holes in it"
            self._asked.append(name)
            if name in self._broken:
                raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
            return values[name]

        return answer


def received(*broken: str) -> Any:
    (message,) = usable([cast("KafkaMessage", Received(*broken))])
    return message


def test_a_message_is_read_whole() -> None:
    message = received()
    assert (message.topic, message.partition, message.offset, message.timestamp) == ("payment.captured", 3, 9, 17)
    assert (message.key, message.value, message.headers) == (b"k", b"v", [("a", b"1"), ("b", None)])
    assert message.unreadable == ""


@pytest.mark.parametrize(
    ("broken", "lacks"), [("headers", {"headers": []}), ("key", {"key": None}), ("timestamp", {"timestamp": -1})]
)
def test_what_cannot_be_read_is_said_and_the_rest_is_there(broken: str, lacks: dict[str, Any]) -> None:
    message = received(broken)
    assert message.unreadable.startswith(f"{broken}: 'utf-8' codec can't decode byte 0xff")
    assert message._replace(unreadable="") == received()._replace(**lacks)
