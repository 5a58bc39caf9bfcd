"""The migration of payment's unique key keeps every row, and works with the release before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

import payments.migrations
from payments.migrations import migrate
from payments.outbox import store as outbox_store
from payments.payment import store as payment_store
from payments.platform.database import create_engine
from stack.mariadb import MariaDBAddress
from tests.contracts.commands import new_payment
from tests.servers import empty_database

BEFORE: Final = "0009"
AT: Final = "2025-10-27 06:16:28.123456"
PAYMENT: Final = text(
    "INSERT INTO payment (payment_id, merchant_id, amount, captured_amount, released_amount, refunded_amount,"
    " release_reason, currency, status, idempotency_key, requested_at, updated_at, expires_at)"
    " VALUES (:id, :merchant, 100, 0, :released, 0, :reason, 'KRW', 'AUTHORIZED', :key, :at, :at, :at)"
)
ENTRY: Final = text(
    "INSERT INTO ledger_entry (payment_id, event_id, posting_no, debit_account, credit_account, amount, currency,"
    " occurred_at, posted_at) VALUES (:id, :id, 0, 'customer_hold', 'hold_clearing', 100, 'KRW', :at, :at)"
)
EVENT: Final = text(
    "INSERT INTO outbox_event (aggregate_type, aggregate_id, event_type, topic, payload, headers, created_at,"
    " published, attempts) VALUES ('payment', 1, 'PAYMENT_AUTHORIZED', 't', '{}', '{}', :at, 0, 0)"
)
"""As the release before writes it."""
ROWS: Final = text(
    "SELECT payment_id, merchant_id, amount, captured_amount, released_amount, refunded_amount, release_reason,"
    " currency, status, idempotency_key, requested_at, updated_at, expires_at, open_until FROM payment"
    " ORDER BY payment_id"
)


def migrate_to(url: str, revision: str) -> None:
    engine = create_engine(url, pool_size=1, timeout=60)
    config = Config()
    config.set_main_option("script_location", str(Path(payments.migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.fixture(params=["sqlite", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the release before, with payments and postings."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'before.db'}"
        fill(address)
        yield address
        return
    server: MariaDBAddress = request.getfixturevalue("mariadb_server")
    with empty_database(server) as address:
        fill(address)
        yield address


def fill(address: str) -> None:
    migrate_to(address, BEFORE)
    with opened(address) as engine, engine.begin() as connection:
        for number, (merchant, key) in enumerate((("M1", "k"), ("M2", "k"), ("M1", "é\0😀"), ("m1", "K")), 1):
            released = number % 2 * 100
            reason = "VOIDED" if released else None
            names = {"id": number * 10, "merchant": merchant, "key": key, "at": AT}
            connection.execute(PAYMENT, {**names, "released": released, "reason": reason})
            connection.execute(ENTRY, {"id": number * 10, "at": AT})
        connection.execute(EVENT, {"at": AT})


@contextmanager
def opened(address: str) -> Iterator[Engine]:
    engine = create_engine(address)
    try:
        yield engine
    finally:
        engine.dispose()


def rows(connection: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(ROWS)]


def test_every_payment_stays_as_it_was_with_its_postings(url: str) -> None:
    with opened(url) as engine, engine.connect() as connection:
        before = rows(connection)
    assert len(before) == 4
    migrate(url)
    with opened(url) as engine:
        with engine.connect() as connection:
            assert rows(connection) == before
            assert connection.execute(text("SELECT COUNT(*) FROM ledger_entry")).scalar_one() == 4
        for refused in (
            "DELETE FROM payment",
            "UPDATE payment SET captured_amount = 101",
            "UPDATE payment SET amount = 0",
        ):
            with pytest.raises(DBAPIError), engine.begin() as connection:
                connection.execute(text(refused))
        with engine.begin() as connection:
            stored, _ = payment_store.add(connection, [new_payment("k", merchant="M3")])
        assert [payment.payment_id for payment in stored.values()] == [41], "ids go on"
        with pytest.raises(IntegrityError), engine.begin() as connection:
            payment_store.add(connection, [new_payment("k", merchant="M1")])


def test_the_release_before_writes_on_and_its_events_are_read(url: str) -> None:
    migrate(url)
    with opened(url) as engine, engine.begin() as connection:
        connection.execute(EVENT, {"at": AT})
        names = {"id": 50, "merchant": "M5", "key": "k", "at": AT, "released": 0, "reason": None}
        connection.execute(PAYMENT, names)
        found = outbox_store.of_payment(connection, 1)
        assert [(row.request_id, row.trace_id) for row in found] == [(None, None)] * 2
        assert payment_store.taken_keys(connection, [("M5", "k"), ("M6", "k")]) == {("M5", "k")}
