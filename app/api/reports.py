"""What the API answers about its own condition: breaker, dead letters, health, backlog. Pydantic models for OpenAPI."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from app.api.answers import Answer, Count, Time, inline
from payments.payment.commands import LIMITED, Operation
from payments.reading.health import Status

HealthName = Annotated[Status, inline(Status)]


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
