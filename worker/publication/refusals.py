"""Handles events that Kafka refuses: counts, parks, and holds back later events of their payment."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Engine

from payments.outbox import refusal_store
from payments.outbox.lease import Lease
from payments.outbox.rules import OutboxState
from payments.outbox.store import ClaimedEvent
from payments.platform.clock import database_now
from worker.publication.fencing import check_lease

_log = logging.getLogger(__name__)


class Refusals:
    """Refusals of one lease term. All methods raise LeaseLost and sqlalchemy errors."""

    def __init__(self, engine: Engine, held: Lease, park_after: int) -> None:
        """`park_after`: how often an event is refused before it waits for an operator."""
        self._engine = engine
        self._lease = held
        self._park_after = park_after

    def hold(self, events: Sequence[ClaimedEvent]) -> None:
        """Hold these events back until the events before them are published."""
        with self._engine.begin() as connection:
            if refusal_store.hold(connection, events, self._lease) == 0:
                check_lease(connection, self._lease)

    def note(self, events: Sequence[ClaimedEvent], refused: Mapping[int, str]) -> None:
        """Count these refusals (reasons by index in `events`); later events of an aggregate wait for its first one."""
        alike: defaultdict[tuple[str, int], list[ClaimedEvent]] = defaultdict(list)
        refused_aggregates: set[tuple[str, int]] = set()
        for index, reason in sorted(refused.items()):
            event = events[index]
            if event.aggregate not in refused_aggregates:
                refused_aggregates.add(event.aggregate)
                alike[reason, event.attempts + 1 if event.state is OutboxState.REFUSED else 1].append(event)
        with self._engine.begin() as connection:
            now = database_now(connection)
            for (reason, attempts), those in alike.items():
                parked_at = now if attempts >= self._park_after else None
                ids = [event.event_id for event in those]
                if refusal_store.refuse(connection, ids, reason, attempts, parked_at, self._lease) == 0:
                    check_lease(connection, self._lease)
        for (reason, attempts), those in alike.items():
            self._log(reason, attempts, those)

    def _log(self, reason: str, attempts: int, events: Sequence[ClaimedEvent]) -> None:
        about = {
            "reason": reason,
            "attempts": attempts,
            "count": len(events),
            "topics": sorted({event.topic for event in events}),
            "first_event_id": events[0].event_id,
        }
        if attempts >= self._park_after:
            _log.error("events_parked", extra=about)
        else:
            _log.warning("events_refused", extra=about)
