"""Deletes old rows, a bounded batch in each call; never payments, their operations at an acquirer, or postings.

Another transaction may commit between a read here and the DELETE after it (READ COMMITTED). So rows are deleted by the
ids that were read, and what can change in between is also a condition of the DELETE. Operational records are in
`records`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, and_, bindparam, case, delete, or_, select, tuple_, update

from payments.outbox.rules import Aggregate
from payments.payment.commands import Operation
from payments.payment.idempotency_store import ONLY_THE_KEY, ONLY_THE_KEY_AT
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.payments import idem_response_cache, payment

InboxPosition = tuple[datetime, int]
"""The position in the inbox: behind the row with this time of posting and event id."""
INBOX_START: Final[InboxPosition] = (datetime(1970, 1, 1, tzinfo=UTC), 0)

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_BEFORE: BindParameter[Any] = bindparam("before")
_LIMIT: BindParameter[Any] = bindparam("limit")
_WINDOW = (
    select(
        outbox_event.c.event_id,
        outbox_event.c.aggregate_id,
        outbox_event.c.aggregate_type,
        outbox_event.c.created_at,
        outbox_event.c.published_at,
    )
    .where(outbox_event.c.event_id > bindparam("after"))
    .order_by(outbox_event.c.event_id)
    .limit(_LIMIT)
)
_PENDING = payment.c.pending_capture + payment.c.pending_refund + payment.c.pending_release
_UNDECIDED = and_(payment.c.payment_id.is_not(None), payment.c.decided_at.is_(None))
_WAITS = case((or_(_UNDECIDED, _PENDING > 0), 1), else_=0)
"""Whether an operation at the acquirer is undecided: then another event may follow."""
_OF_PAYMENTS = (
    select(
        outbox_event.c.event_id,
        outbox_event.c.aggregate_id,
        outbox_event.c.created_at,
        inbox_event.c.posted_at,
        payment.c.open_until,
        _WAITS.label("waits"),
    )
    .outerjoin(inbox_event, inbox_event.c.event_id == outbox_event.c.event_id)
    .outerjoin(payment, payment.c.payment_id == outbox_event.c.aggregate_id)
    .where(outbox_event.c.aggregate_id.in_(_IDS), outbox_event.c.aggregate_type == Aggregate.PAYMENT.value)
    .order_by(outbox_event.c.event_id)
)
_DELETE_EVENTS = delete(outbox_event).where(outbox_event.c.event_id.in_(_IDS))
# a replay that is still to be published stays
_DELETE_OTHERS = _DELETE_EVENTS.where(outbox_event.c.published == 1, outbox_event.c.published_at < _BEFORE)

_INBOX = (
    select(inbox_event.c.event_id, inbox_event.c.posted_at, outbox_event.c.created_at)
    # not NOT EXISTS, for which MariaDB reads the whole outbox in each batch
    .outerjoin(outbox_event, outbox_event.c.event_id == inbox_event.c.event_id)
    .where(
        inbox_event.c.posted_at < _BEFORE,
        inbox_event.c.posted_at >= bindparam("at"),
        or_(inbox_event.c.posted_at > bindparam("at"), inbox_event.c.event_id > bindparam("after")),
    )
    .order_by(inbox_event.c.posted_at, inbox_event.c.event_id)
    .limit(_LIMIT)
    .with_hint(inbox_event, "FORCE INDEX (ix_inbox_posted)", "mysql")
)
_DELETE_INBOX = delete(inbox_event).where(inbox_event.c.event_id.in_(_IDS))

_answer = idem_response_cache.c
_KEY = (_answer.merchant_id, _answer.operation, _answer.idempotency_key)
_OLD = (_answer.created_at > ONLY_THE_KEY_AT, _answer.created_at < _BEFORE)
_OLD_ANSWERS = (
    select(*_KEY)
    .where(*_OLD)
    .order_by(_answer.created_at)
    .limit(_LIMIT)
    .with_hint(idem_response_cache, "FORCE INDEX (ix_idem_created)", "mysql")
)
_THESE = (tuple_(*_KEY).in_(bindparam("keys", expanding=True)), *_OLD)
_DELETE_ANSWERS = delete(idem_response_cache).where(*_THESE)
_KEEP_KEYS = update(idem_response_cache).where(*_THESE).values(ONLY_THE_KEY)


class EventsPruned(NamedTuple):
    """The result of one step of pruning the outbox.

    `position`: the event id behind which the next step continues. `waiting`: the first old event of this step that must
    stay (not posted or published yet, or its payment is open); None: there is none. `ended`: nothing behind `position`
    is old.
    """

    deleted: int
    position: int
    waiting: int | None
    ended: bool


def prune_events(connection: Connection, before: datetime, after: int, limit: int) -> EventsPruned:
    """Delete old outbox rows with ids above `after`: all of a payment at once, when nothing of it is open and they are
    all posted and older than `before`; those of dead letters and replays when they were published before that.

    Reads `limit` rows, and deletes no more, unless one payment alone has more. A payment's events are deleted when its
    newest one is reached, so none is read again only because a newer one keeps it.
    """
    rows = connection.execute(_WINDOW, {"after": after, "limit": limit}).all()
    # ids grow with time, so nothing is due behind a row that is too young: without this each round would read the
    # whole outbox
    old = list(takewhile(lambda row: row.created_at < before, rows))
    of_payments = _of_payments(connection, old)
    mine: dict[bool, list[int]] = {True: [], False: []}
    position, waiting, ended = after, None, len(old) < limit
    for row in old:
        due = _due(row, of_payments, before)
        chosen = len(mine[True]) + len(mine[False])
        if due and chosen and chosen + len(due) > limit:
            ended = False
            break
        if due is None and waiting is None:
            waiting = row.event_id
        mine[_is_payments(row)].extend(due or ())
        position = row.event_id
    deleted = _delete(connection, _DELETE_EVENTS, {"ids": mine[True]})
    deleted += _delete(connection, _DELETE_OTHERS, {"ids": mine[False], "before": before})
    return EventsPruned(deleted, position, waiting, ended)


def _is_payments(row: Any) -> bool:
    return bool(row.aggregate_type == Aggregate.PAYMENT)


def _of_payments(connection: Connection, old: Sequence[Any]) -> dict[int, list[Any]]:
    """All events of the payments in `old`, oldest first."""
    found: defaultdict[int, list[Any]] = defaultdict(list)
    if ids := {row.aggregate_id for row in old if _is_payments(row)}:
        for row in connection.execute(_OF_PAYMENTS, {"ids": sorted(ids)}):
            found[row.aggregate_id].append(row)
    return found


def _due(row: Any, of_payments: Mapping[int, list[Any]], before: datetime) -> list[int] | None:
    """The events to delete at `row`; None: it must stay."""
    if not _is_payments(row):
        return [row.event_id] if row.published_at is not None and row.published_at < before else None
    events = of_payments.get(row.aggregate_id, [])
    if not events or events[-1].event_id != row.event_id:
        return []  # decided at its newest event
    done = all(
        e.posted_at is not None and e.created_at < before and e.open_until is None and not e.waits for e in events
    )
    return [e.event_id for e in events] if done else None


def prune_inbox(
    connection: Connection, before: datetime, after: InboxPosition, limit: int
) -> tuple[int, InboxPosition | None]:
    """Delete inbox rows older than `before` whose outbox row is gone, so that no redelivery can post them again.

    An outbox row that was deleted never returns, because ids are not given twice. A redelivery after that finds neither
    row and becomes a dead letter, never a second posting. Reads `limit` rows behind `after`; returns (rows deleted, the
    next position; None: the end was reached).
    """
    at, event_id = after
    rows = connection.execute(_INBOX, {"before": before, "at": at, "after": event_id, "limit": limit}).all()
    deleted = _delete(connection, _DELETE_INBOX, {"ids": [row.event_id for row in rows if row.created_at is None]})
    return deleted, (rows[-1].posted_at, rows[-1].event_id) if len(rows) == limit else None


def prune_answers(connection: Connection, before: datetime, limit: int) -> int:
    """Prune at most `limit` stored answers older than `before`, the oldest first; returns how many.

    Deletes the row of an authorization, whose key stays with the payment. Of all others the key stays, so that it never
    moves money a second time: a captured payment can be refunded for ever.
    """
    rows = connection.execute(_OLD_ANSWERS, {"before": before, "limit": limit}).all()
    keys: dict[bool, list[tuple[str, ...]]] = {True: [], False: []}
    for row in rows:
        keys[row.operation == Operation.AUTHORIZE].append(tuple(row))
    deleted = _delete(connection, _DELETE_ANSWERS, {"keys": keys[True], "before": before})
    return deleted + _delete(connection, _KEEP_KEYS, {"keys": keys[False], "before": before})


def _delete(connection: Connection, statement: Any, values: dict[str, Any]) -> int:
    """Run it, unless its list of ids or keys is empty; returns the number of changed rows."""
    if not (values.get("ids") or values.get("keys")):
        return 0
    return int(connection.execute(statement, values).rowcount)
