"""Operators list, release and discard parked events, on both databases."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, select, update

from payments.dead_letters import service as dead_letters
from payments.dead_letters.store import DeadLetter
from payments.dead_letters.store import add as add_dead_letters
from payments.outbox import service as outbox
from payments.outbox.lease import Lease
from payments.outbox.rules import OutboxState
from payments.platform.clock import database_now
from payments.platform.errors import NotFound, OutboxConflict
from payments.platform.tables.dead_letters import dead_letter
from payments.platform.tables.events import outbox_event as table
from payments.platform.tables.processes import operator_action
from tests.contracts.refusing import TOO_LARGE, hold_all, pending, refuse, states, stored


@pytest.fixture
def held(engine: Engine) -> Lease:
    """The relay's lease, and a database in which payment 1 has the events 1, 3, 4, payment 2 the event 2."""
    return stored(engine, 1, 2, 1, 1)


def test_a_release_starts_from_nothing(engine: Engine, held: Lease) -> None:
    refuse(engine, held, 1, attempts=5, parks=True)
    hold_all(engine, held)
    with engine.begin() as connection:
        (item,), following = outbox.parked(connection, None, 10)
        assert outbox.release(connection, 1, "cli:me") == item
    assert following is None
    assert (item.event_id, item.aggregate_type, item.aggregate_id) == (1, "payment", 1)
    assert (item.attempts, item.waiting_behind) == (5, 2)
    assert (item.error, item.topic, item.event_type) == (TOO_LARGE, "payment.captured", "PAYMENT_CAPTURED")
    assert set(states(engine).values()) == {OutboxState.PENDING}
    with engine.begin() as connection:
        assert pending(connection)[0].attempts == 0
        noted = connection.execute(select(operator_action.c.actor, operator_action.c.action)).all()
    assert [tuple(row) for row in noted] == [("cli:me", "outbox.release")]


def test_pages_are_newest_first(engine: Engine, held: Lease) -> None:
    for event_id in (1, 2, 4):
        refuse(engine, held, event_id, parks=True)
    with engine.begin() as connection:
        items, following = outbox.parked(connection, None, 2)
        assert ([item.event_id for item in items], following) == ([4, 2], 2)
        items, following = outbox.parked(connection, following, 2)
        assert ([item.event_id for item in items], following) == ([1], None)
    assert outbox.parked_ids(engine, "payment.captured") == [1, 2, 4]
    assert outbox.parked_ids(engine, "payment.voided") == []


@pytest.mark.parametrize("act", [lambda c, n: outbox.release(c, n, "x"), lambda c, n: outbox.discard(c, n, "r", "x")])
def test_only_what_is_parked_is_released_or_discarded(
    engine: Engine, held: Lease, act: Callable[[Connection, int], object]
) -> None:
    refuse(engine, held, 1)
    hold_all(engine, held)
    with engine.begin() as connection:
        connection.execute(update(table).where(table.c.event_id == 2).values(published=OutboxState.PUBLISHED))
    for event_id, said in ((1, "is still being tried"), (2, "is published"), (3, "waits behind another event")):
        with pytest.raises(OutboxConflict, match=said), engine.begin() as connection:
            act(connection, event_id)
    with pytest.raises(NotFound), engine.begin() as connection:
        act(connection, 9)


def test_a_payments_event_is_never_discarded(engine: Engine, held: Lease) -> None:
    refuse(engine, held, 1, parks=True)
    with pytest.raises(OutboxConflict, match="the ledger needs it"), engine.begin() as connection:
        outbox.discard(connection, 1, "away", "cli:me")
    assert states(engine)[1] is OutboxState.PARKED


def test_the_letter_of_a_discarded_replay_is_open_again(engine: Engine, held: Lease) -> None:
    letter = DeadLetter("c", "payment.voided", 0, 0, 1, "{", None, None, "EventNotFound", "m")
    with engine.begin() as connection:
        add_dead_letters(connection, [letter], database_now(connection))
        dead_letters.replay(connection, 1, "cli:me")
    announcement, replay = 5, 6
    for event_id in (announcement, replay):
        refuse(engine, held, event_id, parks=True)
        with engine.begin() as connection:
            assert outbox.discard(connection, event_id, "away", "cli:me").event_id == event_id
    with engine.begin() as connection:
        row = connection.execute(select(dead_letter)).one()
        noted = connection.execute(select(operator_action.c.target, operator_action.c.detail)).all()
    assert (row.state, row.attempts, row.next_retry_at) == ("OPEN", 1, None)
    assert [tuple(one) for one in noted[1:]] == [
        ("event 5 (dead_letter 1)", "away"), ("event 6 (replay 1)", "away")
    ]  # fmt: skip
    assert [states(engine)[number] for number in (announcement, replay)] == [OutboxState.DISCARDED] * 2
