"""Kafka's producer for the relay: sends events and returns which of them the broker confirmed or refused.

One caller at a time. The ledger's consumer is in `worker/ledger.py`; the API never loads this module.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import ClusterMetadata

from payments.platform.clock import Clock, monotonic
from payments.platform.kafka.answers import (
    AllRefused,
    Answers,
    CallFailed,
    ClusterChanged,
    OutgoingMessage,
    Receipt,
    text_of,
    turns,
)
from payments.platform.kafka.topics import Cluster, make_topics

FRESH_SECONDS: Final = 0.5
"""Seconds after a success in which the next call needs no probe."""
PROBE_INTERVAL: Final = 2.0
"""Seconds after which a probe is due in any case: it notices another cluster."""
LONGEST_RECONNECT_MS: Final = 500
LINGER_MS: Final = 2
"""A call hands over hundreds of events at once; the client waits this long to send them together."""
POLL_SLICE: Final = 0.1
"""Seconds between two checks whether a wait for confirmations is to end."""
TOPIC_WAIT_MS: Final = 500
"""A message to a topic that the broker does not know is refused after this time (default: 30 s, as a time-out)."""
ALONE_SECONDS: Final = 0.5
"""Seconds of a call for sending messages one by one, to find those that the broker refuses."""
TURN_LIMIT: Final = 8
"""Messages of one key that a call sends, each after the one before is confirmed; the next call sends the rest."""
SASL_MECHANISM: Final = "SCRAM-SHA-512"

_log = logging.getLogger(__name__)


def client_options(
    bootstrap: str, protocol: str, username: str | None, password: str | None, ca: str | None = None
) -> dict[str, Any]:
    """Options of every Kafka client: addresses, security protocol, SASL user where there is one.

    `ca`: the only CAs that count for a server's certificate, as a file; None: the system's. It is read at the start.
    """
    options: dict[str, Any] = {
        "bootstrap.servers": bootstrap,
        "security.protocol": protocol,
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": LONGEST_RECONNECT_MS,
        "log.connection.close": False,
    }
    if protocol in ("SSL", "SASL_SSL"):
        # OpenSSL's own default for TLS, which has no option here: 1.2 or newer
        options |= {"enable.ssl.certificate.verification": True, "ssl.endpoint.identification.algorithm": "https"}
    if ca is not None:
        options["ssl.ca.location"] = ca
    if username is not None:
        options |= {"sasl.mechanism": SASL_MECHANISM, "sasl.username": username, "sasl.password": password or ""}
    return options


class Publisher:
    """An idempotent producer with acks=all. Durations in seconds; a waiting call gives up when `ended` returns True."""

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
        self._probed_at: float | None = None
        self._cluster_id: str | None = None
        self.check_due = True
        """Whether `check` must be called: it was not yet, a topic is missing, or another cluster answers."""
        self._fatal = ""

    def hand_over(self, messages: Sequence[OutgoingMessage], ended: Callable[[], bool]) -> Receipt:
        """Send and wait until every message is confirmed or refused; a message waits for those before it of its key.

        A message in neither set of the receipt was not sent: one before it was refused, or there was no time.
        Raises CallFailed when the broker does not answer, after dropping the messages in flight: they may still arrive,
        so send again whatever is not confirmed. Raises AllRefused, or ClusterChanged: then call `check` first.
        """
        self._probe(messages[0].topic)
        answers = Answers()
        deadline = self._clock() + self._call_timeout
        for turn in turns(messages)[:TURN_LIMIT]:
            self._send_turn(messages, turn, answers, deadline, ended)
            if answers.failure:
                # before the purge, which counts the rest as failed
                failed = CallFailed(answers.failure, answers.receipt())
                self._last_success = None
                self.purge()
                raise failed
        self._last_success = self._clock()
        self.check_due |= answers.missing_topic
        if not answers.confirmed:
            raise AllRefused(answers.receipt())
        return answers.receipt()

    def check(self, topics: Mapping[str, int]) -> Cluster:
        """Ask which cluster answers, and create the topics that it lacks (name → partitions). Raises CallFailed.

        A topic that cannot be created is tolerated: the broker or an operator may create it.
        """
        metadata = self._metadata()
        missing = {topic: topics[topic] for topic in sorted(topics.keys() - metadata.topics.keys())}
        created: list[str] = []
        if missing and metadata.controller_id in metadata.brokers:  # librdkafka's mock cluster has no controller to ask
            created = make_topics(self._options, missing, client_log())
        self._cluster_id = metadata.cluster_id
        self._probed_at = self._clock()
        self.check_due = False
        return Cluster(metadata.cluster_id, created)

    def purge(self) -> None:
        """Drop all messages that are queued or in flight; those in flight may still arrive."""
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
                "topic.metadata.propagation.max.ms": TOPIC_WAIT_MS,
                "error_cb": self._on_error,
            }
            self._producer = Producer(options, logger=client_log())
        return self._producer

    def _on_error(self, error: KafkaError) -> None:
        self._probed_at = None  # a connection broke: another cluster may answer next
        if error.fatal():
            self._fatal = error.str()  # this producer cannot send any more: `purge` drops it, the next call creates one
        _log.warning("kafka_error", extra={"error": error.str()})

    def _probe(self, topic: str) -> None:
        """Request metadata: a dead broker is noticed after the probe's timeout instead of the call's."""
        now = self._clock()
        fresh = self._last_success is not None and now - self._last_success <= FRESH_SECONDS
        if fresh and self._probed_at is not None and now - self._probed_at <= PROBE_INTERVAL:
            return
        metadata = self._metadata(topic)
        self._probed_at = self._clock()
        if None not in (self._cluster_id, metadata.cluster_id) and metadata.cluster_id != self._cluster_id:
            self.check_due = True
            raise ClusterChanged(f"cluster {metadata.cluster_id} answers, not {self._cluster_id}")

    def _metadata(self, topic: str | None = None) -> ClusterMetadata:
        producer = self._connected()
        try:
            found: ClusterMetadata = producer.list_topics(topic, timeout=self._probe_timeout)
        except KafkaException as error:
            self._last_success = None
            producer.poll(0)  # logs what the client's threads know: a certificate that is not trusted, a wrong password
            raise CallFailed(f"no answer to a metadata request: {text_of(error)}") from error
        return found

    def _send_turn(
        self,
        messages: Sequence[OutgoingMessage],
        turn: Sequence[int],
        answers: Answers,
        deadline: float,
        ended: Callable[[], bool],
    ) -> None:
        """Send the messages of one turn together; then, one by one, those whose batch was refused."""
        sent = [index for index in turn if messages[index].key not in answers.stopped]
        for index in sent:
            if not self._send(index, messages[index], answers):
                break
        self._wait(answers, deadline, ended)
        until = min(deadline, self._clock() + ALONE_SECONDS)
        for index in answers.drop_batch_refusals(messages, sent):
            if answers.failure or self._clock() >= until:
                return
            self._send(index, messages[index], answers)
            self._wait(answers, deadline, ended)

    def _send(self, index: int, message: OutgoingMessage, answers: Answers) -> bool:
        """Queue a message. False: neither this message nor a later one can be queued now."""
        producer = self._connected()
        settle = answers.expect(index, message.key)
        try:
            producer.produce(message.topic, message.value, message.key, headers=message.headers, on_delivery=settle)
        except KafkaException as error:
            settle(error.args[0], None)
            return not answers.failure
        except BufferError as error:
            settle(KafkaError(KafkaError._QUEUE_FULL, str(error)), None)
            return False
        return True

    def _wait(self, answers: Answers, deadline: float, ended: Callable[[], bool]) -> None:
        producer = self._connected()
        while answers.waiting > 0:
            remaining = deadline - self._clock()
            if remaining <= 0 or ended():
                answers.give_up("Kafka did not confirm every event in time")
                return
            producer.poll(min(remaining, POLL_SLICE))


def client_log() -> logging.Logger:
    """The logger of Kafka's clients: one constant event name, the client's text as a field."""
    log = logging.getLogger("kafka.client")
    if not log.filters:
        log.addFilter(_as_field)
    return log


def _as_field(record: logging.LogRecord) -> bool:
    record.detail = record.getMessage()
    record.msg, record.args = "kafka_client", ()
    return True
