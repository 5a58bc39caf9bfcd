"""One payment as operators see it: with its events, postings, answers, dead letters, findings and actions on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from sqlalchemy import Connection, Row

from payments.acquiring.operation import StoredOperation
from payments.acquiring.view import AcquirerOperation, operation
from payments.audit.view import AuditFinding, findings
from payments.dead_letters.view import DeadLetterSummary
from payments.dead_letters.view import of_payment as dead_letters_of
from payments.ledger import store as ledger_store
from payments.outbox import search_store as outbox_search
from payments.outbox.rules import format_time
from payments.outbox.store import OutboxRow
from payments.payment import idempotency_store
from payments.payment import store as payment_store
from payments.payment.commands import REQUESTED, Key, Operation
from payments.payment.conclusion import key_of
from payments.payment.rules import Payment, ReleaseReason
from payments.payment.view import FoundPayment, item_values
from payments.platform import operators
from payments.platform.clock import database_now
from payments.platform.errors import NotFound
from payments.platform.json_types import JsonObject, Keywords, Minor, OneOf, Time
from payments.platform.tracing import trace
from payments.reading.actions import OperatorAction, shown
from payments.reading.ledger import Entry, entry
from payments.reading.payments import Event, event_values, operations, timeline
from payments.reading.search import payment_id_in

LISTED_LIMIT: Final = 100
"""Dead letters and findings that are shown."""
ACTIONS_LIMIT: Final = 500


@dataclass(frozen=True, slots=True)
class TracedEvent(Event):
    """An event with the trace and the request that made it; null where there was none."""

    trace_id: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class GivenAnswer(JsonObject):
    """A stored answer; `body` is sent again as it is here, byte for byte. Conflicts (409) are not shown."""

    operation: Annotated[str, OneOf(REQUESTED)]
    idempotency_key: str
    http_status: Annotated[int, Keywords(minimum=200, maximum=599)]
    created_at: Time
    body: str


@dataclass(frozen=True, slots=True)
class Possible(JsonObject):
    """The largest amount that each command can move now (minor units); 0: the command would be a conflict."""

    capture: Minor
    refund: Minor
    void: Minor


@dataclass(frozen=True, slots=True)
class OperatorPayment(FoundPayment):
    """A payment with all that belongs to it: dead letters and findings newest first, the others oldest first.

    `operations` are those at its acquirer, also those by which the platform takes others back.
    """

    updated_at: Time
    release_reason: Annotated[str, OneOf(ReleaseReason)] | None
    ledger_entries: list[Entry]
    events: list[TracedEvent]
    operations: list[AcquirerOperation]
    answers: list[GivenAnswer]
    dead_letters: list[DeadLetterSummary]
    findings: list[AuditFinding]
    actions: list[OperatorAction]
    possible: Possible


def payment(connection: Connection, payment_id: int) -> OperatorPayment:
    """One payment of any merchant. Raises NotFound."""
    found = payment_store.get(connection, payment_id)
    if found is None:
        raise NotFound(f"There is no payment {payment_id}.")
    events = timeline(connection, payment_id)
    asked = operations(connection, found)
    letters = dead_letters_of(connection, payment_id, LISTED_LIMIT)
    targets = [*_targets(connection, payment_id, [row for row, _ in events], letters)]
    targets += [f"operation {each.operation_id} (payment {payment_id})" for each in asked]
    return OperatorPayment(
        *item_values(found),
        idempotency_key=found.idempotency_key,
        updated_at=format_time(found.updated_at),
        release_reason=None if found.release_reason is None else found.release_reason.value,
        ledger_entries=[entry(stored) for stored in ledger_store.of_payment(connection, payment_id)],
        events=[_event(row, posted_at) for row, posted_at in events],
        operations=[operation(each) for each in asked],
        answers=_answers(connection, found, [row.created_at for row, _ in events], asked),
        dead_letters=letters,
        findings=findings(connection, None, None, payment_id, None, LISTED_LIMIT)[0],
        actions=[shown(action) for action in operators.actions_on(connection, targets, ACTIONS_LIMIT)],
        possible=possible(found, database_now(connection)),
    )


def possible(payment: Payment, now: datetime) -> Possible:
    """What the rules of a payment allow at `now`. An expired authorization can be voided until housekeeping does so.

    While a capture is undecided nothing can be voided: its amount may become open again.
    """
    return Possible(
        capture=payment.open_amount if now < payment.expires_at else 0,
        refund=payment.refundable_amount,
        void=0 if payment.pending_capture else payment.open_amount,
    )


def _event(row: OutboxRow, posted_at: datetime | None) -> TracedEvent:
    # rows of the release before have the trace in their headers alone
    trace_id = row.trace_id or trace.trace_id_of(row.headers.get(trace.HEADER, "")) or None
    return TracedEvent(*event_values(row, posted_at), trace_id, row.request_id)


def _answers(
    connection: Connection, payment: Payment, times: Sequence[datetime], asked: Sequence[StoredOperation]
) -> list[GivenAnswer]:
    """The authorization's answer and those of operations by their keys, the others by their time: that of an event.

    What is stored while a call runs, or when it was not sent, is no answer.
    """
    authorization = Key(payment.merchant_id, Operation.AUTHORIZE.value, payment.idempotency_key)
    keys = {authorization, *(key for each in asked if (key := key_of(each)) is not None)}
    found = [row for key in keys if (row := idempotency_store.answer_row(connection, key)) is not None]
    found += [
        row
        for row in idempotency_store.answered_at(connection, payment.merchant_id, times)
        if row.http_status == 200 and payment_id_in(row.response_body) == payment.payment_id
    ]
    by_key = {(row.operation, row.idempotency_key): row for row in found if row.response_body}
    first = (authorization.operation, authorization.idempotency_key)
    ordered = sorted(by_key, key=lambda key: (key != first, by_key[key].created_at, key[1]))
    return [_answer(by_key[key]) for key in ordered]


def _answer(row: Row[Any]) -> GivenAnswer:
    return GivenAnswer(
        operation=row.operation,
        idempotency_key=row.idempotency_key,
        http_status=row.http_status,
        created_at=format_time(row.created_at),
        body=row.response_body,
    )


def _targets(
    connection: Connection, payment_id: int, events: Sequence[OutboxRow], letters: Sequence[DeadLetterSummary]
) -> Iterator[str]:
    """What operators' actions on the payment, its events, its dead letters and their events are noted with."""
    yield f"payment {payment_id}"
    for event in events:
        yield f"event {event.event_id}"
    for letter in letters:
        yield f"dead letter {letter.id}"
    for row in outbox_search.of_dead_letters(connection, [letter.id for letter in letters]):
        yield f"event {row.event_id}"
        yield f"event {row.event_id} ({row.aggregate_type} {row.aggregate_id})"
