"""Closing while others pay, post and close, on MariaDB. SQLite has one writer at a time."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from payments.ledger import inbox_store
from payments.ledger.inbox_store import PostedEvent
from payments.ledger.rules import postings
from payments.outbox.rules import EventType
from payments.platform.clock import database_now
from payments.platform.database import Failure, classify
from payments.platform.tables.events import outbox_event
from payments.platform.tables.settlement import settlement_item
from payments.settlement import closing, store, waiting_store
from payments.settlement.closing import NotAllSettled, Progress, SettleReport
from payments.settlement.collecting import take
from payments.settlement.finishing import finish
from payments.settlement.rules import State
from payments.settlement.waiting_store import Waiting
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from tests.contracts.settlement.selling import (
    DAY,
    KEYS,
    NEXT,
    NOON,
    batches,
    captured,
    check,
    left,
    post,
    price,
    sell,
    settle,
)
from tests.contracts.test_pruning_races import interrupted
from tests.moments import always

PAYERS, PAYMENTS = 3, 12
STATEMENT_LIMIT = 100
"""More statements than a run has."""


def post_in(connection: Any, payment_id: int, amount: int) -> None:
    """Post a captured payment in this transaction, as the ledger does."""
    query = select(func.max(outbox_event.c.event_id)).where(outbox_event.c.aggregate_id == payment_id)
    event_id = connection.execute(query).scalar_one()
    posted = PostedEvent(event_id, payment_id, "KRW", NOON, postings(EventType.CAPTURED, amount))
    inbox_store.post(connection, [posted], NOON)


def test_an_id_that_commits_late_is_settled(mariadb: Engine, second: Engine) -> None:
    """Its id is smaller than those that are settled before: a watermark would lose it."""
    slow, quick = captured(mariadb, 100), captured(mariadb, 70)
    progress = Progress()
    with second.connect() as late:
        post_in(late, slow, 100)
        with mariadb.begin() as connection:
            post_in(connection, quick, 70)
        assert settle(mariadb, progress=progress) == SettleReport(closed=1, items=1)
        late.commit()
    assert [row.entry_id for row in left(mariadb)] < [mariadb_newest(mariadb)]
    assert settle(mariadb, progress=progress) == SettleReport()
    assert settle(mariadb, NEXT + DAY, progress=progress) == SettleReport(closed=1, items=1)
    assert [each.batch.gross for each in batches(mariadb)] == [70, 100]
    check(mariadb)


def mariadb_newest(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.max(settlement_item.c.entry_id))).scalar_one())


def pay(engine: Engine) -> None:
    """Payments of which all is captured in two parts and refunded."""
    for number in range(PAYMENTS):
        made = commands.carry_out(engine, commands.authorize(f"k{next(KEYS)}", 2 * (100 + number)))[0]
        payment_id = int(json.loads(made.body)["paymentId"])
        for step in (commands.capture, commands.refund, commands.capture, commands.refund):
            asked = step(payment_id, f"k{next(KEYS)}", 100 + number)
            assert commands.carry_out(engine, asked)[0].status == 200


def close_now(engine: Engine) -> None:
    with engine.connect() as connection:
        now = database_now(connection)
    settle(engine, now, cutoff=now)


@pytest.mark.timeout(300)
def test_closing_while_captures_and_refunds_race(mariadb: Engine, second: Engine) -> None:
    price(mariadb, valid_from=NOON - 3000 * DAY)
    done = threading.Event()

    def while_they_pay(work: Callable[[], object]) -> None:
        while not done.is_set():
            work()

    with ThreadPoolExecutor(PAYERS + 3) as pool:
        works = (partial(publish_and_post, mariadb, 7), partial(close_now, second), partial(close_now, second))
        others = [pool.submit(while_they_pay, work) for work in works]
        try:
            list(pool.map(pay, [mariadb] * PAYERS))
        finally:
            done.set()
        for each in others:
            each.result()
    while publish_and_post(mariadb):
        pass
    close_now(mariadb)
    assert left(mariadb) == []
    check(mariadb)
    with mariadb.connect() as connection:
        events = Counter(connection.execute(select(settlement_item.c.event_id)).scalars())
        moves = (EventType.CAPTURED.value, EventType.REFUNDED.value)
        made = connection.execute(select(func.count()).where(outbox_event.c.event_type.in_(moves))).scalar_one()
    assert (len(events), set(events.values())) == (made, {1}) == (PAYERS * PAYMENTS * 4, {1})
    assert sum(each.batch.fees for each in batches(mariadb)) == 0  # all is refunded, and so are all fees


def settle_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> SettleReport:
    """A run that leaves what another one has locked to that one."""
    with monkeypatch.context() as patch:
        patch.setattr(closing, "ROUNDS", 1)
        try:
            return settle(engine)
        except NotAllSettled:
            return SettleReport()


def test_two_closers_at_once_are_one(mariadb: Engine, second: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole run of another one before each statement of a run."""
    for statement in range(STATEMENT_LIMIT):
        merchant_id = f"M{statement}"
        for number in range(3):
            captured(mariadb, 100 + number, merchant_id)
        post(mariadb, NOON)
        reports: list[SettleReport] = []
        with interrupted(mariadb, statement, lambda: reports.append(settle_alone(second, monkeypatch))) as seen:  # noqa: B023
            reports.append(settle(mariadb))
        (only,) = batches(mariadb, merchant_id)
        assert (only.batch.items, only.batch.state) == (3, State.CLOSED)
        assert sum(each.closed for each in reports) == 1
        if statement >= len(seen):
            break
    assert STATEMENT_LIMIT > statement > 15
    check(mariadb)


def test_what_is_added_while_a_batch_is_closed_is_in_its_sums(mariadb: Engine, second: Engine) -> None:
    """Another one adds an item, and does not close, before each statement of closing."""
    for statement in range(STATEMENT_LIMIT):
        merchant_id = f"M{statement}"
        sell(mariadb, 100, merchant_id)
        late = captured(mariadb, 70, merchant_id)
        with mariadb.begin() as connection:
            (waiting,) = [each for each in waiting_store.waiting(connection, 1) if each.merchant_id == merchant_id]
            take(connection, waiting, NEXT, NEXT)
        with mariadb.begin() as connection:
            post_in(connection, late, 70)

        def add(merchant_id: str = merchant_id, late: int = late) -> None:
            try:
                with second.begin() as connection:
                    take(connection, Waiting(merchant_id, "KRW", NOON, late, late), NEXT, NEXT)
            except DBAPIError as error:  # the batch is being closed
                if classify(error) is not Failure.LOCKED:
                    raise

        (only,) = batches(mariadb, merchant_id)
        with interrupted(mariadb, statement, add) as seen:
            done = finish(mariadb, only.batch, 0, always(NEXT))
        if done is None:
            (only,) = batches(mariadb, merchant_id)
            assert finish(mariadb, only.batch, 0, always(NEXT)) is not None
        check(mariadb)
        if statement >= len(seen):
            break
    assert STATEMENT_LIMIT > statement > 5


def test_a_closed_batch_never_opens_again(mariadb: Engine) -> None:
    sell(mariadb, 100)
    settle(mariadb)
    (only,) = batches(mariadb)
    with mariadb.begin() as connection:
        assert not store.close(connection, only.batch, "0" * 64, NEXT)
        with pytest.raises(ValueError, match="does not open again"):
            store.save(connection, replace(only.batch, state=State.OPEN), NEXT)
    assert batches(mariadb) == [only]
