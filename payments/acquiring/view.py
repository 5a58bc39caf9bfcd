"""Operations at acquirers and the acquirers themselves, as operators see them. Read only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from sqlalchemy import Connection

from payments.acquiring import store
from payments.acquiring.connector import Kind
from payments.acquiring.gate import Gate
from payments.acquiring.operation import UNDECIDED, StoredOperation
from payments.acquiring.rules import State
from payments.breaker.rules import State as BreakerState
from payments.outbox.rules import format_time
from payments.platform.clock import database_now
from payments.platform.connectors import ConnectorName
from payments.platform.errors import NotFound
from payments.platform.json_types import Count, Identifier, JsonObject, OneOf, Time
from payments.platform.paging import page

COUNTED: Final = tuple(state for state in State if state in UNDECIDED or state is State.MANUAL)
"""States that somebody has to do something about; the others are not counted."""


class Outcome(StrEnum):
    """What an operator may decide about an operation."""

    APPROVED = "APPROVED"
    DECLINED = "DECLINED"


@dataclass(frozen=True, slots=True)
class AcquirerOperation(JsonObject):
    """One operation at an acquirer, as it is stored. `reverses`: the operation that it takes back.

    `proposal` is what one operator holds to be true; a second one carries it out.
    """

    operation_id: Identifier
    payment_id: Identifier
    merchant_id: str
    connector: Annotated[str, OneOf(ConnectorName)]
    kind: Annotated[str, OneOf(Kind)]
    amount: int
    currency: str
    state: Annotated[str, OneOf(State)]
    reference: str
    authorization_reference: str | None
    acquirer_reference: str | None
    decline_code: str | None
    request_id: str
    reverses: Identifier | None
    created_at: Time
    sent_at: Time | None
    decided_at: Time | None
    next_enquiry_at: Time | None
    enquiries: Count
    proposal: Annotated[str, OneOf(Outcome)] | None
    proposed_by: str | None
    proposed_reason: str | None


@dataclass(frozen=True, slots=True)
class ConnectorBreaker(JsonObject):
    """The breaker before an acquirer, of the web worker that answers: each has its own."""

    state: Annotated[str, OneOf(BreakerState)]
    state_since: Time


@dataclass(frozen=True, slots=True)
class Acquirer(JsonObject):
    """An acquirer. `breaker` is null where it is not configured; `counts`: operations that are not decided."""

    connector: Annotated[str, OneOf(ConnectorName)]
    configured: bool
    breaker: ConnectorBreaker | None
    counts: dict[str, Count]
    oldest_undecided_at: Time | None


@dataclass(frozen=True, slots=True)
class Acquirers(JsonObject):
    """All acquirers that this release knows."""

    items: list[Acquirer]


def acquirers(connection: Connection, gates: Mapping[str, Gate]) -> Acquirers:
    """Each acquirer with its breaker and the number of operations by state."""
    found, oldest, now = store.by_state(connection), store.oldest_unknown(connection), database_now(connection)
    counts = {state.value: found.get(state, 0) for state in COUNTED}
    names = [name for name in ConnectorName if name is not ConnectorName.NONE]
    return Acquirers(
        [Acquirer(name, name in gates, _breaker(gates.get(name), now), counts, _time(oldest)) for name in names]
    )


def operations(
    connection: Connection, states: Collection[State], payment_id: int | None, before: int | None, limit: int
) -> tuple[list[AcquirerOperation], int | None]:
    """A page of operations, newest first, and the id after which the next page begins (None: the last).

    `states`: only those; none: all.
    """

    def read(behind: int | None, size: int) -> list[StoredOperation]:
        return store.page(connection, states, behind, size, payment_id)

    return page(read, operation, lambda one: one.operation_id, before, limit)


def get(connection: Connection, operation_id: int) -> AcquirerOperation:
    """One operation. Raises NotFound."""
    found = store.get(connection, operation_id)
    if found is None:
        raise NotFound(f"There is no operation {operation_id}.")
    return operation(found)


def operation(found: StoredOperation) -> AcquirerOperation:
    """An operation as it is shown."""
    return AcquirerOperation(
        operation_id=found.operation_id,
        payment_id=found.payment_id,
        merchant_id=found.merchant_id,
        connector=found.connector,
        kind=found.kind.value,
        amount=found.amount,
        currency=found.currency,
        state=found.state.value,
        reference=found.reference,
        authorization_reference=found.authorization_reference,
        acquirer_reference=found.acquirer_reference,
        decline_code=found.decline_code,
        request_id=found.request_id,
        reverses=found.reverses,
        created_at=format_time(found.created_at),
        sent_at=_time(found.sent_at),
        decided_at=_time(found.decided_at),
        next_enquiry_at=_time(found.next_enquiry_at),
        enquiries=found.enquiries,
        proposal=found.proposal,
        proposed_by=found.proposed_by,
        proposed_reason=found.proposed_reason,
    )


def _breaker(gate: Gate | None, now: datetime) -> ConnectorBreaker | None:
    if gate is None:
        return None
    return ConnectorBreaker(gate.state.value, format_time(now - timedelta(seconds=gate.state_age)))


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
