"""The inbox on both databases: an event is posted with its inbox row or not at all, and never twice."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from payments.ledger import inbox_store
from payments.ledger.inbox_store import PostedEvent
from payments.ledger.rules import postings
from payments.outbox.rules import EventType
from payments.platform.tables.events import inbox_event
from payments.platform.tables.ledger import ledger_entry
from tests.contracts import commands

THEN = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
NOW = datetime(2025, 10, 27, 6, 16, 29, 1, UTC)


@pytest.fixture(autouse=True)
def two_payments(engine: Engine) -> None:
    commands.run(engine, commands.authorize("a"), commands.authorize("b"))


def event(event_id: int, payment_id: int = 1, kind: EventType = EventType.CAPTURED) -> PostedEvent:
    return PostedEvent(event_id, payment_id, "KRW", THEN, postings(kind, 700))


def post(engine: Engine, *events: PostedEvent) -> None:
    with engine.begin() as connection:
        inbox_store.post(connection, events, NOW)


def known(engine: Engine, *ids: int) -> dict[int, int]:
    with engine.begin() as connection:
        return inbox_store.known(connection, ids)


def entries(engine: Engine) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        return [tuple(row)[1:] for row in connection.execute(select(ledger_entry).order_by(ledger_entry.c.entry_id))]


def test_an_event_is_known_after_it_is_posted(engine: Engine) -> None:
    post(engine, event(5), event(6, payment_id=2))
    assert known(engine, 5, 6, 7) == {5: 1, 6: 2}
    assert known(engine) == {}


def test_postings_are_stored_as_the_rules_made_them(engine: Engine) -> None:
    post(engine, event(5))
    assert entries(engine) == [
        (1, 5, 0, "hold_clearing", "customer_hold", 700, "KRW", THEN, NOW, None, None, None),
        (1, 5, 1, "acquirer_receivable", "merchant_payable", 700, "KRW", THEN, NOW, None, None, None),
    ]


def test_rows_are_written_in_order_of_payment_and_event(engine: Engine) -> None:
    kind = EventType.VOIDED
    post(engine, event(9, 2, kind), event(8, 1, kind), event(7, 2, kind))
    assert [entry[:2] for entry in entries(engine)] == [(1, 8), (2, 7), (2, 9)]


def test_a_posted_event_cannot_be_posted_again(engine: Engine) -> None:
    post(engine, event(5))
    with pytest.raises(IntegrityError):
        post(engine, event(6), event(5))
    assert (known(engine, 5, 6), len(entries(engine))) == ({5: 1}, 2)


def test_the_inbox_itself_refuses_an_event_twice(engine: Engine) -> None:
    row = {"event_id": 5, "payment_id": 1, "posted_at": NOW}
    with engine.begin() as connection:
        connection.execute(inbox_event.insert(), row)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(inbox_event.insert(), row)


def test_without_its_inbox_row_the_ledger_itself_refuses_a_second_posting(engine: Engine) -> None:
    post(engine, event(5))
    with engine.begin() as connection:
        connection.execute(inbox_event.delete())
    with pytest.raises(IntegrityError):
        post(engine, event(5))


def test_no_posting_without_a_payment(engine: Engine) -> None:
    with pytest.raises(IntegrityError):
        post(engine, event(5, payment_id=99))
    assert known(engine, 5) == {}
