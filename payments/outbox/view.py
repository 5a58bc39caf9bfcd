"""A parked event as it is shown."""

from dataclasses import dataclass
from typing import Annotated

from payments.outbox import parked_store
from payments.outbox.rules import Aggregate, format_time
from payments.platform.json_types import Count, Identifier, JsonObject, OneOf, Time


@dataclass(frozen=True, slots=True)
class ParkedEvent(JsonObject):
    """An event that Kafka refused; later ones of its payment wait behind it."""

    event_id: Identifier
    aggregate_type: Annotated[str, OneOf(Aggregate)]
    aggregate_id: Identifier
    event_type: str
    topic: str
    attempts: Count
    error: str
    parked_at: Time
    waiting_behind: Count


def parked_event(event: parked_store.ParkedEvent) -> ParkedEvent:
    """The event as it is shown."""
    return ParkedEvent(
        event_id=event.event_id,
        aggregate_type=event.aggregate_type,
        aggregate_id=event.aggregate_id,
        event_type=event.event_type,
        topic=event.topic,
        attempts=event.attempts,
        error=event.error,
        parked_at=format_time(event.parked_at),
        waiting_behind=event.waiting_behind,
    )
