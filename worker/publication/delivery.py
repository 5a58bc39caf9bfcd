"""One turn of the active relay: claim events, publish them through the breaker, mark those that Kafka confirmed."""

import logging
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from payments import crash_points
from payments.breaker.guard import Breaker, NotPermitted
from payments.breaker.rules import State
from payments.metrics import RelayMetrics
from payments.outbox import refusal_store
from payments.outbox import store as outbox_store
from payments.outbox.lease import Lease
from payments.outbox.rules import Aggregate, OutboxState, with_event_id
from payments.outbox.store import ClaimedEvent
from payments.platform.clock import Clock, database_now, monotonic
from payments.platform.kafka.answers import AllRefused, CallFailed, ClusterChanged, OutgoingMessage, Receipt
from payments.platform.kafka.producer import Publisher
from payments.platform.tracing.trace import HEADER
from payments.platform.tracing.traces import Kind, NoTraces, Traces
from worker.publication.cluster import ClusterWatch
from worker.publication.fencing import check_lease
from worker.publication.heartbeat import Heartbeat
from worker.publication.refusals import Refusals
from worker.publication.replays import replay_of

CLAIM: Final = 500
"""Events of one call while the breaker is CLOSED or DISABLED; else one."""
POLL_SECONDS: Final = 0.05
"""Pause when no more events wait: an event is published within 100 ms of its commit, and small batches fill up."""
MANY: Final = 20
"""Events of a claim from which on the next one lets more gather: a call costs as much as dozens of its events."""
FILL_SECONDS: Final = 0.2
"""Pause after a claim of MANY: fewer and fuller calls, commits and batches of the ledger."""
FAILURE_PAUSE: Final = 0.5
ASK_INTERVAL: Final = 1.0
"""Seconds between two requests for permission of an OPEN breaker while events wait."""
RETRY_INTERVAL: Final = 1.0
"""Seconds between two attempts at refused events, in calls of their own between those of other events."""
RENEWAL_WAIT: Final = 5.0
"""Seconds to wait for the renewal of a lease too short for a call; then the events are claimed again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeaseTerm:
    """What a relay has while it is active, from acquiring the lease to losing it or giving it back."""

    lease: Lease
    heartbeat: Heartbeat
    breaker: Breaker


class Delivery:
    """Delivers during one lease term. Durations in seconds; a waiting call gives up when `ended` returns True."""

    def __init__(
        self,
        engine: Engine,
        publisher: Publisher,
        metrics: RelayMetrics,
        term: LeaseTerm,
        *,
        longest_call: float,
        ended: Callable[[], bool],
        park_after: int = 5,
        clock: Clock = monotonic,
        traces: Traces | None = None,
    ) -> None:
        """`longest_call`: what the lease must still last before a call (its timeout and the probe's).

        `park_after`: how often an event is refused before it waits for an operator.
        """
        self._engine = engine
        self._publisher = publisher
        self._metrics = metrics
        self._term = term
        self._longest_call = longest_call
        self._ended = ended
        self._refusals = Refusals(engine, term.lease, park_after)
        self._clock = clock
        self._traces = traces or NoTraces()
        self._cluster = ClusterWatch(engine, publisher, term.lease, clock)
        self._unmarked: list[ClaimedEvent] = []
        self._ask_at = clock()
        self._retry_at = clock()

    def run_once(self) -> float:
        """One turn; returns the seconds to pause before the next.

        Raises LeaseLost, or sqlalchemy errors: then the next turn first marks what was confirmed and not marked.
        """
        breaker = self._term.breaker
        self._mark()
        breaker.tick()
        refusing = breaker.state in (State.OPEN, State.FORCED_OPEN)
        if refusing and self._clock() < self._ask_at:
            return POLL_SECONDS
        if not refusing:
            self._cluster.check()
        limit = CLAIM if breaker.state in (State.CLOSED, State.DISABLED) else 1
        events, behind = self._claim(limit)
        if behind:
            self._refusals.hold(behind)
        if not events and not behind and not refusing:
            self._cluster.check(idle=True)
        pause = 0.0 if behind or len(events) == limit else pause_after(len(events))
        if not events or not self._term.heartbeat.wait_until_it_has(self._longest_call, RENEWAL_WAIT):
            return pause
        crash_points.reach("after_claim")
        return self._deliver(events, pause)

    def _claim(self, limit: int) -> tuple[list[ClaimedEvent], list[ClaimedEvent]]:
        """(events to publish, events that must wait behind a refused or parked event of their payment)."""
        with self._engine.connect().execution_options(reading=True) as connection:
            if self._clock() >= self._retry_at:
                self._retry_at = self._clock() + RETRY_INTERVAL
                if refused := outbox_store.claim(connection, OutboxState.REFUSED, limit):
                    return refused, []
            claimed = outbox_store.pending(connection, limit)
            behind = refusal_store.behind(connection, claimed)
        waiting = {event.event_id for event in behind}
        return [event for event in claimed if event.event_id not in waiting], behind

    def _deliver(self, events: Sequence[ClaimedEvent], pause: float) -> float:
        """Publish and mark; returns the seconds to pause, `pause` on success."""
        messages, unusable = _messages_of(events)
        if unusable:
            self._refusals.note(events, unusable)
            return 0.0  # the next turn holds back the events behind them
        try:
            receipt = self._term.breaker.call(
                lambda: self._hand_over(events, messages), ignored=(AllRefused, ClusterChanged)
            )
        except NotPermitted:
            self._ask_at = self._clock() + ASK_INTERVAL
            return POLL_SECONDS
        except ClusterChanged as changed:
            _log.warning("cluster_not_checked", extra={"reason": str(changed)})
            return POLL_SECONDS
        except AllRefused as refused:
            receipt = refused.receipt
        except CallFailed as failed:
            _log.warning("call_failed", extra={"events": len(events), "error": str(failed)})
            self._handle(events, failed.receipt)
            self._note_failure([e for i, e in enumerate(events) if not _is_in(failed.receipt, i)], str(failed))
            return FAILURE_PAUSE
        crash_points.reach("after_confirm_before_mark")
        self._handle(events, receipt)
        return pause

    def _hand_over(self, events: Sequence[ClaimedEvent], messages: Sequence[OutgoingMessage]) -> Receipt:
        with self._traces.batch("publish", Kind.PRODUCER, [event.headers.get(HEADER, "") for event in events]):
            return self._publisher.hand_over(messages, self._ended)

    def _handle(self, events: Sequence[ClaimedEvent], receipt: Receipt) -> None:
        """Mark confirmed events, record refused ones."""
        self._unmarked = confirmed_in_order(events, receipt.confirmed)
        self._mark()
        if receipt.refused:
            self._refusals.note(events, receipt.refused)

    def _mark(self) -> None:
        if not self._unmarked:
            return
        ids = [event.event_id for event in self._unmarked]
        with self._engine.begin() as connection:
            marked = outbox_store.mark_published(connection, ids, database_now(connection), self._term.lease)
            if marked == 0:
                check_lease(connection, self._term.lease)
            refusal_store.free(connection, [e.aggregate for e in self._unmarked if e.state is OutboxState.REFUSED])
        for topic, count in Counter(event.topic for event in self._unmarked).items():
            self._metrics.published.labels(topic).inc(count)
        self._unmarked = []

    def _note_failure(self, events: Sequence[ClaimedEvent], reason: str) -> None:
        ids = [event.event_id for event in events if event.state is OutboxState.PENDING]
        if not ids:
            return
        with self._engine.begin() as connection:
            if outbox_store.note_failure(connection, ids, reason, self._term.lease) == 0:
                check_lease(connection, self._term.lease)


def pause_after(claimed: int) -> float:
    """Seconds until the next claim, when this one took all events that waited."""
    return FILL_SECONDS if claimed >= MANY else POLL_SECONDS


def _is_in(receipt: Receipt, index: int) -> bool:
    return index in receipt.confirmed or index in receipt.refused


def _messages_of(events: Sequence[ClaimedEvent]) -> tuple[list[OutgoingMessage], dict[int, str]]:
    """(messages, why some could not be made, by index): a malformed row must not stop the others."""
    messages: list[OutgoingMessage] = []
    unusable: dict[int, str] = {}
    for index, event in enumerate(events):
        try:
            messages.append(message_of(event))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            unusable[index] = f"no message can be made of the row: {error}"
    return messages, unusable


def message_of(event: ClaimedEvent) -> OutgoingMessage:
    """The message of a stored event. Only payments' events have their eventId in the value."""
    if event.aggregate_type == Aggregate.REPLAY:
        return replay_of(event)
    is_payment = event.aggregate_type == Aggregate.PAYMENT
    value = with_event_id(event.payload, event.event_id) if is_payment else event.payload
    headers = {"eventId": str(event.event_id), "eventType": event.event_type, **event.headers}
    return OutgoingMessage(event.topic, str(event.aggregate_id), value, list(headers.items()))


def confirmed_in_order(events: Sequence[ClaimedEvent], confirmed: Container[int]) -> list[ClaimedEvent]:
    """The events that may be marked: confirmed, with all earlier ones of the same payment."""
    held_back: set[tuple[str, int]] = set()
    marked = []
    for index, event in enumerate(events):
        aggregate = (event.aggregate_type, event.aggregate_id)
        if index in confirmed and aggregate not in held_back:
            marked.append(event)
        else:
            held_back.add(aggregate)
    return marked
