"""The generated payments of `make bench-growth` are as the platform stores them: the audit finds nothing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from bench.growth import multiplier
from bench.growth.disk import bytes_on_disk
from bench.growth.multiplier import Multiplier, Plan
from payments.audit.service import audit
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import idem_response_cache, payment
from payments.platform.tasks.throttle import AT_ONCE
from payments.retention.service import Pruner, Retention
from stack.mariadb import MariaDBServer
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from tests.servers import migrated_database


@pytest.fixture
def database(own_mariadb: MariaDBServer) -> Iterator[Engine]:
    """A server of its own, because generating payments changes its settings."""
    with migrated_database(own_mariadb.address) as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()


@pytest.mark.parametrize("steps", [1, 2], ids=["authorized", "voided"])
def test_the_audit_finds_nothing_among_made_up_payments(
    database: Engine, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(multiplier, "SPREAD", timedelta(minutes=5))
    monkeypatch.setattr(multiplier, "CHUNK", 1000)
    commands.run_one(database, commands.authorize("model", merchant=multiplier.MODEL_MERCHANT))
    if steps == 2:
        commands.run_one(database, commands.void(1, "model", merchant=multiplier.MODEL_MERCHANT))
    publish_and_post(database)
    with database.connect() as connection:
        plan = Plan(5000, database_now(connection) - timedelta(minutes=5))
    growing = Multiplier(database, plan)
    growing.add(1500)
    commands.run_one(database, commands.authorize("in between"))
    publish_and_post(database)
    growing.add(1500)

    found = audit(database, full=True, answers_kept=timedelta(days=30))
    assert (found.payments, found.in_flight, found.differences) == (3002, 0, [])
    with database.connect() as connection:
        assert connection.execute(select(func.count()).select_from(payment)).scalar_one() == 3002
        for table in (outbox_event, inbox_event, ledger_entry, idem_response_cache):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 3001 * steps + 1, table
        flushed = connection.exec_driver_sql("SELECT @@GLOBAL.innodb_flush_log_at_trx_commit").scalar_one()
    assert flushed == 1, "durable as before"
    assert bytes_on_disk(database) > 3002 * 500
    once = Retention(timedelta(0), timedelta(0), timedelta(0))
    assert Pruner(database, once).prune(AT_ONCE)["outbox_event"] == (3001 * steps if steps == 2 else 0)
