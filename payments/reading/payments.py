"""Reads of payments, JSON-ready. Each in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row

from payments.ledger import store as ledger_store
from payments.outbox import store as outbox_store
from payments.outbox.rules import format_time
from payments.payment import store as payment_store
from payments.payment.replies import listed_members, payment_members
from payments.platform.errors import NotFound
from payments.platform.paging import page
from payments.reading.ledger import entry_members


def payment(connection: Connection, payment_id: int, merchant_id: str) -> dict[str, Any]:
    """One payment with its postings and events. Raises NotFound, also for another merchant's."""
    found = payment_store.get(connection, payment_id)
    if found is None or found.merchant_id != merchant_id:
        raise NotFound(f"There is no payment {payment_id} of this merchant.")
    members = payment_members(found)
    members["ledgerEntries"] = [entry_members(entry) for entry in ledger_store.of_payment(connection, payment_id)]
    members["events"] = _events(connection, payment_id)
    return members


def _events(connection: Connection, payment_id: int) -> list[dict[str, Any]]:
    rows = outbox_store.of_payment(connection, payment_id)
    posted = ledger_store.posted_at(connection, [row.event_id for row in rows])
    events = []
    for row in rows:
        event = orjson.loads(row.payload)
        events.append(
            {
                "eventId": row.event_id,
                "eventType": row.event_type,
                "amount": event["amount"],
                "status": event["status"],
                "occurredAt": event["occurredAt"],
                "publishedAt": _time(row.published_at),
                "postedAt": _time(posted.get(row.event_id)),
            }
        )
    return events


def payments(
    connection: Connection, merchant_id: str, status: str | None, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of a merchant's payments, newest first, and the id after which the next page begins (None: the last)."""

    def read(behind: int | None, size: int) -> Sequence[Row[Any]]:
        return payment_store.page(connection, merchant_id, status, behind, size)

    return page(read, listed_members, lambda item: item.payment_id, before, limit)


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
