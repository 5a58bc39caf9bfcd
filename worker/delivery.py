"""One turn of the active relay: claim what waits, hand it over through the breaker, mark what Kafka confirmed."""

import logging
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine

from payments import crash_points
from payments.adapters import cluster_store, lease, outbox_store
from payments.adapters.breaker import Breaker, NotPermitted
from payments.adapters.clock import Clock, database_now, monotonic
from payments.adapters.kafka import CallFailed, OutgoingMessage, Publisher
from payments.adapters.lease import Lease
from payments.adapters.outbox_store import OutboxRow
from payments.adapters.traces import Kind, NoTraces, Traces
from payments.domain.breaker import State
from payments.domain.events import DEAD_LETTER_TOPIC, TOPICS, Aggregate, with_event_id
from payments.domain.trace import HEADER
from payments.metrics import RelayMetrics
from payments.service.republish import republish_unposted
from worker.heartbeat import Heartbeat
from worker.replays import replay_of

CLAIM: Final = 500
"""Events of one call while the breaker is closed; one otherwise."""
POLL_SECONDS: Final = 0.05
"""Pause when nothing more waits: a commit is on its way within 100 ms, and small batches gather."""
FAILURE_PAUSE: Final = 0.5
ASK_INTERVAL: Final = 1.0
"""An open breaker is asked this often while something waits."""
MEETING_INTERVAL: Final = 2.0
"""Between two attempts to make the topics and learn the cluster's id."""
RENEWAL_WAIT: Final = 5.0
"""A lease too short for a call is waited for this long, before the events are claimed anew."""

_log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another relay has taken over; nothing may be written any more."""


@dataclass(frozen=True, slots=True)
class Reign:
    """What belongs to the time in which this relay is the active one."""

    lease: Lease
    heartbeat: Heartbeat
    breaker: Breaker


class Delivery:
    """Delivers during one reign. Durations in seconds; `ended` tells a waiting call to give up."""

    def __init__(
        self,
        engine: Engine,
        publisher: Publisher,
        metrics: RelayMetrics,
        reign: Reign,
        *,
        longest_call: float,
        ended: Callable[[], bool],
        clock: Clock = monotonic,
        traces: Traces | None = None,
    ) -> None:
        """`longest_call`: what the lease must still last before a call (its timeout and the probe's)."""
        self._engine = engine
        self._publisher = publisher
        self._metrics = metrics
        self._reign = reign
        self._longest_call = longest_call
        self._ended = ended
        self._clock = clock
        self._traces = traces or NoTraces()
        self._cluster_met = False
        self._meet_at = clock()
        self._unmarked: list[OutboxRow] = []
        self._ask_at = clock()

    def run_once(self) -> float:
        """One turn; returns the seconds to pause before the next.

        Raises LeaseLost, or sqlalchemy errors: then the next turn first marks what was confirmed and not marked.
        """
        breaker = self._reign.breaker
        self._mark()
        breaker.tick()
        refusing = breaker.state in (State.OPEN, State.FORCED_OPEN)
        if refusing and self._clock() < self._ask_at:
            return POLL_SECONDS
        if not refusing and not self._cluster_met:
            self._meet_cluster()
        most = CLAIM if breaker.state in (State.CLOSED, State.DISABLED) else 1
        with self._engine.connect().execution_options(reading=True) as connection:
            events = outbox_store.pending(connection, most)
        if not events or not self._reign.heartbeat.wait_until_it_has(self._longest_call, RENEWAL_WAIT):
            return POLL_SECONDS
        crash_points.reach("after_claim")
        return self._deliver(events, 0.0 if len(events) == most else POLL_SECONDS)

    def _deliver(self, events: Sequence[OutboxRow], pause: float) -> float:
        """Hand over and mark; returns the seconds to pause, `pause` when all went well."""
        messages = [message_of(event) for event in events]
        try:
            self._reign.breaker.call(lambda: self._hand_over(events, messages))
        except NotPermitted:
            self._ask_at = self._clock() + ASK_INTERVAL
            return POLL_SECONDS
        except CallFailed as failed:
            _log.warning("call_failed", extra={"events": len(events), "error": str(failed)})
            self._unmarked = confirmed_in_order(events, failed.confirmed)
            self._mark()
            failing = [event for index, event in enumerate(events) if index not in failed.confirmed]
            self._note_failure(failing, str(failed))
            return FAILURE_PAUSE
        self._unmarked = list(events)
        crash_points.reach("after_confirm_before_mark")
        self._mark()
        return pause

    def _hand_over(self, events: Sequence[OutboxRow], messages: Sequence[OutgoingMessage]) -> None:
        with self._traces.batch("publish", Kind.PRODUCER, [event.headers.get(HEADER, "") for event in events]):
            self._publisher.hand_over(messages, self._ended)

    def _mark(self) -> None:
        if not self._unmarked:
            return
        ids = [event.event_id for event in self._unmarked]
        with self._engine.begin() as connection:
            marked = outbox_store.mark_published(connection, ids, database_now(connection), self._reign.lease)
            if marked == 0:
                self._check_lease(connection)
        for topic, count in Counter(event.topic for event in self._unmarked).items():
            self._metrics.published.labels(topic).inc(count)
        self._unmarked = []

    def _note_failure(self, events: Sequence[OutboxRow], reason: str) -> None:
        with self._engine.begin() as connection:
            ids = [event.event_id for event in events]
            if outbox_store.note_failure(connection, ids, reason, self._reign.lease) == 0:
                self._check_lease(connection)

    def _check_lease(self, connection: Connection) -> None:
        """Nothing was written: fine if it had been written before a connection broke, the end if the lease is lost."""
        if not lease.holds(connection, self._reign.lease):
            raise LeaseLost

    def _meet_cluster(self) -> None:
        """Make the topics; if this is not the cluster we knew, it has nothing of what was published to that one."""
        if self._clock() < self._meet_at:
            return
        try:
            cluster_id = self._publisher.meet((*TOPICS.values(), DEAD_LETTER_TOPIC))
        except CallFailed as failed:
            _log.warning("kafka_not_reached", extra={"error": str(failed)})
            self._meet_at = self._clock() + MEETING_INTERVAL
            return
        with self._engine.connect() as connection:
            with connection.begin():
                before = cluster_store.known(connection)
            if before is not None and before != cluster_id:
                count = republish_unposted(connection)
                _log.warning("cluster_changed", extra={"before": before, "now": cluster_id, "republished": count})
            with connection.begin():
                cluster_store.remember(connection, cluster_id)
        self._cluster_met = True


def message_of(event: OutboxRow) -> OutgoingMessage:
    """What is published of a stored event. Only payments' events carry their eventId in the value."""
    if event.aggregate_type == Aggregate.REPLAY:
        return replay_of(event)
    is_payment = event.aggregate_type == Aggregate.PAYMENT
    value = with_event_id(event.payload, event.event_id) if is_payment else event.payload
    headers = {"eventId": str(event.event_id), "eventType": event.event_type, **event.headers}
    return OutgoingMessage(event.topic, str(event.aggregate_id), value, list(headers.items()))


def confirmed_in_order(events: Sequence[OutboxRow], confirmed: Container[int]) -> list[OutboxRow]:
    """The events that may be marked: confirmed, and so are all before them of the same payment."""
    held_back: set[tuple[str, int]] = set()
    marked = []
    for index, event in enumerate(events):
        aggregate = (event.aggregate_type, event.aggregate_id)
        if index in confirmed and aggregate not in held_back:
            marked.append(event)
        else:
            held_back.add(aggregate)
    return marked
