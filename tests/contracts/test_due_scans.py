"""Housekeeping and lists read only the rows they return, by an index, on grown tables of MariaDB.

The server counts rows, because a plan is only an estimate. The statistics are old, as after quick growth.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

import pytest
from sqlalchemy import Connection, Engine

from payments.dead_letters import store as dead_letter_store
from payments.payment import store as payment_store
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.retention import records as record_retention
from payments.retention import store as retention_store
from tests.contracts.reads import grow, rows_read

MANY: Final = 5_000
"""Rows that are not due."""
FEW: Final = 100
"""Rows and index entries that may be read to find ten."""
_PAYMENT = (
    "INSERT INTO payment (merchant_id, amount, captured_amount, released_amount, refunded_amount, release_reason,"
    " currency, status, idempotency_key, requested_at, updated_at, expires_at)"
    " SELECT '{merchant}', 10000, {captured}, {released}, {refunded}, {reason}, 'KRW', '{status}',"
    " CONCAT('{status}', seq), NOW(6) - INTERVAL 20 DAY, NOW(6) - INTERVAL 20 DAY, NOW(6) {expires}"
    " FROM seq_1_to_{rows}"
)
_ENDED, _AHEAD = "- INTERVAL 13 DAY - INTERVAL seq SECOND", "+ INTERVAL 1 DAY"
_LETTER = (
    "INSERT INTO dead_letter (cluster_id, original_topic, partition_no, offset_no, broker_timestamp, payload,"
    " error_type, error_message, state, attempts, created_at, updated_at, next_retry_at)"
    " SELECT 'c', 't', 0, seq, {number}, '', 'InvalidJson', '', '{state}', 1, NOW(6), NOW(6) - INTERVAL {days} DAY,"
    " {retry} FROM seq_1_to_{rows}"
)
_ANSWER = (
    "INSERT INTO idem_response_cache SELECT 'M', '{operation}', CONCAT('{days}', seq), '', {status}, '',"
    " {at} FROM seq_1_to_{rows}"
)


def payments(**values: object) -> str:
    return _PAYMENT.format(**{"captured": 0, "released": 0, "refunded": 0, "reason": "NULL", "rows": MANY} | values)


FILLINGS: Final = [
    payments(merchant="A", status="PARTIALLY_REFUNDED", captured=10000, refunded=500, expires=_ENDED),
    payments(merchant="A", status="CAPTURED", captured=10000, expires=_ENDED),
    payments(merchant="B", status="AUTHORIZED", expires=_AHEAD),
    payments(merchant="B", status="VOIDED", released=10000, reason="'VOIDED'", expires=_ENDED),
    payments(merchant="B", status="PARTIALLY_CAPTURED", captured=10, expires=_ENDED, rows=10),
    _LETTER.format(number=1, state="OPEN", days=0, retry="NOW(6) + INTERVAL 1 DAY", rows=MANY),
    _LETTER.format(number=2, state="OPEN", days=0, retry="NULL", rows=MANY),
    _LETTER.format(number=3, state="OPEN", days=0, retry="NOW(6) - INTERVAL 1 DAY", rows=10),
    _LETTER.format(number=4, state="RESOLVED", days=1, retry="NULL", rows=MANY),
    _LETTER.format(number=5, state="OPEN", days=100, retry="NULL", rows=MANY),
    _LETTER.format(number=6, state="DISCARDED", days=100, retry="NULL", rows=10),
    "INSERT INTO audit_run (at, full, next_payment_id, differences, in_flight)"
    f" SELECT NOW(6) - INTERVAL IF(seq <= 10, 100, 1) DAY, 0, 0, 0, 0 FROM seq_1_to_{MANY}",
    "INSERT INTO audit_request (requested_at, actor, done_at)"
    f" SELECT NOW(6) - INTERVAL IF(seq <= 10, 100, 1) DAY, 'a', NOW(6) FROM seq_1_to_{MANY}",
    "INSERT INTO circuit_breaker_command (name, to_state, actor, requested_at, outcome)"
    f" SELECT 'b', 'OPEN', 'a', NOW(6) - INTERVAL IF(seq <= 10, 100, 1) DAY, 'applied' FROM seq_1_to_{MANY}",
    "INSERT INTO api_key_use (key_id, day, calls, last_used_at)"
    f" SELECT seq DIV 2, CURDATE() - INTERVAL seq MOD 2 DAY, 1, NOW(6) - INTERVAL seq MOD 2 DAY FROM seq_1_to_{MANY}",
    "INSERT INTO api_key_use (key_id, day, calls, last_used_at)"
    " SELECT seq, CURDATE() - INTERVAL 100 DAY, 1, NOW(6) - INTERVAL 100 DAY FROM seq_1_to_10",
    f"INSERT INTO inbox_event SELECT seq, 1, NOW(6) - INTERVAL IF(seq <= 10, 100, 1) DAY FROM seq_1_to_{MANY}",
    _ANSWER.format(operation="refund", days=0, status=0, at="'1970-01-01'", rows=MANY),
    _ANSWER.format(operation="refund", days=1, status=200, at="NOW(6)", rows=MANY),
    _ANSWER.format(operation="refund", days=100, status=200, at="NOW(6) - INTERVAL 100 DAY", rows=5),
    _ANSWER.format(operation="authorize", days=100, status=200, at="NOW(6) - INTERVAL 100 DAY", rows=5),
]


@pytest.fixture
def grown(mariadb_url: str) -> Iterator[Engine]:
    """A database with many rows of each kind, of which ten are due."""
    engine = create_engine(mariadb_url, timeout=60)
    grow(engine, FILLINGS)
    yield engine
    engine.dispose()


def _expired(connection: Connection) -> int:
    found = payment_store.expired(connection, database_now(connection), 200)
    ids = [payment_id for payment_id, _ in found]
    assert ids == sorted(ids, reverse=True)  # the oldest was made last
    return len(found)


def _of_status(merchant: str, status: str, limit: int) -> Callable[[Connection], int]:
    return lambda connection: len(payment_store.page(connection, merchant, status, None, limit))


def _record(number: int) -> Callable[[Connection], int]:
    def prune(connection: Connection) -> int:
        before = database_now(connection) - timedelta(days=90)
        return record_retention.prune(connection, record_retention.RECORDS[number], before, 100)

    return prune


def _month_ago(connection: Connection) -> datetime:
    return database_now(connection) - timedelta(days=30)


SCANS: Final[dict[str, tuple[int, Callable[[Connection], int]]]] = {
    "expired": (10, _expired),
    "a page of a status": (10, _of_status("B", "PARTIALLY_CAPTURED", 50)),
    "a page of a status with many": (10, _of_status("A", "CAPTURED", 10)),
    "a page of a status without any": (0, _of_status("A", "VOIDED", 50)),
    "dead letters to retry": (10, lambda c: len(dead_letter_store.due(c, database_now(c), 100))),
    "settled dead letters": (10, _record(0)),
    "breaker commands": (10, _record(1)),
    "audit runs": (10, _record(2)),
    "audit requests": (10, _record(3)),
    "calls": (10, _record(4)),
    "answers": (10, lambda c: retention_store.prune_answers(c, _month_ago(c), 100)),
    "inbox": (10, lambda c: retention_store.prune_inbox(c, _month_ago(c), retention_store.INBOX_START, 100)[0]),
}


def test_a_scan_reads_what_it_finds_and_no_more(grown: Engine) -> None:
    read: dict[str, int] = {}
    with grown.begin() as connection:
        for name, (wanted, scan) in SCANS.items():
            before = rows_read(connection)
            assert scan(connection) == wanted, name
            read[name] = rows_read(connection) - before
    assert {name: rows for name, rows in read.items() if rows > FEW} == {}
