"""An operation as it is stored: one row says what was asked of the acquirer, what is known, and what to ask. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from payments.acquiring.connector import Kind, Operation
from payments.acquiring.rules import (
    AGES,
    CELL,
    FINAL,
    REVERSAL_OF,
    WITHOUT_MONEY,
    Learned,
    State,
    Told,
    after,
    ask_again,
    given_up,
    reference,
)
from payments.acquiring.rules import sent as sent_once

UNDECIDED: Final = frozenset({State.CREATED, State.SENT, State.UNKNOWN, State.FENCING})
"""States that end by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOperation:
    """One row of `acquirer_operation`. `amount` in minor units, times in UTC; `operation_id` 0: not stored yet.

    `idempotency_key` and `request_digest` name the stored answer that waits for it; None: an operation of the
    platform's own, for an expiry or a reversal. `decided_at`: when it became final.
    """

    payment_id: int
    merchant_id: str
    connector: str
    kind: Kind
    amount: int
    currency: str
    reference: str
    authorization_reference: str | None = None
    """Our reference of the authorization that holds the money; None for authorizations."""
    state: State = State.CREATED
    created_at: datetime
    sent_at: datetime | None = None
    next_enquiry_at: datetime | None = None
    enquiries: int = 0
    decided_at: datetime | None = None
    acquirer_reference: str | None = None
    decline_code: str | None = None
    idempotency_key: str | None = None
    request_digest: str | None = None
    request_id: str = ""
    headers: str = "{}"
    """JSON of the headers of its event."""
    reverses: int | None = None
    """The operation that it takes back."""
    proposal: str | None = None
    proposed_by: str | None = None
    proposed_reason: str | None = None
    operation_id: int = 0

    @property
    def is_own(self) -> bool:
        """Whether nobody waits for it: the platform made it, for an expiry or a reversal."""
        return self.idempotency_key is None

    @property
    def reserves(self) -> bool:
        """Whether its payment holds an amount for it, or waits for its decision."""
        undecided = self.state in UNDECIDED or (self.state is State.MANUAL and self.decided_at is None)
        return undecided and self.reverses is None

    @property
    def call(self) -> Operation:
        """The operation as a connector takes it."""
        return Operation(self.kind, self.reference, self.amount, self.currency)


class Summary(NamedTuple):
    """What a payment has at its acquirer: how many operations of each kind, and the reference that holds its money."""

    counts: Mapping[Kind, int] = MappingProxyType({})
    authorization: str | None = None


def sent(operation: StoredOperation, now: datetime) -> StoredOperation:
    """The operation as it is stored before its first byte leaves; asked about when its caller does not say more.

    Raises ValueError for a second time.
    """
    return replace(operation, state=sent_once(operation.state), sent_at=now, next_enquiry_at=now + AGES[0])


def concluded(operation: StoredOperation, told: Told, now: datetime) -> StoredOperation:
    """The operation after `told`. Its own object when nothing new was learned."""
    state = _state(operation, told)
    tries = operation.enquiries + (told.is_repair and told.answered)
    if state in UNDECIDED:
        return _waiting(operation, told, state, tries, now)
    if state is operation.state:
        return operation
    return replace(
        operation,
        state=state,
        enquiries=tries,
        next_enquiry_at=None,
        decided_at=operation.decided_at if state is State.MANUAL else operation.decided_at or now,
        acquirer_reference=told.acquirer_reference or operation.acquirer_reference,
        decline_code=told.decline_code or operation.decline_code,
    )


def reversal_of(operation: StoredOperation, number: Callable[[Kind], int], now: datetime) -> StoredOperation:
    """What takes back an operation that is REVERSED; it is sent by housekeeping. `number` as in `rules.reference`."""
    kind = REVERSAL_OF[operation.kind]
    return StoredOperation(
        payment_id=operation.payment_id,
        merchant_id=operation.merchant_id,
        connector=operation.connector,
        kind=kind,
        amount=operation.amount,
        currency=operation.currency,
        reference=reference(CELL, operation.payment_id, kind, number(kind)),
        authorization_reference=operation.authorization_reference or operation.reference,
        state=State.CREATED,
        created_at=now,
        next_enquiry_at=now,
        reverses=operation.operation_id,
    )


def _state(operation: StoredOperation, told: Told) -> State:
    state = operation.state
    if told.by_operator:
        return _by_operator(operation, told)
    # an enquiry that was not sent says nothing about the operation
    learned = Learned.UNKNOWN if told.is_repair and told.learned is Learned.NOT_SENT else told.learned
    new = after(state, learned)
    if state in WITHOUT_MONEY and new is State.MANUAL and operation.kind in REVERSAL_OF:
        return State.REVERSED
    if operation.is_own and state not in FINAL:
        return _OF_OWN.get(new, new)
    return new


_OF_OWN: Final = {
    State.NOT_SENT: State.CREATED,
    State.FENCING: State.CREATED,  # not found: under the same reference it can be sent again, and must be
    State.DECLINED: State.MANUAL,
    State.FAILED: State.MANUAL,
}
"""An operation of the platform's own has to happen: no merchant could ask for it again."""


def _by_operator(operation: StoredOperation, told: Told) -> State:
    if operation.state is not State.MANUAL:
        return operation.state
    if operation.decided_at is not None:  # a contradiction: its payment has moved on, and people settled the rest
        return State.REVERSED
    return State(told.learned.value)


def _waiting(operation: StoredOperation, told: Told, state: State, tries: int, now: datetime) -> StoredOperation:
    """Not decided yet: when to ask again, or MANUAL when there are no more tries."""
    if state is State.CREATED:
        return replace(operation, state=state, enquiries=tries, next_enquiry_at=ask_again(now, 0, now, answered=False))
    if not told.is_repair:  # the call itself: the first enquiry's time stands
        return replace(operation, state=state)
    since = operation.sent_at or operation.created_at
    ask = ask_again(since, tries, now, answered=told.answered)
    return replace(operation, state=given_up(state) if ask is None else state, enquiries=tries, next_enquiry_at=ask)
