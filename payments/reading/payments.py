"""Payments as they are shown. Each read in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import orjson
from sqlalchemy import Connection, Row

from payments.acquiring import store as acquiring_store
from payments.acquiring.operation import StoredOperation
from payments.acquiring.payment_view import PaymentOperation, to_merchant
from payments.ledger import store as ledger_store
from payments.outbox import store as outbox_store
from payments.outbox.rules import EventType, format_time
from payments.payment import store as payment_store
from payments.payment.rules import Payment
from payments.payment.view import PaymentItem, StatusName, item_values, listed_item
from payments.platform.errors import NotFound
from payments.platform.json_types import Identifier, JsonObject, Minor, OneOf, Time
from payments.platform.paging import page
from payments.reading.ledger import Entry, entry


@dataclass(frozen=True, slots=True)
class Event(JsonObject):
    """One step of a payment, on its way to the ledger."""

    event_id: Identifier
    event_type: Annotated[str, OneOf(EventType)]
    amount: Minor
    status: StatusName
    occurred_at: Time
    published_at: Time | None
    posted_at: Time | None


@dataclass(frozen=True, slots=True)
class PaymentAnswer(PaymentItem):
    """A payment with its postings, its events, and its operations at an acquirer (none where nobody is asked)."""

    ledger_entries: list[Entry]
    events: list[Event]
    operations: list[PaymentOperation]


def payment(connection: Connection, payment_id: int, merchant_id: str) -> PaymentAnswer:
    """One payment with all that its merchant may see. Raises NotFound, also for another merchant's."""
    found = payment_store.get(connection, payment_id)
    if found is None or found.merchant_id != merchant_id:
        raise NotFound(f"There is no payment {payment_id} of this merchant.")
    entries = [entry(stored) for stored in ledger_store.of_payment(connection, payment_id)]
    return PaymentAnswer(
        *item_values(found),
        ledger_entries=entries,
        events=_events(connection, payment_id),
        # what the platform takes back by itself is none of a merchant's steps
        operations=[to_merchant(each) for each in operations(connection, found) if each.reverses is None],
    )


def operations(connection: Connection, payment: Payment) -> list[StoredOperation]:
    """The payment's operations at its acquirer, oldest first; asks nothing where it has none."""
    return [] if payment.is_decided_here else acquiring_store.of_payment(connection, payment.payment_id)


def _events(connection: Connection, payment_id: int) -> list[Event]:
    return [Event(*event_values(row, posted_at)) for row, posted_at in timeline(connection, payment_id)]


def timeline(connection: Connection, payment_id: int) -> list[tuple[outbox_store.OutboxRow, datetime | None]]:
    """The payment's stored events, oldest first, each with the time of its posting (None: not posted)."""
    rows = outbox_store.of_payment(connection, payment_id)
    posted = ledger_store.posted_at(connection, [row.event_id for row in rows])
    return [(row, posted.get(row.event_id)) for row in rows]


EventValues = tuple[int, str, int, str, str, str | None, str | None]


def event_values(row: outbox_store.OutboxRow, posted_at: datetime | None) -> EventValues:
    """The values of an Event, in the order of its fields."""
    stored = orjson.loads(row.payload)
    return (
        row.event_id,
        row.event_type,
        stored["amount"],
        stored["status"],
        stored["occurredAt"],
        _time(row.published_at),
        _time(posted_at),
    )


def payments(
    connection: Connection, merchant_id: str, status: str | None, before: int | None, limit: int
) -> tuple[list[PaymentItem], int | None]:
    """A page of a merchant's payments, newest first, and the id after which the next page begins (None: the last)."""

    def read(behind: int | None, size: int) -> Sequence[Row[Any]]:
        return payment_store.page(connection, merchant_id, status, behind, size)

    return page(read, listed_item, lambda item: item.payment_id, before, limit)


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
