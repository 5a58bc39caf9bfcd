"""The relay's circuit breaker as it is shown, with and without the names of operators."""

from dataclasses import dataclass, fields, replace
from typing import Annotated, Literal

from sqlalchemy import Connection

from payments.breaker import store as breaker_store
from payments.breaker.rules import BREAKER, State
from payments.breaker.store import RELAY, BreakerRow, Snapshot
from payments.outbox.lease import RELAY_SILENT
from payments.outbox.rules import format_time
from payments.platform.clock import database_now
from payments.platform.json_types import Count, JsonObject, Keywords, OneOf, Time

StateName = Annotated[str, OneOf(State)]
Percent = Annotated[str, Keywords(pattern=r"^-?\d+\.\d\d%$", description="-1.00% below the minimum number of calls")]

_NOTHING: Snapshot = {
    "successful": 0,
    "failed": 0,
    "slow": 0,
    "not_permitted": 0,
    "buffered": 0,
    "slow_call_rate": -1.0,
    "failure_rate": -1.0,
}


@dataclass(frozen=True, slots=True)
class Transition(JsonObject):
    """One change of the breaker's state."""

    from_: StateName
    to: StateName
    at: Time
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class Breaker(JsonObject):
    """The relay's circuit breaker; stale when no relay has reported for 5 s."""

    state: StateName
    number_of_successful_calls: Count
    number_of_failed_calls: Count
    number_of_slow_calls: Count
    number_of_not_permitted_calls: Count
    number_of_buffered_calls: Count
    slow_call_rate: Percent
    failure_rate: Percent
    state_since: Time
    observed_at: Time
    stale: bool
    history: Annotated[list[Transition], Keywords(maxItems=50)]


@dataclass(frozen=True, slots=True)
class PendingBreaker(Breaker):
    """The breaker before the relay has applied the command."""

    pending: Literal[True]


@dataclass(frozen=True, slots=True)
class Breakers(JsonObject):
    """All breakers by name."""

    __pydantic_config__ = JsonObject.__pydantic_config__ | {"alias_generator": {"kafka_publisher": BREAKER}.get}

    kafka_publisher: Breaker


def breaker(connection: Connection) -> Breaker:
    """The breaker as the relay last reported it; before the first relay: CLOSED, empty window, stale."""
    now = database_now(connection)
    row = breaker_store.get(connection, BREAKER)
    stale = row is None or now - row.observed_at > RELAY_SILENT
    row = row or BreakerRow(BREAKER, "CLOSED", now, now, _NOTHING)
    snapshot = row.snapshot
    return Breaker(
        state=row.state,
        number_of_successful_calls=snapshot["successful"],
        number_of_failed_calls=snapshot["failed"],
        number_of_slow_calls=snapshot["slow"],
        number_of_not_permitted_calls=snapshot["not_permitted"],
        number_of_buffered_calls=snapshot["buffered"],
        slow_call_rate=f"{snapshot['slow_call_rate']:.2f}%",
        failure_rate=f"{snapshot['failure_rate']:.2f}%",
        state_since=format_time(row.state_since),
        observed_at=format_time(row.observed_at),
        stale=stale,
        history=[_transition(stored) for stored in row.history],
    )


def _transition(stored: breaker_store.Transition) -> Transition:
    return Transition(stored["from"], stored["to"], stored["at"], stored["reason"], stored["actor"])


def pending(shown: Breaker) -> PendingBreaker:
    """`shown`, while an operator's command waits for the relay."""
    return PendingBreaker(**{field.name: getattr(shown, field.name) for field in fields(shown)}, pending=True)


def without_operators(shown: Breaker) -> Breaker:
    """`shown` without the addresses, names and reasons of operators."""
    return replace(shown, history=[move if move.actor == RELAY else _anonymous(move) for move in shown.history])


def _anonymous(move: Transition) -> Transition:
    return replace(move, actor="operator", reason="asked for by an operator")
