"""The outbox on both databases: in order, with unchanged payloads, payments' events separate from others."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete

from payments.outbox import lease
from payments.outbox import store as outbox_store
from payments.outbox.lease import Lease
from payments.outbox.rules import DEAD_LETTER_TOPIC, Aggregate, EventType, PaymentEvent
from payments.platform.tables.events import outbox_event as table

NOW = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
HEADERS = {"traceparent": "00-é-1"}


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as open_connection:
        yield open_connection


def payment_event(payment_id: int, event_type: EventType = EventType.AUTHORIZED) -> PaymentEvent:
    return PaymentEvent(event_type, payment_id, "é\0😀 ", 10, "KRW", "AUTHORIZED", NOW)


def event(payment_id: int, event_type: EventType = EventType.AUTHORIZED) -> tuple[Any, ...]:
    return outbox_store.event_row(payment_event(payment_id, event_type), json.dumps(HEADERS))


def letter(letter_id: int) -> tuple[Any, ...]:
    return outbox_store.new_row(Aggregate.DEAD_LETTER, letter_id, "DEAD_LETTER", DEAD_LETTER_TOPIC, "{}", "{}", NOW)


def test_events_wait_in_their_order(connection: Connection) -> None:
    outbox_store.add(connection, [event(2), event(1), event(1, EventType.CAPTURED)])
    rows = outbox_store.pending(connection, 10)
    assert [(r.aggregate_id, r.event_type) for r in rows] == [
        (2, "PAYMENT_AUTHORIZED"),
        (1, "PAYMENT_AUTHORIZED"),
        (1, "PAYMENT_CAPTURED"),
    ]
    assert sorted(r.event_id for r in rows) == [r.event_id for r in rows]
    assert [r.topic for r in rows] == ["payment.authorized", "payment.authorized", "payment.captured"]
    assert outbox_store.pending(connection, 2) == rows[:2]


def test_a_row_comes_back_as_it_was(connection: Connection) -> None:
    outbox_store.add(connection, [event(1)])
    (row,) = outbox_store.of_payment(connection, 1)
    assert (row.payload, row.headers, row.created_at) == (payment_event(1).payload(), HEADERS, NOW)
    assert (row.aggregate_type, row.published_at) == ("payment", None)
    (claimed,) = outbox_store.pending(connection, 1)
    assert claimed == (row.event_id, *(getattr(row, name) for name in outbox_store.ClaimedEvent._fields[1:]))


def test_a_payment_has_its_own_events_only(connection: Connection) -> None:
    outbox_store.add(connection, [event(1), event(2), event(1, EventType.VOIDED)])
    outbox_store.add(connection, [letter(1)])
    assert [r.event_type for r in outbox_store.of_payment(connection, 1)] == ["PAYMENT_AUTHORIZED", "PAYMENT_VOIDED"]


def test_dead_letters_are_no_payment_events(connection: Connection) -> None:
    outbox_store.add(connection, [event(1)])
    outbox_store.add(connection, [letter(1)])
    ids = [row.event_id for row in outbox_store.pending(connection, 10)]
    assert list(outbox_store.payment_events(connection, [*ids, 999])) == ids[:1]


def test_ids_never_return_after_a_delete(engine: Engine) -> None:
    with engine.begin() as connection:
        outbox_store.add(connection, [event(1), event(1)])
        last = outbox_store.pending(connection, 10)[-1].event_id
        connection.execute(delete(table))
    engine.dispose()
    with engine.begin() as connection:
        outbox_store.add(connection, [event(1)])
        assert outbox_store.pending(connection, 1)[0].event_id > last


@pytest.mark.parametrize("headers", ["", "{", "[]", "null", "5"])
def test_a_row_whose_headers_cannot_be_read_stops_no_claim(connection: Connection, headers: str) -> None:
    outbox_store.add(connection, [outbox_store.event_row(payment_event(1), headers), event(2)])
    assert [row.headers for row in outbox_store.pending(connection, 10)] == [{}, HEADERS]


def relays_lease(connection: Connection) -> Lease:
    held = lease.acquire(connection, "relay", "me", 60)
    assert held is not None
    return held


def test_nothing_between_two_marked_events_is_marked(connection: Connection) -> None:
    outbox_store.add(connection, [event(number) for number in range(7)])
    first, second, third, fourth, fifth, sixth, last = (e.event_id for e in outbox_store.pending(connection, 10))
    held = relays_lease(connection)
    assert outbox_store.mark_published(connection, [], NOW, held) == 0
    assert outbox_store.mark_published(connection, [sixth, first, second, fourth], NOW, held) == 4
    assert [e.event_id for e in outbox_store.pending(connection, 10)] == [third, fifth, last]


def test_an_event_that_is_not_committed_yet_is_neither_marked_nor_waited_for(mariadb: Engine) -> None:
    with mariadb.connect() as slow, slow.begin():
        with mariadb.begin() as connection:
            outbox_store.add(connection, [event(1)])
            held = relays_lease(connection)
        outbox_store.add(slow, [event(2)])
        with mariadb.begin() as connection:
            outbox_store.add(connection, [event(3)])
        with mariadb.begin() as connection:
            outbox_store.add(slow, [event(4)])
            claimed = outbox_store.pending(connection, 10)
            assert [e.aggregate_id for e in claimed] == [1, 3]
            assert outbox_store.mark_published(connection, [e.event_id for e in claimed], NOW, held) == 2
    with mariadb.connect() as connection:
        assert [e.aggregate_id for e in outbox_store.pending(connection, 10)] == [2, 4]
