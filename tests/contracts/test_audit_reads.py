"""The audit reads only the rows of its chunk of payments, however many others there are."""

from datetime import timedelta

from sqlalchemy import func, select, text

from bench.growth.multiplier import MODEL_MERCHANT, Multiplier, Plan
from payments.audit import store as audit_store
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import payment
from stack.mariadb import MariaDBServer
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from tests.contracts.reads import rows_read
from tests.servers import migrated_database

CHUNK, EACH = 500, 10
"""Payments in a chunk, and the rows and index entries that MariaDB may read for each."""


def test_a_chunk_reads_its_own_rows_alone_in_tables_that_have_grown_quickly(own_mariadb: MariaDBServer) -> None:
    with migrated_database(own_mariadb.address) as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            for table in (payment, outbox_event, inbox_event, ledger_entry):
                connection.execute(text(f"ANALYZE TABLE {table.name}")).all()
                connection.execute(text(f"ALTER TABLE {table.name} STATS_AUTO_RECALC=0"))
            plan = Plan(20_000, database_now(connection) - timedelta(minutes=5))
        commands.run_one(engine, commands.authorize("model", merchant=MODEL_MERCHANT))
        publish_and_post(engine)
        Multiplier(engine, plan).add(8 * CHUNK)  # not yet in the statistics
        with engine.connect() as connection:
            highest = connection.execute(select(func.max(payment.c.payment_id))).scalar_one()
            ids = audit_store.payments_after(connection, highest - CHUNK, CHUNK)
            before = rows_read(connection)
            chunk = audit_store.read_chunk(connection, ids, plan.oldest)
            reads = rows_read(connection) - before
        engine.dispose()
    assert [len(rows) for rows in (chunk.payments, chunk.events, chunk.entries)] == [CHUNK] * 3
    assert reads <= EACH * CHUNK
