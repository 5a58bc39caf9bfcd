"""What the readers of payments and of dead letters see, as JSON-ready members. Each reads in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row

from payments.adapters import dead_letter_store, ledger_store, outbox_store, payment_store
from payments.adapters.dead_letter_store import DeadLetter
from payments.domain.errors import NotFound
from payments.domain.events import format_time
from payments.service.ledger_reading import entry_members
from payments.service.paging import page
from payments.service.replies import listed_members, payment_members

LONGEST_IN_LIST: Final = 256
"""Bytes of JSON that a text of a letter may take in a list; the letter itself shows it whole."""


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

    def read(behind: int | None, most: int) -> Sequence[Row[Any]]:
        return payment_store.page(connection, merchant_id, status, behind, most)

    return page(read, listed_members, lambda item: item.payment_id, before, limit)


def dead_letters(
    connection: Connection, topic: str | None, error_type: str | None, state: str | None, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of dead letters, newest first, and the id after which the next page begins (None: the last).

    Without payloads, and with long texts cut: at most 200 times 1.2 kB.
    """

    def read(behind: int | None, most: int) -> list[DeadLetter]:
        return dead_letter_store.page(
            connection, topic=topic, error_type=error_type, state=state, before=behind, limit=most
        )

    return page(read, _summary, lambda item: item.letter_id, before, limit)


def dead_letter(connection: Connection, letter_id: int) -> dict[str, Any]:
    """One dead letter. Raises NotFound."""
    found = dead_letter_store.get(connection, letter_id)
    if found is None:
        raise NotFound(f"There is no dead letter {letter_id}.")
    return _letter(found)


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)


def _letter(letter: DeadLetter) -> dict[str, Any]:
    members = _source(letter)
    members["payload"] = letter.payload
    if letter.payload_encoding is not None:
        members["payloadEncoding"] = letter.payload_encoding
    return members | _condition(letter, letter.error_message, letter.discard_reason)


def _summary(letter: DeadLetter) -> dict[str, Any]:
    reason = None if letter.discard_reason is None else shortened(letter.discard_reason, LONGEST_IN_LIST)
    return _source(letter) | _condition(letter, shortened(letter.error_message, LONGEST_IN_LIST), reason)


def _source(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.letter_id,
        "originalTopic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
    }


def _condition(letter: DeadLetter, error_message: str, discard_reason: str | None) -> dict[str, Any]:
    members: dict[str, Any] = {
        "errorType": letter.error_type,
        "errorMessage": error_message,
        "timestamp": format_time(letter.created_at),
        "state": letter.state,
        "attempts": letter.attempts,
    }
    if discard_reason is not None:
        members["discardReason"] = discard_reason
    return members


def shortened(text: str, most: int) -> str:
    """`text`, or its beginning and "…", in no more than `most` bytes of JSON."""
    if len(orjson.dumps(text)) <= most:
        return text
    kept = text[:most]
    while len(orjson.dumps(kept)) > most - len("…".encode()):
        kept = kept[: len(kept) * 7 // 8]
    return kept + "…"
