"""Checks that each step of a payment has a stored answer that matches it. Pure; `audit.store` reads the data."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from payments.audit.snapshot import (
    AuditedAnswer,
    AuditedEntry,
    AuditedEvent,
    AuditedPayment,
    Chunk,
    Difference,
    FindingKind,
    WrongAnswer,
)
from payments.ledger.rules import RULES
from payments.outbox.rules import EventType
from payments.payment.commands import EVENT_OF, Operation
from payments.payment.rules import ReleaseReason, Status, status_of

OPERATIONS: Final = {
    event: operation.value for operation, event in EVENT_OF.items() if operation is not Operation.EXPIRE
}
"""Steps that have an answer; an expiry has none."""

_MEMBERS: Final = ("paymentId", "amount", "capturedAmount", "releasedAmount", "refundedAmount", "status")


class State(NamedTuple):
    """A payment after a step, as an answer shows it; amounts in minor units. From a broken answer: any values."""

    payment_id: int
    amount: int
    captured: int
    released: int
    refunded: int
    status: str

    def __str__(self) -> str:
        return ", ".join(f"{name} {json.dumps(value)}" for name, value in self._asdict().items())


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a payment, from its event or, when that was pruned, from its postings."""

    payment_id: int
    event_id: int
    event_type: EventType
    amount: int
    times: frozenset[datetime]
    """When the step was made; more than one time if its event was changed by hand. None: unknown."""
    has_event: bool


def steps_of(chunk: Chunk) -> dict[int, list[Step]]:
    """The steps of each payment, in their order."""
    steps: defaultdict[int, dict[int, Step]] = defaultdict(dict)
    for event in chunk.events:
        if not event.readable:
            continue
        steps[event.payment_id][event.event_id] = _from_event(event)
    payments = {payment.payment_id: payment for payment in chunk.payments}
    unknown: defaultdict[tuple[int, int], list[AuditedEntry]] = defaultdict(list)
    for entry in chunk.entries:
        if entry.event_id not in steps[entry.payment_id]:
            unknown[entry.payment_id, entry.event_id].append(entry)
    for (payment_id, event_id), entries in unknown.items():
        payment = payments.get(payment_id)
        if payment and (step := _from_entries(entries, payment.release_reason)):
            steps[payment_id][event_id] = step
    return {
        payment_id: _in_order(own, payments[payment_id]) for payment_id, own in steps.items() if payment_id in payments
    }


def _in_order(own: dict[int, Step], payment: AuditedPayment) -> list[Step]:
    """By event. Drops times of postings that do not match the payment's: then its rows were aged by hand."""
    ordered = [own[event_id] for event_id in sorted(own)]
    first = next((step for step in ordered if step.event_type is EventType.AUTHORIZED), None)
    is_aged = first is None or payment.authorized_at not in first.times
    return [replace(step, times=frozenset()) if is_aged and not step.has_event else step for step in ordered]


def _from_event(event: AuditedEvent) -> Step:
    times = frozenset((event.created_at, event.occurred_at))
    return Step(event.payment_id, event.event_id, EventType(event.event_type), event.amount, times, has_event=True)


def _from_entries(entries: Sequence[AuditedEntry], reason: str | None) -> Step | None:
    first = min(entries, key=lambda entry: entry.posting_no)
    pairs = [(entry.debit, entry.credit) for entry in sorted(entries, key=lambda entry: entry.posting_no)]
    fitting = [event_type for event_type, rule in RULES.items() if pairs == [(d.value, c.value) for d, c in rule]]
    if len(fitting) > 1:  # void and expiry have the same postings
        fitting = [EventType.EXPIRED if reason == ReleaseReason.EXPIRED else EventType.VOIDED]
    if not fitting:
        return None
    times = frozenset((first.occurred_at,))
    return Step(first.payment_id, first.event_id, fitting[0], first.amount, times, has_event=False)


def times_to_read(steps: dict[int, list[Step]], answers_since: datetime) -> set[datetime]:
    """The times of the changes whose answers must still be stored."""
    return {time for own in steps.values() for step in own if _is_answered(step, answers_since) for time in step.times}


def _is_answered(step: Step, since: datetime) -> bool:
    is_change = step.event_type in OPERATIONS and step.event_type is not EventType.AUTHORIZED and bool(step.times)
    return is_change and min(step.times) > since


def check(
    chunk: Chunk, steps: dict[int, list[Step]], answers: Sequence[AuditedAnswer], since: datetime
) -> Iterator[Difference]:
    """Differences: payments authorized since `since` without that answer, and changes since then without theirs."""
    by_payment: defaultdict[int, list[AuditedAnswer]] = defaultdict(list)
    for answer in answers:
        by_payment[answer.payment_id].append(answer)
    for payment in chunk.payments:
        own = steps.get(payment.payment_id, [])
        if payment.is_authorized and payment.payment_id in chunk.authorizations:
            yield from _authorization(payment, own, chunk.authorizations[payment.payment_id])
        yield from _changes(payment, own, by_payment[payment.payment_id], since)


def _authorization(payment: AuditedPayment, steps: Sequence[Step], body: str | None) -> Iterator[Difference]:
    state = State(payment.payment_id, _authorized(payment, steps), 0, 0, 0, Status.AUTHORIZED)
    if body is None:
        detail = "the payment has no stored answer to its authorization"
    elif (said := _said(body)) != state:
        detail = f"the answer to its authorization says {said or 'no JSON'}, it must say {state}"
    else:
        return
    yield Difference(FindingKind.ANSWERS, payment.payment_id, detail, "authorize")


def _authorized(payment: AuditedPayment, steps: Sequence[Step]) -> int:
    return next((step.amount for step in steps if step.event_type is EventType.AUTHORIZED), payment.amount)


def _changes(
    payment: AuditedPayment, steps: Sequence[Step], answers: Collection[AuditedAnswer], since: datetime
) -> Iterator[Difference]:
    states = list(zip(steps, _states(payment, steps), strict=True))
    remaining, unmatched = list(answers), []
    for step, state in states:
        if not _is_answered(step, since):
            continue
        exact = next((a for a in remaining if _answers(a, step) and _said(a.body) == state), None)
        if exact is None:
            unmatched.append((step, state))
        else:
            remaining.remove(exact)
    for step, state in unmatched:
        other = next((a for a in remaining if _answers(a, step)), None)
        operation = OPERATIONS[step.event_type]
        detail = f"the payment has no stored answer to its {operation} of event {step.event_id}"
        if other is not None:
            remaining.remove(other)
            detail = f"{operation} of event {step.event_id}: the answer says {_said(other.body)}, it must say {state}"
        yield Difference(FindingKind.ANSWERS, payment.payment_id, detail, f"event {step.event_id}")


def _answers(answer: AuditedAnswer, step: Step) -> bool:
    return answer.operation == OPERATIONS[step.event_type] and answer.created_at in step.times


def _states(payment: AuditedPayment, steps: Sequence[Step]) -> Iterator[State]:
    amount = _authorized(payment, steps)
    moved = dict.fromkeys(EventType, 0)
    reason = None
    for step in steps:
        moved[step.event_type] += step.amount
        if step.event_type in (EventType.VOIDED, EventType.EXPIRED):
            reason = ReleaseReason.EXPIRED if step.event_type is EventType.EXPIRED else ReleaseReason.VOIDED
        released = moved[EventType.VOIDED] + moved[EventType.EXPIRED]
        amounts = (amount, moved[EventType.CAPTURED], released, moved[EventType.REFUNDED])
        yield State(payment.payment_id, *amounts, status_of(*amounts, reason))


def _said(body: str) -> State | None:
    """The state in an answer's body; None: it is not a JSON object."""
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, dict):
        return None
    said: Any = [members.get(name) for name in _MEMBERS]
    return State(*said)


def unmatched(answer: WrongAnswer) -> Difference:
    """The finding of a stored answer that matches no payment; it has no payment id."""
    what = f"stored answer to {answer.operation} {answer.merchant_id}/{answer.key}"
    detail = (
        f"{what} does not agree with its payment ({answer.payment_id})"
        if answer.is_found
        else f"{what} matches no payment"
    )
    return Difference(FindingKind.ANSWERS, None, detail, json.dumps([answer.merchant_id, answer.operation, answer.key]))


def key_of(difference: Difference) -> tuple[str, str, str]:
    """The answer's (merchant, operation, key), from a finding made by `unmatched`."""
    merchant_id, operation, key = json.loads(difference.subject)
    return merchant_id, operation, key
