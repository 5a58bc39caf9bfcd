"""Operators' search finds exactly what a plain filter over all payments finds, page by page, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert

from payments.outbox import store as outbox_store
from payments.outbox.rules import DEAD_LETTER_TOPIC, Aggregate, EventType, PaymentEvent
from payments.outbox.store import Origin
from payments.payment import search_store
from payments.payment.rules import Status
from payments.payment.search_store import Filters
from payments.platform.database import create_engine
from payments.platform.tables.payments import idem_response_cache, payment
from payments.reading import search as reading
from payments.reading.search import Search, search

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
STEP: Final = timedelta(minutes=40)
MERCHANTS: Final = ("M1", "m1", "é\0😀")
KEYS: Final = ("k", "K", "M1", "1")
STATUSES: Final = (Status.AUTHORIZED, Status.CAPTURED, Status.VOIDED)
REQUESTS: Final = ("", "r1", "r2")
TRACES: Final = ("", "a1" * 16, "b2" * 16)


@dataclass(frozen=True)
class Row:
    """A payment with one event and, perhaps, the answer to a capture. `late`: steps that it is behind its number."""

    merchant_id: str
    key: str
    captured_by: str
    currency: str
    status: Status
    amount: int
    late: int
    request_id: str
    trace_id: str
    number: int = 0

    @property
    def at(self) -> datetime:
        return START + (self.number + self.late) * STEP

    @property
    def event_id(self) -> int:
        return self.number + 1

    def passes(self, wanted: Search) -> bool:
        filters = wanted.filters
        return (
            wanted.payment_id in (None, self.number)
            and wanted.event_id in (None, self.event_id)
            and wanted.idempotency_key in (None, self.key, self.captured_by)
            and wanted.request_id in (None, self.request_id)
            and wanted.trace_id in (None, self.trace_id)
            and filters.merchant_id in (None, self.merchant_id)
            and filters.status in (None, self.status)
            and filters.currency in (None, self.currency)
            and (filters.amount_from or 0) <= self.amount <= (filters.amount_to or 99)
            and (filters.since is None or self.at >= filters.since)
            and (filters.until is None or self.at < filters.until)
        )

    def has_id(self, text: str) -> bool:
        ids = {str(self.number), str(self.event_id), self.key, self.captured_by, self.request_id, self.trace_id}
        return text in ids


def numbered(rows: list[Row]) -> list[Row]:
    """With ids, and each key once for a merchant."""
    result: list[Row] = []
    for number, row in enumerate(rows, 1):
        same = [other for other in result if other.merchant_id == row.merchant_id]
        key = f"own{number}" if row.key in {other.key for other in same} else row.key
        captured_by = "" if row.captured_by in {other.captured_by for other in same} else row.captured_by
        result.append(replace(row, number=number, key=key, captured_by=captured_by))
    return result


ROWS: Final = st.lists(
    st.builds(
        Row,
        merchant_id=st.sampled_from(MERCHANTS),
        key=st.sampled_from(KEYS),
        captured_by=st.sampled_from(("", *KEYS)),
        currency=st.sampled_from(("KRW", "USD")),
        status=st.sampled_from(STATUSES),
        amount=st.integers(1, 6),
        late=st.integers(0, 3),
        request_id=st.sampled_from(REQUESTS),
        trace_id=st.sampled_from(TRACES),
        number=st.just(0),
    ),
    max_size=30,
).map(numbered)
TIMES: Final = st.none() | st.integers(-1, 35).map(lambda steps: START + steps * STEP)
FILTERS: Final = st.builds(
    Filters,
    merchant_id=st.none() | st.sampled_from((*MERCHANTS, "M")),
    status=st.none() | st.sampled_from(STATUSES),
    currency=st.none() | st.sampled_from(("KRW", "USD")),
    amount_from=st.none() | st.integers(1, 6),
    amount_to=st.none() | st.integers(1, 6),
    since=TIMES,
    until=TIMES,
)


def at_times(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 5).flatmap(lambda number: st.none() if number else values)


SEARCHES: Final = st.builds(
    Search,
    FILTERS,
    payment_id=at_times(st.integers(1, 31)),
    event_id=at_times(st.integers(1, 32)),
    idempotency_key=at_times(st.sampled_from((*KEYS, "own2"))),
    request_id=at_times(st.sampled_from(REQUESTS[1:])),
    trace_id=at_times(st.sampled_from(TRACES[1:])),
)


@pytest.fixture(scope="module")
def sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database that stays empty: each example is rolled back."""
    engine = create_engine(f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('search') / 'payops.db')}")
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that thirty payments exceed."""
    for module, name, value in (
        (search_store, "CHUNK", 4),
        (search_store, "FEW", 3),
        (search_store, "NEAREST", 8),
        (reading, "CHUNKS", 2),
        (reading, "PART", 3),
    ):
        monkeypatch.setattr(module, name, value)


def store(connection: Connection, rows: list[Row]) -> None:
    letter = outbox_store.new_row(Aggregate.REPLAY, 1, "REPLAY", DEAD_LETTER_TOPIC, "{}", "{}", START)
    outbox_store.add(connection, [letter])  # so that events have other ids than payments
    for row in rows:
        ids = {"payment_id": row.number, "merchant_id": row.merchant_id, "idempotency_key": row.key}
        amounts = {"amount": row.amount, "captured_amount": 0, "released_amount": 0, "refunded_amount": 0}
        times = dict.fromkeys(("requested_at", "updated_at", "expires_at"), row.at)
        connection.execute(
            insert(payment), {**ids, **amounts, **times, "currency": row.currency, "status": row.status.value}
        )
        said = (row.number, row.merchant_id, row.amount, row.currency, row.status.value, row.at)
        event = PaymentEvent(EventType.AUTHORIZED, *said)
        outbox_store.add(connection, [outbox_store.event_row(event, "{}", Origin(row.request_id, row.trace_id))])
        if row.captured_by:
            key = {"merchant_id": row.merchant_id, "operation": "capture", "idempotency_key": row.captured_by}
            answer = {"request_digest": "", "http_status": 200, "response_body": f'{{"paymentId":{row.number}}}'}
            connection.execute(insert(idem_response_cache), {**key, **answer, "created_at": row.at})


def found(connection: Connection, wanted: Search, limit: int) -> list[int]:
    """The ids of all pages put together."""
    ids: list[int] = []
    before: int | None = None
    while True:
        page = search(connection, wanted, before, limit)
        ids += [item.payment_id for item in page.items]
        if page.last is None:
            assert page.searched_to is None
            return ids
        assert len(page.items) == limit or page.searched_to is not None
        assert before is None or page.last < before
        before = page.last


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, wanted=SEARCHES, limit=st.integers(1, 7))
def test_all_pages_together_are_what_a_plain_filter_finds(
    sqlite: Engine, rows: list[Row], wanted: Search, limit: int
) -> None:
    with sqlite.connect() as connection, connection.begin() as transaction:
        store(connection, rows)
        assert found(connection, wanted, limit) == [row.number for row in rows[::-1] if row.passes(wanted)]
        transaction.rollback()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=ROWS,
    filters=FILTERS,
    text=st.sampled_from((*KEYS, *MERCHANTS, *REQUESTS[1:], *TRACES[1:], "5", "31", "own2")),
)
def test_any_id_finds_what_has_it_and_else_the_merchant(
    sqlite: Engine, rows: list[Row], filters: Filters, text: str
) -> None:
    # a key is looked up for the filter's merchant, other ids for all
    of_text = [row for row in rows if row.has_id(text)]
    with sqlite.connect() as connection, connection.begin() as transaction:
        store(connection, rows)
        ids = found(connection, Search(filters, anything=text), 5)
        transaction.rollback()
    passing = [row.number for row in of_text[::-1] if row.passes(Search(filters))]
    if passing or not any(row.merchant_id == text for row in rows):
        assert ids == passing
    elif not of_text:
        same = [row.number for row in rows[::-1] if row.merchant_id == text and row.passes(Search(filters))]
        assert ids == same


def test_times_are_exact_where_ids_and_times_do_not_rise_together(engine: Engine) -> None:
    base = Row("M1", "", "", "KRW", Status.AUTHORIZED, 1, 0, "", "")
    rows = [replace(base, number=number, key=f"k{number}", late=(3, 0, 0)[number % 3]) for number in range(1, 31)]
    times = [START + steps * STEP for steps in range(36)]
    with engine.begin() as connection:
        store(connection, rows)
        for filters in (*(Filters(since=time) for time in times), *(Filters(until=time) for time in times)):
            wanted = Search(filters)
            assert found(connection, wanted, 5) == [row.number for row in rows[::-1] if row.passes(wanted)], filters


def test_every_merchant_is_listed_once_whatever_its_name(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["M1", "m1", "é\0😀", "a ", "a", "\n", "'\"\\", "😀" * 32]
    base = Row("", "k", "", "KRW", Status.AUTHORIZED, 1, 0, "", "")
    monkeypatch.setattr(search_store, "_MERCHANTS_PART", 3)
    rows = [replace(base, merchant_id=name, key=f"k{n}", number=n) for n, name in enumerate(names * 2, 1)]
    with engine.begin() as connection:
        assert search_store.merchants(connection) == []
        store(connection, rows)
        assert search_store.merchants(connection) == sorted(names)
