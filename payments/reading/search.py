"""Operators' search for payments of all merchants: by ids of any kind and by what payments are, in pages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, Row

from payments.outbox import search_store as outbox_search
from payments.outbox import store as outbox_store
from payments.payment import idempotency_store, search_store
from payments.payment.search_store import Candidates, Filters
from payments.payment.view import FoundPayment, found_item
from payments.platform.json_types import LARGEST_ID
from payments.platform.values.sensitive import storable_key

CHUNKS: Final = 10
"""Chunks of candidates that one page looks at: 50,000 payments."""
PART: Final = 100
"""Rows of one statement; other requests are served between two."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for; None filters nothing. `anything`: an id of any kind, else a merchant's name."""

    filters: Filters
    anything: str | None = None
    payment_id: int | None = None
    event_id: int | None = None
    idempotency_key: str | None = None
    request_id: str | None = None
    trace_id: str | None = None


class Found(NamedTuple):
    """A page: its items, the id after which the next page begins (None: the last), and how far back it looked.

    `searched_to` is None, or the time up to which payments were looked at where that was enough for one page.
    """

    items: list[FoundPayment]
    last: int | None
    searched_to: datetime | None


class _Ids(NamedTuple):
    """Payments that an id belongs to; `searched_to` where it belongs to more events than are looked at."""

    ids: set[int]
    searched_to: datetime | None = None


def search(connection: Connection, wanted: Search, before: int | None, limit: int) -> Found:
    """A page of payments with ids smaller than `before`, newest first."""
    filters = wanted.filters
    known = [*_by_ids(connection, wanted)]
    if wanted.anything is not None:
        found = _by_anything(connection, wanted.anything, filters.merchant_id)
        if found.ids:
            known.append(found)
        elif filters.merchant_id in (None, wanted.anything):
            filters = replace(filters, merchant_id=wanted.anything)
        else:
            return Found([], None, None)
    few = None if known else search_store.few_by_amount(connection, filters)
    if few is not None:
        known.append(_Ids(few))
    if not known:
        return _walk(connection, filters, before, limit)
    ids = set.intersection(*(one.ids for one in known))
    rows, last = _among(connection, ids, filters, before, limit)
    searched_to = max((one.searched_to for one in known if one.searched_to), default=None)
    return Found(_items(rows), last, searched_to if last is None else None)


def _by_ids(connection: Connection, wanted: Search) -> Iterator[_Ids]:
    if wanted.payment_id is not None:
        yield _Ids({wanted.payment_id})
    if wanted.event_id is not None:
        yield _of_event(connection, wanted.event_id)
    if wanted.idempotency_key is not None:
        yield _of_key(connection, wanted.idempotency_key, wanted.filters.merchant_id)
    if wanted.request_id is not None:
        yield _Ids(*outbox_search.changed_by_request(connection, wanted.request_id))
    if wanted.trace_id is not None:
        yield _Ids(*outbox_search.changed_by_trace(connection, wanted.trace_id))


def _by_anything(connection: Connection, text: str, merchant_id: str | None) -> _Ids:
    found = [
        _of_key(connection, text, merchant_id),
        _Ids(*outbox_search.changed_by_request(connection, text)),
        _Ids(*outbox_search.changed_by_trace(connection, text)),
    ]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
    if 1 <= number <= LARGEST_ID:
        found += (_Ids(search_store.existing(connection, number)), _of_event(connection, number))
    searched_to = max((one.searched_to for one in found if one.searched_to), default=None)
    return _Ids(set().union(*(one.ids for one in found)), searched_to)


def _of_event(connection: Connection, event_id: int) -> _Ids:
    return _Ids({event.aggregate_id for event in outbox_store.payment_events(connection, [event_id]).values()})


def _of_key(connection: Connection, key: str, merchant_id: str | None) -> _Ids:
    """The payments whose authorization had this key, and those that a stored answer to it names."""
    stored = storable_key(key)
    merchants = search_store.merchants(connection) if merchant_id is None else [merchant_id]
    bodies = idempotency_store.bodies_of_key(connection, stored, merchants)
    named = {payment_id for body in bodies if (payment_id := payment_id_in(body)) is not None}
    return _Ids(named | search_store.authorized_by(connection, stored, merchant_id))


def payment_id_in(body: str) -> int | None:
    """The payment that a stored answer names; None: none, also where the answer was pruned or is not JSON."""
    try:
        found = orjson.loads(body)["paymentId"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, int) else None


def _among(
    connection: Connection, ids: set[int], filters: Filters, before: int | None, limit: int
) -> tuple[list[Row[Any]], int | None]:
    ordered = sorted((one for one in ids if before is None or one < before), reverse=True)
    found: list[Row[Any]] = []
    for start in range(0, len(ordered), PART):
        found += search_store.among(connection, ordered[start : start + PART], filters)
        if len(found) > limit:
            return found[:limit], found[limit - 1].payment_id
    return found, None


def _walk(connection: Connection, filters: Filters, before: int | None, limit: int) -> Found:
    """Looks at candidates chunk by chunk, until the page is full, or CHUNKS were looked at."""
    bounds = search_store.bounds(connection, filters)
    if bounds is None:
        return Found([], None, None)
    lowest, below = bounds[0], bounds[1] if before is None else min(bounds[1], before)
    candidates = Candidates(filters)
    found: list[Row[Any]] = []
    for _ in range(CHUNKS):
        end = None if candidates.are_found else candidates.end_of_chunk(connection, lowest, below)
        wanted = limit + 1 - len(found)
        found += _in_parts(connection, candidates, lowest if end is None else end, below, wanted)
        if len(found) > limit:
            return Found(_items(found[:limit]), found[limit - 1].payment_id, None)
        if end is None:
            return Found(_items(found), None, None)
        below = end
    return Found(_items(found), below, search_store.requested_at(connection, below))


def _in_parts(connection: Connection, candidates: Candidates, lowest: int, below: int, limit: int) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    while len(found) < limit:
        size = min(PART, limit - len(found))
        part = candidates.found(connection, lowest, below, size)
        found += part
        if len(part) < size:
            break
        below = part[-1].payment_id
    return found


def _items(rows: Iterable[Row[Any]]) -> list[FoundPayment]:
    return [found_item(row) for row in rows]
