"""The inbox: one row for each event that is posted, written with its postings, so that a redelivery does nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from payments.adapters.tables import inbox_event, ledger_entry
from payments.domain.ledger import Posting


@dataclass(frozen=True, slots=True)
class PostedEvent:
    """An event and what it does to the ledger; `occurred_at` is when it was stored with its payment."""

    event_id: int
    payment_id: int
    currency: str
    occurred_at: datetime
    postings: Sequence[Posting]


_KNOWN = select(inbox_event.c.event_id, inbox_event.c.payment_id).where(
    inbox_event.c.event_id.in_(bindparam("ids", expanding=True))
)
_INSERT = insert(inbox_event)
_POST = insert(ledger_entry)


def known(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """The payment of each of these events that is posted already."""
    return {row.event_id: row.payment_id for row in connection.execute(_KNOWN, {"ids": list(ids)})}


def post(connection: Connection, events: Sequence[PostedEvent], now: datetime) -> None:
    """Write inbox rows and postings, in order of payment and event: one statement each.

    Raises sqlalchemy IntegrityError when another consumer has posted one of them: roll back, read again, run again.
    """
    ordered = sorted(events, key=lambda event: (event.payment_id, event.event_id))
    connection.execute(
        _INSERT, [{"event_id": e.event_id, "payment_id": e.payment_id, "posted_at": now} for e in ordered]
    )
    connection.execute(
        _POST,
        [
            {
                "payment_id": event.payment_id,
                "event_id": event.event_id,
                "posting_no": posting.posting_no,
                "debit_account": posting.debit.value,
                "credit_account": posting.credit.value,
                "amount": posting.amount,
                "currency": event.currency,
                "occurred_at": event.occurred_at,
                "posted_at": now,
            }
            for event in ordered
            for posting in event.postings
        ],
    )
