"""Pruning with another commit before each of its statements, on MariaDB. SQLite has one writer at a time."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, func, select, update

from payments.audit.service import audit
from payments.outbox import store as outbox_store
from payments.outbox.rules import DEAD_LETTER_TOPIC, Aggregate
from payments.platform.clock import database_now, monotonic
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import idem_response_cache, payment
from payments.platform.tasks.throttle import AT_ONCE
from payments.retention.service import Pruner, Retention, expire_due
from tests.contracts import commands
from tests.contracts.posting import publish_and_post

KEPT = Retention(timedelta(days=9), timedelta(days=30), timedelta(days=30))
OLD = timedelta(days=31)
NAMES = count()
STATEMENT_LIMIT = 100
"""More statements than a round of pruning has."""


class Books:
    """Old payments on one database, and another client's change to one of them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.name = f"n{next(NAMES)}"
        made = commands.run(engine, *(commands.authorize(f"{self.name}-{key}", 100) for key in ("captured", "open")))
        self.captured, self.open = (int(json.loads(result.body)["paymentId"]) for result in made)
        commands.run(engine, commands.capture(self.captured, self.name), commands.refund(self.captured, self.name, 10))
        publish_and_post(engine)
        self.number = 0
        self.age()

    def age(self) -> None:
        """Make everything old, posted and answered."""
        with self.engine.begin() as connection:
            then = database_now(connection) - OLD
            connection.execute(update(outbox_event).values(created_at=then, published_at=then, published=1))
            connection.execute(update(inbox_event).values(posted_at=then))
            connection.execute(update(payment).values(requested_at=then))
            answered = idem_response_cache.c.http_status != 0
            connection.execute(update(idem_response_cache).where(answered).values(created_at=then))

    def refund(self) -> None:
        self.number += 1
        result = commands.run_one(self.engine, commands.refund(self.captured, f"{self.name}-{self.number}", 1))
        assert result.status == 200

    def expire(self) -> None:
        with self.engine.begin() as connection:
            mine = payment.c.payment_id == self.open
            connection.execute(update(payment).where(mine).values(expires_at=payment.c.requested_at))
        assert expire_due(self.engine, monotonic, lambda _seconds: None) == 1

    def refund_and_post(self) -> None:
        self.refund()
        publish_and_post(self.engine)

    def proves_right(self) -> None:
        """Once all is posted, the ledger has all answered steps and nothing else."""
        while publish_and_post(self.engine):
            pass
        assert audit(self.engine, full=True, answers_kept=KEPT.answers).differences == []
        with self.engine.connect() as connection:
            refunded = connection.execute(
                select(func.sum(ledger_entry.c.amount)).where(
                    ledger_entry.c.payment_id == self.captured, ledger_entry.c.debit_account == "merchant_payable"
                )
            ).scalar_one()
        assert refunded == 10 + self.number


@contextmanager
def interrupted(engine: Engine, number: int, by: Callable[[], None]) -> Iterator[list[str]]:
    """Just before statement `number` (from 0) of this engine another transaction commits."""
    seen: list[str] = []

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)
        if len(seen) == number + 1:
            by()

    event.listen(engine, "before_cursor_execute", before)
    yield seen
    event.remove(engine, "before_cursor_execute", before)


def prune_and_count(pruning: Engine, number: int, by: Callable[[], None]) -> int:
    with interrupted(pruning, number, by) as seen:
        Pruner(pruning, KEPT).prune(AT_ONCE)
    return len(seen)


@pytest.mark.parametrize("does", ["refund", "refund_and_post", "expire"])
def test_what_commits_between_two_statements_of_pruning_is_not_lost(mariadb: Engine, second: Engine, does: str) -> None:
    for number in range(STATEMENT_LIMIT):
        books = Books(mariadb)
        statements = prune_and_count(second, number, getattr(books, does))
        books.proves_right()
        if number >= statements:
            break
    assert STATEMENT_LIMIT > number > 12  # there was something to prune, at each statement


def test_a_key_that_is_answered_anew_keeps_its_answer(mariadb: Engine, second: Engine) -> None:
    """Two housekeeping processes: the other one pruned the answer, and the key was answered again since."""
    for number in range(STATEMENT_LIMIT):
        books = Books(mariadb)
        mine = (idem_response_cache.c.idempotency_key == books.name, idem_response_cache.c.operation == "refund")
        done: list[int] = []

        def anew(mine: Any = mine, done: list[int] = done) -> None:
            with mariadb.begin() as connection:
                young = {"created_at": database_now(connection), "http_status": 200, "response_body": "anew"}
                done.append(connection.execute(update(idem_response_cache).where(*mine).values(young)).rowcount)

        statements = prune_and_count(second, number, anew)
        with mariadb.connect() as connection:
            body = connection.execute(select(idem_response_cache.c.response_body).where(*mine)).scalar_one()
        assert body == ("anew" if done else "")
        if number >= statements:
            break
    assert number < STATEMENT_LIMIT


def test_a_replay_that_is_published_once_more_stays(mariadb: Engine, second: Engine) -> None:
    of_replay = outbox_event.c.aggregate_type == Aggregate.REPLAY.value
    for number in range(STATEMENT_LIMIT):
        books = Books(mariadb)
        with mariadb.begin() as connection:
            connection.execute(delete(outbox_event).where(of_replay))
            now = database_now(connection)
            row = outbox_store.new_row(Aggregate.REPLAY, 1, "REPLAY", DEAD_LETTER_TOPIC, "{}", "{}", now)
            outbox_store.add(connection, [row])
        books.age()
        waits: list[int] = []

        def again(waits: list[int] = waits) -> None:
            with mariadb.begin() as connection:
                values = {"published": 0, "published_at": None}
                waits.append(connection.execute(update(outbox_event).where(of_replay).values(values)).rowcount)

        statements = prune_and_count(second, number, again)
        with mariadb.connect() as connection:
            left = connection.execute(select(func.count()).select_from(outbox_event).where(of_replay)).scalar_one()
        assert left == sum(waits)
        if number >= statements:
            break
    assert number < STATEMENT_LIMIT
