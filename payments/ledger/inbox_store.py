"""The inbox: one row for each posted event, written with its postings, so a redelivered event is not posted again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from payments.ledger.rules import Posting
from payments.platform.tables.events import inbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.writing import Insert, as_text, write


@dataclass(frozen=True, slots=True)
class PostedEvent:
    """An event and its postings; `occurred_at` is when it was stored with its payment."""

    event_id: int
    payment_id: int
    currency: str
    occurred_at: datetime
    postings: Sequence[Posting]


_KNOWN = select(inbox_event.c.event_id, inbox_event.c.payment_id).where(
    inbox_event.c.event_id.in_(bindparam("ids", expanding=True))
)
_INBOX: Final = ("event_id", "payment_id", "posted_at")
_ENTRY: Final = (
    "payment_id",
    "event_id",
    "posting_no",
    "debit_account",
    "credit_account",
    "amount",
    "currency",
    "occurred_at",
    "posted_at",
)


def known(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """Event id → payment id, of those events that are posted."""
    return {row.event_id: row.payment_id for row in connection.execute(_KNOWN, {"ids": list(ids)})}


def post(connection: Connection, events: Sequence[PostedEvent], now: datetime) -> None:
    """Write inbox rows and postings, in order of payment and event, in one round trip.

    Raises sqlalchemy IntegrityError when another consumer has posted one of them: roll back, read again, retry.
    """
    ordered = sorted(events, key=lambda event: (event.payment_id, event.event_id))
    at = as_text(now)
    inbox = [(event.event_id, event.payment_id, at) for event in ordered]
    entries = [_entry(event, posting, at) for event in ordered for posting in event.postings]
    write(connection, Insert(inbox_event.name, _INBOX, inbox), Insert(ledger_entry.name, _ENTRY, entries))


def _entry(event: PostedEvent, posting: Posting, posted_at: str) -> tuple[Any, ...]:
    accounts = (posting.debit.value, posting.credit.value)
    occurred_at = as_text(event.occurred_at)
    numbers = (event.payment_id, event.event_id, posting.posting_no)
    return (*numbers, *accounts, posting.amount, event.currency, occurred_at, posted_at)
