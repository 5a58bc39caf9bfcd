"""What the API answers about its own condition: breaker, dead letters, health, backlog. Pydantic models for OpenAPI."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from app.api.answers import Answer, Count, Identifier, Time, inline
from payments.audit.snapshot import FindingKind
from payments.breaker.rules import BREAKER, State
from payments.payment.commands import LIMITED, Operation
from payments.reading.health import Status

FindingKindName = Annotated[FindingKind, inline(FindingKind)]
BreakerStateName = Annotated[State, inline(State)]
HealthName = Annotated[Status, inline(Status)]
Percent = Annotated[str, Field(pattern=r"^-?\d+\.\d\d%$", description="-1.00% below the minimum number of calls")]


class AuditFinding(Answer):
    """Something that an audit found wrong; `clearedAt` is null until a later check finds it right."""

    id: Identifier
    kind: FindingKindName
    payment_id: Identifier | None
    detail: str
    first_seen: Time
    last_seen: Time
    cleared_at: Time | None


class Transition(Answer):
    """One change of the breaker's state."""

    from_: BreakerStateName = Field(alias="from")
    to: BreakerStateName
    at: Time
    reason: str
    actor: str


class Breaker(Answer):
    """The relay's circuit breaker; stale when no relay has reported for 5 s."""

    state: BreakerStateName
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
    history: Annotated[list[Transition], Field(max_length=50)]


class PendingBreaker(Breaker):
    """The breaker before the relay has looked at the command."""

    pending: Literal[True]


class Breakers(Answer):
    """All breakers by name."""

    kafka_publisher: Breaker = Field(alias=BREAKER)


class Part(Answer):
    """One component; the detail explains itself."""

    status: HealthName
    detail: str


class Health(Answer):
    """DOWN only when the database is."""

    status: HealthName
    components: dict[str, Part]


class RateLimit(Answer):
    """Where a merchant stands in one window."""

    operation: Annotated[Operation, WithJsonSchema({"enum": [*LIMITED], "type": "string"})]
    limit: Count
    remaining: Count
    reset_at: Time


class Operations(Answer):
    """The backlog in numbers."""

    outbox_pending: Count
    outbox_oldest_age_seconds: Annotated[float, Field(ge=0)]
    outbox_parked: Count
    ledger_lag_seconds: Annotated[float, Field(ge=0)]
    dead_letters_open: Count
    rate_limits: list[RateLimit]
