"""Pruning on the database: small batches, deleted and kept rows, no more rows read than due."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import Engine, Table, event, func, select, text, update

from payments.audit.service import audit
from payments.outbox import store as outbox_store
from payments.outbox.rules import DEAD_LETTER_TOPIC, Aggregate
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import idem_response_cache, payment
from payments.platform.tasks.throttle import AT_ONCE
from payments.retention import service as retention
from payments.retention.service import Pruner, Retention
from stack.mariadb import MariaDBAddress
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from tests.contracts.reads import rows_read
from tests.servers import migrated_database

KEPT: Final = Retention(timedelta(days=7), timedelta(days=30), timedelta(days=30))
NOW: Final = Retention(timedelta(0), timedelta(0), timedelta(0))
WEEK_AGO, MONTH_AGO = timedelta(days=7, minutes=1), timedelta(days=30, minutes=1)


def paid(engine: Engine, *keys: str, captures: int = 1) -> list[int]:
    """Make payments with `captures` captures and no open amount, all posted; returns their ids."""
    amount = 100 * captures
    answers = commands.run(engine, *(commands.authorize(key, amount) for key in keys))
    ids = [int(json.loads(answer.body)["paymentId"]) for answer in answers]
    for step in range(captures):
        commands.run(engine, *(commands.capture(number, f"{number}-{step}", 100) for number in ids))
    publish_and_post(engine)
    return ids


def age(engine: Engine, by: timedelta, *payments: int) -> None:
    """Make these payments, their events, postings and answers old."""
    with engine.begin() as connection:
        then = database_now(connection) - by
        of_payments = outbox_event.c.aggregate_id.in_(payments)
        connection.execute(update(outbox_event).where(of_payments).values(created_at=then, published_at=then))
        connection.execute(update(inbox_event).where(inbox_event.c.payment_id.in_(payments)).values(posted_at=then))
        connection.execute(update(payment).where(payment.c.payment_id.in_(payments)).values(requested_at=then))
        due = idem_response_cache.c.created_at > then
        connection.execute(update(idem_response_cache).where(due).values(created_at=then))


def announced(engine: Engine, aggregate: Aggregate, published: bool) -> int:
    """An event about dead letter 1, stored, and optionally published, a week ago; returns its id."""
    with engine.begin() as connection:
        then = database_now(connection) - WEEK_AGO
        row = outbox_store.new_row(aggregate, 1, "DEAD_LETTER", DEAD_LETTER_TOPIC, "{}", "{}", then)
        outbox_store.add(connection, [row])
        event_id: int = connection.execute(select(func.max(outbox_event.c.event_id))).scalar_one()
        if published:
            mine = outbox_event.c.event_id == event_id
            connection.execute(update(outbox_event).where(mine).values(published=1, published_at=then))
        return event_id


def rows(engine: Engine, table: Table) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table)))


@dataclass
class Deletions:
    """Rows deleted and answers pruned, in each transaction of an engine that did so."""

    finished: list[int] = field(default_factory=list)
    running: int = 0

    def deleted(self, _connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        self.running += cursor.rowcount if statement.startswith(("DELETE", "UPDATE idem")) else 0

    def committed(self, _connection: Any) -> None:
        self.finished += [self.running] if self.running else []
        self.running = 0


@contextmanager
def watched(engine: Engine) -> Iterator[Deletions]:
    seen = Deletions()
    event.listen(engine, "after_cursor_execute", seen.deleted)
    event.listen(engine, "commit", seen.committed)
    yield seen
    event.remove(engine, "after_cursor_execute", seen.deleted)
    event.remove(engine, "commit", seen.committed)


def test_no_transaction_deletes_more_than_a_batch(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PRUNE_BATCH", 10)
    paid(engine, *(f"k{number}" for number in range(20)), captures=2)
    for _ in range(3):
        announced(engine, Aggregate.DEAD_LETTER, published=True)
    with watched(engine) as deletions:
        deleted = Pruner(engine, NOW).prune(AT_ONCE)
    assert [deleted[t] for t in ("outbox_event", "inbox_event", "idem_response_cache")] == [63, 60, 60]
    assert sum(deletions.finished) == 183
    assert max(deletions.finished) <= 10, deletions.finished


def test_a_payment_with_more_events_than_a_batch_goes_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PRUNE_BATCH", 4)
    paid(engine, "few", captures=1)
    paid(engine, "many", captures=5)
    paid(engine, "few again", captures=1)
    with watched(engine) as deletions:
        assert Pruner(engine, NOW).prune(AT_ONCE)["outbox_event"] == 10
    assert deletions.finished[:3] == [2, 6, 2]


def test_what_has_served_its_time_goes_and_nothing_else(engine: Engine) -> None:
    (ancient,) = paid(engine, "ancient", captures=1)
    age(engine, MONTH_AGO, ancient)
    old, waiting, again = paid(engine, "old", "waiting", "again", captures=1)
    age(engine, WEEK_AGO, old, waiting, again)
    for kind in (Aggregate.DEAD_LETTER, Aggregate.REPLAY):
        announced(engine, kind, published=True)
    letter = announced(engine, Aggregate.DEAD_LETTER, published=False)
    commands.run_one(engine, commands.refund(again, "recent", 50))
    (young,) = paid(engine, "young", captures=1)
    commands.run_one(engine, commands.refund(waiting, "late", 50))
    of_ancient = {row.event_id for row in rows(engine, inbox_event) if row.payment_id == ancient}
    posted = {row.event_id for row in rows(engine, inbox_event)}

    Pruner(engine, KEPT).prune(AT_ONCE)

    events = rows(engine, outbox_event)
    assert {row.aggregate_id for row in events if row.aggregate_type == Aggregate.PAYMENT} == {waiting, again, young}
    assert [row.event_id for row in events if row.aggregate_type != Aggregate.PAYMENT] == [letter]
    assert {row.event_id for row in rows(engine, inbox_event)} == posted - of_ancient
    assert {row.idempotency_key for row in rows(engine, idem_response_cache)} >= {"old", "waiting", "young", "late"}
    assert "ancient" not in {row.idempotency_key for row in rows(engine, idem_response_cache)}
    assert [len(rows(engine, table)) for table in (payment, ledger_entry)] == [5, 16]
    assert audit(engine, full=True, answers_kept=KEPT.answers).differences == []


@pytest.mark.parametrize("due", [0, 200])
def test_a_round_reads_no_more_when_more_is_kept(
    due: int, mariadb_server: MariaDBAddress, mariadb_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PRUNE_BATCH", 50)

    def reads_of_a_round(kept: int) -> int:
        with migrated_database(mariadb_server, mariadb_schema) as url:
            engine = create_engine(url, pool_size=1)
            age(engine, MONTH_AGO, *(paid(engine, *(f"old{number}" for number in range(due))) if due else ()))
            paid(engine, *(f"kept{number}" for number in range(kept)))
            with engine.connect() as connection:
                connection.execute(text("ANALYZE TABLE outbox_event, inbox_event")).all()
                before = rows_read(connection)
            deleted = Pruner(engine, KEPT).prune(AT_ONCE)
            with engine.connect() as connection:
                reads = rows_read(connection) - before
            engine.dispose()
        tables = ("outbox_event", "inbox_event", "idem_response_cache")
        assert [deleted.pop(table) for table in tables] == [2 * due] * 3
        assert not any(deleted.values())
        return reads

    assert reads_of_a_round(kept=500) <= reads_of_a_round(kept=100) + 20


def test_what_a_newer_event_keeps_is_read_once_and_not_in_each_round(mariadb_url: str) -> None:
    engine = create_engine(mariadb_url, pool_size=1)
    kept = paid(engine, *(f"kept{number}" for number in range(200)))
    age(engine, WEEK_AGO, *kept)
    commands.run(engine, *(commands.refund(number, f"r{number}", 1) for number in kept))
    publish_and_post(engine)
    pruner, reads = Pruner(engine, KEPT), []
    for _ in range(3):
        with engine.connect() as connection:
            before = rows_read(connection)
        assert pruner.prune(AT_ONCE)["outbox_event"] == 0
        with engine.connect() as connection:
            reads.append(rows_read(connection) - before)
    engine.dispose()
    assert reads[0] > 400
    assert max(reads[1:]) < 250, reads  # the window of young rows, and the query itself
