"""What the ledger reads of a batch's events: each as it is stored, by its primary key."""

from datetime import timedelta

from sqlalchemy import Engine, delete, func, select, update

from bench.growth.multiplier import MODEL_MERCHANT, Multiplier, Plan
from payments.ledger import stored_event
from payments.outbox import store as outbox_store
from payments.outbox.rules import Aggregate
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.events import inbox_event, outbox_event
from stack.mariadb import MariaDBServer
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from tests.contracts.reads import grow, rows_read
from tests.servers import migrated_database

BATCH, EACH = 200, 5
"""Events of a batch, and the rows and index entries that MariaDB may read for each."""


def test_an_event_is_known_with_its_posting_and_its_payment(engine: Engine) -> None:
    commands.run(engine, commands.authorize("a"), commands.authorize("b"), commands.authorize("c"))
    publish_and_post(engine)
    with engine.begin() as connection:
        of_letter = outbox_store.new_row(Aggregate.DEAD_LETTER, 1, "t", "t", "{}", "{}", database_now(connection))
        outbox_store.add(connection, [of_letter])
        connection.execute(delete(inbox_event).where(inbox_event.c.event_id == 2))
        connection.execute(update(outbox_event).where(outbox_event.c.event_id == 3).values(aggregate_id=77))
        found = stored_event.by_ids(connection, [1, 2, 3, 4, 5])
        (row,) = outbox_store.of_payment(connection, 1)
    assert found[1] == (1, "PAYMENT_AUTHORIZED", row.payload, row.created_at, True, True)
    assert {event_id: (e.payment_id, e.is_posted, e.has_payment) for event_id, e in found.items()} == {
        1: (1, True, True),
        2: (2, False, True),
        3: (77, True, False),
    }, "the fourth is a dead letter's, and there is no fifth"


def test_a_batch_reads_its_own_rows_alone_in_tables_that_have_grown_quickly(own_mariadb: MariaDBServer) -> None:
    with migrated_database(own_mariadb.address) as url:
        engine = create_engine(url)
        commands.run_one(engine, commands.authorize("model", merchant=MODEL_MERCHANT))
        publish_and_post(engine)
        with engine.begin() as connection:
            plan = Plan(20_000, database_now(connection) - timedelta(minutes=5))
        grow(engine, [])
        Multiplier(engine, plan).add(4000)  # not yet in the statistics
        with engine.connect() as connection:
            highest = connection.execute(select(func.max(outbox_event.c.event_id))).scalar_one()
            before = rows_read(connection)
            found = stored_event.by_ids(connection, range(highest - BATCH + 1, highest + 1))
            reads = rows_read(connection) - before
        engine.dispose()
    assert (len(found), reads <= EACH * BATCH) == (BATCH, True), reads
