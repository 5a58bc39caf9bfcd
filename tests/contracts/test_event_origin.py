"""Events keep the request and the trace that made them, and the hour of their time; also those of releases before."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from payments.outbox import search_store
from payments.outbox import store as outbox_store
from payments.outbox.rules import EventType, PaymentEvent
from payments.outbox.store import Origin
from payments.platform.tables.events import outbox_event as table
from payments.platform.tracing import trace
from tests.contracts import commands

TRACE = "a1" * 16
PARENT = {trace.HEADER: f"00-{TRACE}-{'b' * 16}-01"}
NOW = datetime(2025, 10, 27, 6, 59, 59, 999999, UTC)


def test_a_batch_notes_where_its_events_come_from(engine: Engine) -> None:
    authorization = commands.authorize("a", lifetime=timedelta(0))
    authorization.headers.update(PARENT)
    commands.run(engine, authorization, commands.authorize("b"))
    commands.run(engine, commands.capture(2, "c"), commands.expire(1))
    with engine.connect() as connection:
        rows = connection.execute(select(table).order_by(table.c.aggregate_id, table.c.event_id)).all()
        found = [search_store.changed_by_request(connection, name).payment_ids for name in ("r-a", "r-c", "r-x")]
        of_trace = search_store.changed_by_trace(connection, TRACE)
    assert [(row.event_type, row.request_id, row.trace_id) for row in rows] == [
        ("PAYMENT_AUTHORIZED", "r-a", TRACE),
        ("PAYMENT_EXPIRED", None, None),
        ("PAYMENT_AUTHORIZED", "r-b", None),
        ("PAYMENT_CAPTURED", "r-c", None),
    ]
    assert {row.created_hour - row.created_at.timestamp() // 3600 for row in rows} == {0}
    assert (found, of_trace) == ([{1}, {2}, set()], ({1}, None))


def test_the_hour_is_that_of_the_time(engine: Engine) -> None:
    times = [NOW, NOW + timedelta(microseconds=1), datetime(1970, 1, 1, tzinfo=UTC)]
    events = [PaymentEvent(EventType.CAPTURED, 1, "M1", 1, "KRW", "CAPTURED", at) for at in times]
    with engine.begin() as connection:
        outbox_store.add(connection, [outbox_store.event_row(event, "{}", Origin("r")) for event in events])
        hours = connection.execute(select(table.c.created_hour).order_by(table.c.event_id)).scalars().all()
    assert hours == [20_388 * 24 + 6, 20_388 * 24 + 7, 0]


def test_an_event_of_the_release_before_hides_no_other(engine: Engine) -> None:
    event = PaymentEvent(EventType.CAPTURED, 1, "M1", 1, "KRW", "CAPTURED", NOW)
    with engine.begin() as connection:
        assert search_store.changed_by_request(connection, "r") == (set(), None)
        outbox_store.add(connection, [outbox_store.event_row(event, "{}")])
        connection.execute(update(table).values(created_hour=None))
        assert search_store.changed_by_request(connection, "r") == (set(), None)
        outbox_store.add(connection, [outbox_store.event_row(event, "{}", Origin("r"))])
        assert search_store.changed_by_request(connection, "r").payment_ids == {1}
        assert search_store.changed_by_request(connection, "").payment_ids == set()


def test_a_clock_that_was_wrong_once_hides_no_event(engine: Engine) -> None:
    times = [datetime(1970, 1, 1, 1, tzinfo=UTC), NOW, datetime(2999, 1, 1, tzinfo=UTC)]
    events = [PaymentEvent(EventType.CAPTURED, n, "M1", 1, "KRW", "CAPTURED", at) for n, at in enumerate(times, 1)]
    with engine.begin() as connection:
        outbox_store.add(connection, [outbox_store.event_row(event, "{}", Origin("r")) for event in events])
        assert search_store.changed_by_request(connection, "r") == ({1, 2, 3}, None)


def test_the_newest_hours_are_looked_at(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    hours = [NOW - timedelta(hours=number) for number in range(search_store.HOURS_LIMIT + 1)]
    events = [PaymentEvent(EventType.CAPTURED, n, "M1", 1, "KRW", "CAPTURED", at) for n, at in enumerate(hours, 1)]
    with engine.begin() as connection:
        outbox_store.add(connection, [outbox_store.event_row(event, "{}", Origin("r")) for event in events])
        assert search_store.changed_by_request(connection, "r").payment_ids == set(range(1, len(hours)))
        monkeypatch.setattr(search_store, "LOOKED_AT_LIMIT", 3)
        assert search_store.changed_by_request(connection, "r") == ({1, 2, 3}, hours[2])
