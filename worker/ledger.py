"""The ledger worker: consumes payments' events from Kafka and has them posted; commits offsets after the database.

`payments.ledger.posting` decides what is posted and what becomes a dead letter.
"""

import logging
import os
import socket
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, TopicPartition
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments import crash_points
from payments.dead_letters import halt_store
from payments.dead_letters.halt import PoisonWatch, PostingHalted
from payments.ledger.checking import Message
from payments.ledger.posting import PostingOutcome, PostingResult, post_batch
from payments.metrics import LedgerMetrics
from payments.outbox import lease
from payments.outbox.rules import TOPICS
from payments.platform.clock import Clock, monotonic
from payments.platform.kafka.producer import client_log
from payments.platform.tracing.trace import trace_id_of
from payments.platform.tracing.traces import Kind, NoTraces, Traces
from worker.consumption import lag_of, offsets_after, usable

HEARTBEAT: Final = "ledger"
BATCH: Final = 200
POLL_SECONDS: Final = 0.1
"""Seconds that a batch waits to become full."""
BEAT_INTERVAL: Final = 2.0
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0
"""Seconds between two attempts while the database fails; doubles from the first to the longest."""
HALT_CHECK_SECONDS: Final = 1.0
"""Seconds between two checks whether an operator has ended the halt."""
CLUSTER_SECONDS: Final = 5.0
IN_A_LINE: Final = 100
"""Events in a line of the log: journald cuts a line at 48 KiB."""

_log = logging.getLogger(__name__)


class Ledger:
    """Runs until `stop` is set; then leaves the consumer group."""

    def __init__(
        self,
        engine: Engine,
        options: Mapping[str, Any],
        metrics: LedgerMetrics,
        stop: threading.Event,
        clock: Clock = monotonic,
        traces: Traces | None = None,
    ) -> None:
        """`options` from `consumer_options`. Connects when it runs."""
        self._engine = engine
        self._options = dict(options)
        self._metrics = metrics
        self._stop = stop
        self._clock = clock
        self._traces = traces or NoTraces()
        self._holder = f"{socket.gethostname()}:{os.getpid()}"[-128:]
        self._beat_at = clock()
        self._cluster_id: str | None = None
        self._assigned: set[tuple[str, int]] = set()
        self._watch = PoisonWatch()
        self._halt: str | None = None

    def health(self) -> tuple[int, dict[str, Any]]:
        """For `/health`: 200 while it posts or waits, 503 while posting is halted."""
        halt = self._halt
        if halt is not None:
            return 503, {"status": "DOWN", "detail": f"Posting is halted: {halt}"}
        return 200, {"status": "UP", "detail": "posting"}

    def run(self) -> None:
        """Consume and post until stopped."""
        consumer = Consumer(self._options, logger=client_log())
        consumer.subscribe(
            sorted(TOPICS.values()), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke
        )
        _log.info("ledger_started", extra={"holder": self._holder})
        try:
            while not self._stop.is_set():
                self._beat_if_due(consumer)
                self.run_once(consumer)
        finally:
            consumer.close()
            _log.info("ledger_stopped", extra={"holder": self._holder})

    def run_once(self, consumer: Consumer) -> None:
        """Consume one batch, have it posted, commit its offsets."""
        batch = usable(consumer.consume(BATCH, POLL_SECONDS))
        if not batch:
            return
        results = self._post(consumer, batch)
        if results:
            crash_points.reach("after_posting_before_offsets")
            self._count(results)
            self._log_posted(results)
            self._commit(consumer, batch)

    def _post(self, consumer: Consumer, batch: list[Message]) -> list[PostingResult]:
        """Retry until the batch is posted and no halt is open; never skips a message. Empty when stopped before.

        Meanwhile the partitions are paused and polling continues, so that the group keeps this member.
        """
        pause, waiting = FIRST_PAUSE, False
        while not self._stop.is_set():
            try:
                with self._traces.batch("post", Kind.CONSUMER, [message.traceparent for message in batch]):
                    results = post_batch(self._engine, batch, self._cluster(consumer), self._watch)
                self._note_halt(None)
                if waiting:
                    consumer.resume(consumer.assignment())
                    _log.info("posting_resumed", extra={"messages": len(batch)})
                return results
            except PostingHalted as halted:
                self._note_halt(halted.detail)
                pause = HALT_CHECK_SECONDS
            except (SQLAlchemyError, KafkaException) as error:
                _log.warning("posting_waits", extra={"messages": len(batch), "error": _reason(error)})
            waiting = True
            consumer.pause(consumer.assignment())  # each time, because a rebalance may have assigned others
            batch += usable(consumer.consume(BATCH, pause))
            pause = min(2 * pause, LONGEST_PAUSE)
            if self._halt is not None:
                self._beat_if_due(consumer)  # a halted worker is alive
        return []

    def _note_halt(self, detail: str | None) -> None:
        """Log and export that posting is halted, or that it continues."""
        if detail is not None and self._halt is None:
            _log.error("posting_halted", extra={"reason": detail})
        self._halt = detail
        self._metrics.halted.set(detail is not None)

    def _commit(self, consumer: Consumer, batch: Sequence[Message]) -> None:
        """Commit without waiting: a frozen broker must not stop polling, and a repeated message is not posted."""
        # only assigned partitions: for others this offset could undo the commit of their consumer
        offsets = offsets_after(message for message in batch if (message.topic, message.partition) in self._assigned)
        if offsets:
            try:
                consumer.commit(offsets=offsets, asynchronous=True)
            except KafkaException as error:
                _log.warning("offsets_not_committed", extra={"error": _reason(error)})

    def _count(self, results: Sequence[PostingResult]) -> None:
        for (topic, outcome), count in Counter((each.message.topic, each.outcome) for each in results).items():
            self._metrics.events.labels(topic, outcome.value).inc(count)
        for each in results:
            if each.outcome is PostingOutcome.POSTED:
                self._metrics.lag_seconds.observe(each.lag)
            elif each.outcome is PostingOutcome.DEAD_LETTER:
                message = each.message
                self._metrics.dead_letters.labels(message.topic, each.error_type).inc()
                _log.warning(
                    "dead_letter",
                    extra={
                        "topic": message.topic,
                        "partition": message.partition,
                        "offset": message.offset,
                        "error_type": each.error_type,
                        "error": each.error_message,
                    },
                )

    def _log_posted(self, results: Sequence[PostingResult]) -> None:
        """Log which events were posted, with payment and trace: one line for a batch."""
        posted = [
            {"eventId": each.event_id, "paymentId": each.payment_id, "traceId": trace_id_of(each.message.traceparent)}
            for each in results
            if each.outcome is PostingOutcome.POSTED
        ]
        for start in range(0, len(posted), IN_A_LINE):
            _log.info("events_posted", extra={"events": posted[start : start + IN_A_LINE]})

    def _beat_if_due(self, consumer: Consumer) -> None:
        """Write the heartbeat, from the loop itself, so that a loop that hangs counts as dead."""
        if self._clock() < self._beat_at:
            return
        self._beat_at = self._clock() + BEAT_INTERVAL
        self._metrics.consumer_lag.set(lag_of(consumer))
        try:
            with self._engine.begin() as connection:
                lease.beat(connection, HEARTBEAT, self._holder)
                halt = halt_store.open_halt(connection)
            self._note_halt(halt)  # also when there is nothing to post
        except SQLAlchemyError as error:
            _log.warning("heartbeat_failed", extra={"error": _reason(error)})

    def _cluster(self, consumer: Consumer) -> str:
        if self._cluster_id is None:
            self._cluster_id = str(consumer.list_topics(timeout=CLUSTER_SECONDS).cluster_id)
        return self._cluster_id

    def _on_assign(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._assigned |= {(each.topic, each.partition) for each in partitions}
        self._cluster_id = None  # read again: the brokers may have been replaced
        _log.info("partitions_assigned", extra={"count": len(partitions)})

    def _on_revoke(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._assigned -= {(each.topic, each.partition) for each in partitions}
        _log.info("partitions_revoked", extra={"count": len(partitions)})


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", error))
