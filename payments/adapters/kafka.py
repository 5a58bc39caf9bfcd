"""Kafka's producer as the relay needs it: hand events over and say exactly which ones the broker confirmed.

One caller at a time. The ledger's consumer is in `worker/ledger.py`; the API never loads this module.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Delivered
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from payments.adapters.clock import Clock, monotonic
from payments.domain.events import PARTITIONS

FRESH_SECONDS: Final = 0.5
"""After a success this recent the broker needs no probe before the next call."""
LONGEST_RECONNECT_MS: Final = 500
LINGER_MS: Final = 2
"""A call hands over hundreds of events at once; this long the client waits to send them together."""
POLL_SLICE: Final = 0.1
"""Seconds that a wait for confirmations may go without looking whether it should end."""
ADMIN_SECONDS: Final = 5.0
SASL_MECHANISM: Final = "SCRAM-SHA-512"
_MAY_NOT = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED, KafkaError.POLICY_VIOLATION}

_log = logging.getLogger(__name__)


class OutgoingMessage(NamedTuple):
    """What goes to Kafka; texts go as UTF-8."""

    topic: str
    key: str | bytes | None
    value: str | bytes
    headers: list[tuple[str, str | bytes | None]]


class CallFailed(Exception):
    """A hand-over that was not confirmed as a whole. `confirmed`: indices of the messages that were."""

    def __init__(self, reason: str, confirmed: frozenset[int] = frozenset()) -> None:
        super().__init__(reason)
        self.confirmed = confirmed


def client_options(bootstrap: str, protocol: str, username: str | None, password: str | None) -> dict[str, Any]:
    """What every Kafka client of ours is told: addresses, Kafka's security protocol, SASL's user where there is one."""
    options: dict[str, Any] = {
        "bootstrap.servers": bootstrap,
        "security.protocol": protocol,
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": LONGEST_RECONNECT_MS,
        "log.connection.close": False,
    }
    if username is not None:
        options |= {"sasl.mechanism": SASL_MECHANISM, "sasl.username": username, "sasl.password": password or ""}
    return options


class _Confirmations:
    """What the broker said of the messages of one call; late answers to an earlier call find their own object."""

    def __init__(self, count: int) -> None:
        self.waiting = count
        self.confirmed: set[int] = set()
        self.error: KafkaError | None = None

    def settle(self, index: int, error: KafkaError | None, _message: Delivered) -> None:
        self.waiting -= 1
        if error is None:
            self.confirmed.add(index)
        else:
            self.error = error


class Publisher:
    """An idempotent producer with acks=all. Durations in seconds; `ended` tells a waiting call to give up."""

    def __init__(
        self,
        options: Mapping[str, Any],
        *,
        call_timeout: float,
        probe_timeout: float,
        clock: Clock = monotonic,
    ) -> None:
        """Connects lazily, at the first call."""
        self._options = dict(options)
        self._call_timeout = call_timeout
        self._probe_timeout = probe_timeout
        self._clock = clock
        self._producer: Producer | None = None
        self._last_success: float | None = None
        self._fatal = ""

    def hand_over(self, messages: Sequence[OutgoingMessage], ended: Callable[[], bool]) -> None:
        """Send and wait until every message is confirmed. Raises CallFailed, after dropping what was still on its way.

        A dropped message may arrive all the same; what is not in `CallFailed.confirmed` must be sent again.
        """
        if self._last_success is None or self._clock() - self._last_success > FRESH_SECONDS:
            self._probe(messages[0].topic)
        confirmations = _Confirmations(len(messages))
        reason = self._send(messages, confirmations)
        self._wait(confirmations, ended)
        if len(confirmations.confirmed) == len(messages):
            self._last_success = self._clock()
            return
        self._last_success = None
        if confirmations.error is not None:  # read before the purge, which reports an error for each message, too
            reason = confirmations.error.str()
        self.purge()
        raise CallFailed(reason or "Kafka did not confirm every event in time", frozenset(confirmations.confirmed))

    def meet(self, topics: Iterable[str]) -> str:
        """Learn the id of the cluster that answers, and make the topics that it lacks. Raises CallFailed: try again.

        Where topics may not be made by us, that is tolerated: then somebody else does, or the broker on first use.
        """
        try:
            metadata = self._connected().list_topics(timeout=self._probe_timeout)
        except KafkaException as error:
            raise CallFailed(_text(error)) from error
        missing = set(topics) - metadata.topics.keys()
        if missing and metadata.controller_id in metadata.brokers:  # librdkafka's mock cluster has no controller to ask
            self._make(sorted(missing))
        return str(metadata.cluster_id)

    def _make(self, topics: Sequence[str]) -> None:
        admin = AdminClient(self._options, logger=client_log())
        wanted = [NewTopic(topic, PARTITIONS) for topic in topics]
        for topic, future in admin.create_topics(wanted, request_timeout=ADMIN_SECONDS).items():
            try:
                future.result()
                _log.info("topic_made", extra={"topic": topic})
            except KafkaException as error:
                code = error.args[0].code()
                if code in _MAY_NOT:
                    _log.warning("topic_not_made", extra={"topic": topic, "error": _text(error)})
                elif code != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise CallFailed(f"topic {topic} was not made: {_text(error)}") from error

    def purge(self) -> None:
        """Forget everything that is queued or in flight; what is in flight may arrive all the same."""
        if self._producer is None:
            return
        self._producer.purge()
        self._producer.poll(0)
        if self._fatal:
            _log.error("producer_replaced", extra={"error": self._fatal})
            self._producer, self._fatal = None, ""

    def _connected(self) -> Producer:
        if self._producer is None:
            timeout_ms = int(self._call_timeout * 1000)
            options = {
                **self._options,
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": timeout_ms,
                "socket.timeout.ms": max(timeout_ms, 1000),
                "linger.ms": LINGER_MS,
                "error_cb": self._on_error,
            }
            self._producer = Producer(options, logger=client_log())
        return self._producer

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error.str()  # this producer never sends again: `purge` drops it, the next call makes one
        _log.warning("kafka_error", extra={"error": error.str()})

    def _probe(self, topic: str) -> None:
        """A metadata request: a dead broker is noticed after the probe's time, not only after the call's."""
        try:
            self._connected().list_topics(topic, timeout=self._probe_timeout)
        except KafkaException as error:
            raise CallFailed(f"no answer to a metadata request: {_text(error)}") from error

    def _send(self, messages: Sequence[OutgoingMessage], confirmations: _Confirmations) -> str:
        """Queue the messages. Returns why one could not be queued: it and those after it were left out."""
        producer = self._connected()
        for index, message in enumerate(messages):
            settle = partial(confirmations.settle, index)
            try:
                producer.produce(message.topic, message.value, message.key, headers=message.headers, on_delivery=settle)
            except (KafkaException, BufferError) as error:
                confirmations.waiting -= len(messages) - index
                return str(error)
        return ""

    def _wait(self, confirmations: _Confirmations, ended: Callable[[], bool]) -> None:
        producer = self._connected()
        deadline = self._clock() + self._call_timeout
        while confirmations.waiting > 0 and not ended():
            left = deadline - self._clock()
            if left <= 0:
                return
            producer.poll(min(left, POLL_SLICE))


def client_log() -> logging.Logger:
    """Where Kafka's clients write: their texts become a field of lines with one constant name."""
    log = logging.getLogger("kafka.client")
    if not log.filters:
        log.addFilter(_as_field)
    return log


def _as_field(record: logging.LogRecord) -> bool:
    record.detail = record.getMessage()
    record.msg, record.args = "kafka_client", ()
    return True


def _text(error: KafkaException) -> str:
    cause = error.args[0]
    return cause.str() if isinstance(cause, KafkaError) else str(error)
