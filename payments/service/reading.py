"""What the readers of payments and of the ledger see, as JSON-ready members. Each function reads in one transaction."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from payments.adapters import dead_letter_store, ledger_store, operations_store, outbox_store, payment_store
from payments.adapters.clock import database_now
from payments.adapters.dead_letter_store import DeadLetter
from payments.adapters.ledger_store import Entry, Moved
from payments.domain.errors import NotFound
from payments.domain.events import format_time
from payments.domain.ledger import Account, balance
from payments.service.replies import payment_members


def payment(connection: Connection, payment_id: int, merchant_id: str) -> dict[str, Any]:
    """One payment with its postings and events. Raises NotFound, also for another merchant's."""
    found = payment_store.get(connection, payment_id)
    if found is None or found.merchant_id != merchant_id:
        raise NotFound(f"There is no payment {payment_id} of this merchant.")
    members = payment_members(found)
    members["ledgerEntries"] = [_entry(entry) for entry in ledger_store.of_payment(connection, payment_id)]
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
    found = payment_store.page(connection, merchant_id, status, before, limit + 1)
    return [payment_members(item) for item in found[:limit]], _next([item.payment_id for item in found], limit)


def entries(
    connection: Connection, payment_id: int | None, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of postings, oldest first, and the id after which the next page begins (None: the last)."""
    found = ledger_store.page(connection, payment_id, after, limit + 1)
    return [_entry(item) for item in found[:limit]], _next([item.entry_id for item in found], limit)


def balances(connection: Connection, merchant_id: str | None) -> dict[str, Any]:
    """Every account's sums and balance, of one merchant or of all."""
    moved = ledger_store.moved(connection, merchant_id)
    return {"items": _accounts(moved), "asOf": format_time(database_now(connection))}


def trial_balance(connection: Connection) -> dict[str, Any]:
    """All accounts, the totals of both sides by currency, and what the newest audit found."""
    moved = ledger_store.moved(connection, None)
    totals: dict[str, int] = {}
    for item in moved:
        totals[item.currency] = totals.get(item.currency, 0) + item.amount
    audit = operations_store.newest_audit(connection)
    return {
        "items": _accounts(moved),
        "asOf": format_time(database_now(connection)),
        # one row names both sides, so these cannot differ; the audit is what proves something
        "totals": [{"currency": c, "debits": total, "credits": total} for c, total in sorted(totals.items())],
        "audit": audit and {"at": format_time(audit.at), "differences": audit.differences, "inFlight": audit.in_flight},
    }


def dead_letters(
    connection: Connection, topic: str | None, error_type: str | None, state: str | None, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of dead letters, newest first, and the id after which the next page begins (None: the last)."""
    found = dead_letter_store.page(
        connection, topic=topic, error_type=error_type, state=state, before=before, limit=limit + 1
    )
    return [_letter(item) for item in found[:limit]], _next([item.letter_id for item in found], limit)


def dead_letter(connection: Connection, letter_id: int) -> dict[str, Any]:
    """One dead letter. Raises NotFound."""
    found = dead_letter_store.get(connection, letter_id)
    if found is None:
        raise NotFound(f"There is no dead letter {letter_id}.")
    return _letter(found)


def _next(ids: list[int], limit: int) -> int | None:
    return ids[limit - 1] if len(ids) > limit else None


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)


def _accounts(moved: Iterable[Moved]) -> list[dict[str, Any]]:
    sums: dict[tuple[str, str], list[int]] = {}
    for item in moved:
        sums.setdefault((item.debit_account, item.currency), [0, 0])[0] += item.amount
        sums.setdefault((item.credit_account, item.currency), [0, 0])[1] += item.amount
    return [
        {
            "account": account,
            "currency": currency,
            "debits": debits,
            "credits": credits,
            "balance": balance(Account(account), debits, credits),
        }
        for (account, currency), (debits, credits) in sorted(sums.items())
    ]


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "entryId": entry.entry_id,
        "eventId": entry.event_id,
        "postingNo": entry.posting_no,
        "debitAccount": entry.debit_account,
        "creditAccount": entry.credit_account,
        "amount": entry.amount,
        "currency": entry.currency,
        "occurredAt": format_time(entry.occurred_at),
        "postedAt": format_time(entry.posted_at),
    }


def _letter(letter: DeadLetter) -> dict[str, Any]:
    members: dict[str, Any] = {
        "id": letter.letter_id,
        "originalTopic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "payload": letter.payload,
    }
    if letter.payload_encoding is not None:
        members["payloadEncoding"] = letter.payload_encoding
    members["errorType"] = letter.error_type
    members["errorMessage"] = letter.error_message
    members["timestamp"] = format_time(letter.created_at)
    members["state"] = letter.state
    members["attempts"] = letter.attempts
    if letter.discard_reason is not None:
        members["discardReason"] = letter.discard_reason
    return members
