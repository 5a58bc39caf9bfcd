"""Checks of a chunk of payments, as pure functions over what `audit.store` read."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from payments.audit.snapshot import (
    LATE,
    AuditedEntry,
    AuditedEvent,
    AuditedPayment,
    Chunk,
    Difference,
    FindingKind,
    Progress,
)
from payments.ledger.rules import RULES
from payments.outbox.rules import EventType, partition_of
from payments.payment.rules import ReleaseReason, status_of


def amounts_by_type(payment: AuditedPayment) -> Counter[EventType]:
    """The amount of each event type that a payment's amounts require (minor units). A release is one event.

    An authorization that is undecided or declined requires none.
    """
    released = EventType.EXPIRED if payment.release_reason == ReleaseReason.EXPIRED else EventType.VOIDED
    return Counter(
        {
            EventType.AUTHORIZED: payment.amount if payment.is_authorized else 0,
            EventType.CAPTURED: payment.captured,
            EventType.REFUNDED: payment.refunded,
            released: payment.released,
        }
    )


def check(chunk: Chunk, now: datetime, progress: Progress) -> tuple[int, list[Difference]]:
    """(events in flight, differences) of a chunk, without its answers, which `audit.answers` checks."""
    differences: list[Difference] = []
    events: defaultdict[int, list[AuditedEvent]] = defaultdict(list)
    for event in chunk.events:
        if event.readable:
            events[event.payment_id].append(event)
        else:
            detail = f"the type or the payload of event {event.event_id} cannot be read"
            differences.append(Difference(FindingKind.OUTBOX, event.payment_id, detail, f"event {event.event_id}"))
    entries: defaultdict[int, list[AuditedEntry]] = defaultdict(list)
    for entry in chunk.entries:
        entries[entry.payment_id].append(entry)
    in_flight = 0
    for payment in chunk.payments:
        own = events[payment.payment_id]
        waiting = [event for event in own if not event.posted]
        in_flight += len(waiting)
        differences.extend(_outbox(payment, own))
        differences.extend(_ledger(payment, waiting, entries[payment.payment_id]))
        differences.extend(_orphans(payment, own, entries[payment.payment_id]))
        differences.extend(_stuck(waiting, now, progress))
    return in_flight, differences


def is_late(chunk: Chunk, now: datetime) -> bool:
    """Whether any event of the chunk has waited longer than LATE."""
    return any(not event.posted and now - event.created_at > LATE for event in chunk.events)


def _complete(events: list[AuditedEvent]) -> bool:
    """Whether no event was pruned: a payment's outbox rows are pruned together, so its authorization shows it."""
    return any(event.event_type == EventType.AUTHORIZED for event in events)


def _outbox(payment: AuditedPayment, events: list[AuditedEvent]) -> Iterator[Difference]:
    reason = ReleaseReason(payment.release_reason) if payment.release_reason else None
    amounts = (payment.amount, payment.captured, payment.released, payment.refunded)
    status = status_of(*amounts, reason, is_decided=payment.decided_at is not None)
    if status != payment.status:
        detail = f"status is {payment.status}, the amounts say {status}"
        yield Difference(FindingKind.OUTBOX, payment.payment_id, detail, "status")
    if not _complete(events):
        return
    stored: Counter[EventType] = Counter()
    for event in events:
        stored[EventType(event.event_type)] += event.amount
    required = amounts_by_type(payment)
    for event_type in sorted(required | stored):
        if stored[event_type] != required[event_type]:
            detail = f"{event_type}: the events tell {stored[event_type]}, the payment {required[event_type]}"
            yield Difference(FindingKind.OUTBOX, payment.payment_id, detail, event_type)


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
            yield Difference(FindingKind.LEDGER, payment.payment_id, detail, " ".join(pair))


def _orphans(payment: AuditedPayment, events: list[AuditedEvent], entries: list[AuditedEntry]) -> Iterator[Difference]:
    if not _complete(events):
        return
    known = {event.event_id for event in events if event.posted}
    for event_id in sorted({entry.event_id for entry in entries} - known):
        detail = f"a posting names event {event_id}, which was not posted"
        yield Difference(FindingKind.ORPHAN_POSTING, payment.payment_id, detail, f"event {event_id}")


def _stuck(waiting: list[AuditedEvent], now: datetime, progress: Progress) -> Iterator[Difference]:
    if progress.possible_since is None:
        return
    for event in waiting:
        since = max(event.created_at, progress.possible_since)
        if now - since > LATE and _is_left_behind(event, progress, progress.possible_since):
            detail = f"event {event.event_id} could be posted for {int((now - since).total_seconds())} s"
            yield Difference(FindingKind.STUCK, event.payment_id, detail, f"event {event.event_id}")


def _is_left_behind(event: AuditedEvent, progress: Progress, possible_since: datetime) -> bool:
    """Whether a late event is stuck, and not one of a backlog that the ledger is processing (ADR 18)."""
    passed = progress.passed.get((event.event_type, partition_of(event.payment_id)), 0) if progress.passed else 0
    if passed > event.event_id:
        return True
    # an event that waited for the end of an outage needs an earlier audit after it, to measure progress
    is_comparable = event.created_at >= possible_since or (
        progress.compared_with is not None and progress.compared_with >= possible_since
    )
    return is_comparable and not progress.draining
