"""A Kafka producer without the Python client's checks: header names of any bytes, any timestamp, any compression.

It calls librdkafka, the library inside confluent_kafka's wheel, directly.
"""

import ctypes
from collections.abc import Iterable
from ctypes import c_char_p, c_int, c_int64, c_size_t, c_ssize_t, c_void_p
from pathlib import Path
from typing import Any, Final, NamedTuple

import confluent_kafka

_END, _TOPIC, _VALUE, _KEY, _FLAGS, _TIMESTAMP, _HEADERS = 0, 1, 4, 5, 7, 8, 10
_COPY, _PRODUCER = 2, 0
_ERROR_SIZE: Final = 512


class RawMessage(NamedTuple):
    """A message; `timestamp` in ms since 1970 (0: now)."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    headers: Iterable[tuple[bytes, bytes | None]] = ()
    timestamp: int = 0


class RawProducer:
    """One producer; `close` waits until everything is confirmed."""

    def __init__(self, bootstrap: str, **options: str) -> None:
        (library,) = (Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs").glob("librdkafka*.so*")
        self._call: Any = ctypes.CDLL(str(library))
        for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_headers_new"):
            getattr(self._call, name).restype = c_void_p
        error = ctypes.create_string_buffer(_ERROR_SIZE)
        configuration = c_void_p(self._call.rd_kafka_conf_new())
        for name, value in {"bootstrap.servers": bootstrap, "message.max.bytes": "2000000", **options}.items():
            setting = (configuration, name.replace("_", ".").encode(), value.encode(), error, c_size_t(_ERROR_SIZE))
            assert self._call.rd_kafka_conf_set(*setting) == 0, error.value
        self._client = c_void_p(self._call.rd_kafka_new(_PRODUCER, configuration, error, c_size_t(_ERROR_SIZE)))
        assert self._client.value, error.value

    def send(self, message: RawMessage) -> None:
        """Queue one message."""
        headers = c_void_p(self._call.rd_kafka_headers_new(c_size_t(8)))
        for name, value in message.headers:
            size = c_ssize_t(-1 if value is None else len(value))
            added = self._call.rd_kafka_header_add(headers, c_char_p(name), c_ssize_t(len(name)), value, size)
            assert added == 0, added
        parts: list[Any] = [c_int(_TOPIC), c_char_p(message.topic.encode()), c_int(_FLAGS), c_int(_COPY)]
        for kind, value in ((_VALUE, message.value), (_KEY, message.key)):
            if value is not None:
                parts += [c_int(kind), c_char_p(value), c_size_t(len(value))]
        parts += [c_int(_TIMESTAMP), c_int64(message.timestamp), c_int(_HEADERS), headers, c_int(_END)]
        failed = self._call.rd_kafka_producev(self._client, *parts)
        assert failed == 0, failed

    def close(self) -> None:
        """Wait for the confirmations and end the client."""
        assert self._call.rd_kafka_flush(self._client, c_int(30_000)) == 0
        self._call.rd_kafka_destroy(self._client)
