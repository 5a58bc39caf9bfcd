"""Takes what is due into the open batch of a merchant and currency, one chunk and one transaction at a time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from payments import crash_points
from payments.settlement import due, due_store, item_store, schedule_store, store
from payments.settlement.due import Due
from payments.settlement.rules import Batch, Item, State
from payments.settlement.store import StoredBatch
from payments.settlement.waiting_store import Waiting

ENTRIES: Final = 1_000
"""Postings of sources that one transaction takes, beside those of `due_store.PAYMENTS` payments."""


class Taken(NamedTuple):
    """How many items one transaction has added, and what it has not read yet (None: nothing)."""

    items: int
    rest: Waiting | None


def take(connection: Connection, waiting: Waiting, cutoff: datetime, now: datetime) -> Taken:
    """Add items of the first part of `waiting` to the batch of `cutoff`, in the caller's transaction.

    Opens the batch if there is something to take; an open one of an earlier cut-off takes what is before that. Takes
    nothing when a batch of this cut-off is closed. Raises LookupError when a payment has no fee schedule, sqlalchemy
    IntegrityError when somebody else has just opened the batch: try again.
    """
    newest = store.newest(connection, waiting.merchant_id, waiting.currency, lock=True)
    is_open = newest is not None and newest.batch.state is State.OPEN
    if newest is not None and not is_open and newest.cutoff >= cutoff:
        return Taken(0, None)
    if newest is not None and is_open:
        cutoff = newest.cutoff
    last = _last_payment(connection, waiting)
    dues = _dues(connection, waiting, last, cutoff)
    items = _add(connection, waiting, newest, dues, cutoff, now) if dues else []
    if items:
        crash_points.reach("in_collecting")
    return Taken(len(items), _rest(waiting, last))


def _last_payment(connection: Connection, waiting: Waiting) -> int:
    if not waiting.first_payment:
        return 0
    return due_store.boundary(connection, waiting.merchant_id, waiting.first_payment, waiting.last_payment)


def _dues(connection: Connection, waiting: Waiting, last: int, cutoff: datetime) -> list[Due]:
    dues = due_store.of_sources(connection, waiting.entries[:ENTRIES], cutoff) if waiting.entries else []
    if last:
        payments = (waiting.first_payment, last)
        dues += due_store.of_payments(connection, waiting.merchant_id, waiting.currency, payments, cutoff)
    return dues


def _rest(waiting: Waiting, last: int) -> Waiting | None:
    entries, is_read = waiting.entries[ENTRIES:], last >= waiting.last_payment
    if is_read and not entries:
        return None
    first, last = (0, 0) if is_read else (last + 1, waiting.last_payment)
    return replace(waiting, first_payment=first, last_payment=last, entries=entries)


def _add(
    connection: Connection,
    waiting: Waiting,
    newest: StoredBatch | None,
    dues: Sequence[Due],
    cutoff: datetime,
    now: datetime,
) -> list[Item]:
    merchant_id, currency = waiting.merchant_id, waiting.currency
    settled = item_store.settled(connection, {each.of.payment_id for each in dues if each.of})
    schedules = schedule_store.of_merchant(connection, merchant_id, currency)
    is_open = newest is not None and newest.batch.state is State.OPEN
    batch = (
        newest.batch
        if newest is not None and is_open
        else Batch(batch_id=0, merchant_id=merchant_id, currency=currency)
    )
    items = due.items(batch, dues, settled, schedules)
    if not items:
        return []  # refunds that wait for their captures open no batch
    if not is_open:
        opened = store.add(connection, merchant_id, currency, newest, cutoff, now)
        items = [replace(item, batch_id=opened.batch.batch_id) for item in items]
    item_store.add(connection, items)
    return items
