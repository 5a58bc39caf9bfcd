"""What must be true of a chunk of payments, as pure functions over what `audit_store` read. No database here."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from payments.adapters.audit_store import AuditedEntry, AuditedEvent, AuditedPayment, Chunk
from payments.domain.events import EventType
from payments.domain.ledger import RULES
from payments.domain.payment import ReleaseReason, status_of

STUCK_AFTER: Final = timedelta(seconds=60)
"""An event that could have been posted for this long and was not is a difference, not on its way."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree. `kind`: ledger, outbox, answers, orphan_posting or stuck."""

    kind: str
    payment_id: int | None
    detail: str


def amounts_by_type(payment: AuditedPayment) -> Counter[EventType]:
    """How much of each event type a payment's amounts demand (minor units). A release is one event."""
    released = EventType.EXPIRED if payment.release_reason == ReleaseReason.EXPIRED else EventType.VOIDED
    return Counter(
        {
            EventType.AUTHORIZED: payment.amount,
            EventType.CAPTURED: payment.captured,
            EventType.REFUNDED: payment.refunded,
            released: payment.released,
        }
    )


def check(chunk: Chunk, now: datetime, possible_since: datetime | None) -> tuple[int, list[Difference]]:
    """(events in flight, differences) of a chunk. `possible_since`: see audit_store.posting_possible_since."""
    events: defaultdict[int, list[AuditedEvent]] = defaultdict(list)
    for event in chunk.events:
        events[event.payment_id].append(event)
    entries: defaultdict[int, list[AuditedEntry]] = defaultdict(list)
    for entry in chunk.entries:
        entries[entry.payment_id].append(entry)
    differences = [
        Difference("answers", payment_id, "the payment has no stored answer to its authorization")
        for payment_id in chunk.unanswered
    ]
    in_flight = 0
    for payment in chunk.payments:
        own = events[payment.payment_id]
        waiting = [event for event in own if not event.posted]
        in_flight += len(waiting)
        differences.extend(_outbox(payment, own))
        differences.extend(_ledger(payment, waiting, entries[payment.payment_id]))
        differences.extend(_orphans(payment, own, entries[payment.payment_id]))
        differences.extend(_stuck(waiting, now, possible_since))
    return in_flight, differences


def _complete(events: list[AuditedEvent]) -> bool:
    """Outbox rows of a payment are pruned all together: with its authorization there, nothing is missing."""
    return any(event.event_type == EventType.AUTHORIZED for event in events)


def _outbox(payment: AuditedPayment, events: list[AuditedEvent]) -> Iterator[Difference]:
    reason = ReleaseReason(payment.release_reason) if payment.release_reason else None
    status = status_of(payment.amount, payment.captured, payment.released, payment.refunded, reason)
    if status != payment.status:
        yield Difference("outbox", payment.payment_id, f"status is {payment.status}, the amounts say {status}")
    if not _complete(events):
        return
    told: Counter[EventType] = Counter()
    for event in events:
        told[EventType(event.event_type)] += event.amount
    for event_type in sorted(amounts_by_type(payment) | told):
        if told[event_type] != amounts_by_type(payment)[event_type]:
            yield Difference(
                "outbox",
                payment.payment_id,
                f"{event_type}: the events tell {told[event_type]}, the payment {amounts_by_type(payment)[event_type]}",
            )


def _ledger(payment: AuditedPayment, waiting: list[AuditedEvent], entries: list[AuditedEntry]) -> Iterator[Difference]:
    demanded = amounts_by_type(payment)
    for event in waiting:
        demanded[EventType(event.event_type)] -= event.amount
    expected: Counter[tuple[str, str, str]] = Counter()
    for event_type, amount in demanded.items():
        for debit, credit in RULES[event_type]:
            expected[debit.value, credit.value, payment.currency] += amount
    found: Counter[tuple[str, str, str]] = Counter()
    for entry in entries:
        found[entry.debit, entry.credit, entry.currency] += entry.amount
    for pair in sorted(expected.keys() | found.keys()):
        if expected[pair] != found[pair]:
            accounts = f"debit {pair[0]}, credit {pair[1]}"
            detail = f"{accounts}: {found[pair]} {pair[2]} posted, {expected[pair]} expected"
            yield Difference("ledger", payment.payment_id, detail)


def _orphans(payment: AuditedPayment, events: list[AuditedEvent], entries: list[AuditedEntry]) -> Iterator[Difference]:
    if not _complete(events):
        return
    known = {event.event_id for event in events if event.posted}
    for event_id in sorted({entry.event_id for entry in entries} - known):
        yield Difference(
            "orphan_posting", payment.payment_id, f"a posting names event {event_id}, which was not posted"
        )


def _stuck(waiting: list[AuditedEvent], now: datetime, possible_since: datetime | None) -> Iterator[Difference]:
    if possible_since is None:
        return
    for event in waiting:
        since = max(event.created_at, possible_since)
        if now - since > STUCK_AFTER:
            seconds = int((now - since).total_seconds())
            yield Difference("stuck", event.payment_id, f"event {event.event_id} could be posted for {seconds} s")
