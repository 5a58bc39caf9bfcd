"""Audits of money out read only the rows of what they check, in tables that have grown since their statistics."""

from collections.abc import Iterator
from typing import Final

import pytest
from sqlalchemy import Engine

from payments.audit.money_out import batch_reads, exception_reads, file_reads, payout_reads
from payments.platform.database import create_engine
from payments.platform.tasks.throttle import AT_ONCE, Rests
from tests.contracts.reads import grow, rows_read
from tests.contracts.reconciled_rows import reconciled
from tests.contracts.settled_rows import settled

MANY: Final = 20_000
FEW: Final = 200
"""Rows and index entries for a handful of rows."""
_OTHERS: Final = (
    "INSERT INTO settlement_batch (merchant_id, currency, number, cutoff, state, carried_in, gross, refunds, fees,"
    " adjustments, net, carried_out, items, created_at, updated_at) SELECT 'M7', 'KRW', seq, NOW(6) + INTERVAL seq"
    f" DAY, 'OPEN', 0, 0, 0, 0, 0, 0, 0, 0, NOW(6), NOW(6) FROM seq_1_to_{MANY}",
    "INSERT INTO settlement_item (batch_id, entry_id, kind, amount, fee) SELECT 3 + seq, 1000 + seq, 'CAPTURE', 1, 0"
    f" FROM seq_1_to_{MANY}",
    "INSERT INTO ledger_entry (source_type, source_id, posting_no, debit_account, credit_account, amount, currency,"
    " occurred_at, posted_at) SELECT ELT(1 + seq MOD 3, 'settlement_batch', 'recon_file', 'recon_exception'), 100 + seq"
    f", 0, 'bank', 'fee_revenue', 1, 'KRW', NOW(6), NOW(6) FROM seq_1_to_{MANY}",
    "INSERT INTO recon_line (file_id, number, reference, acquirer_reference, kind, currency, gross, fee) SELECT 9, seq,"
    f" 'r', 'o', 'capture', 'USD', 1, 0 FROM seq_1_to_{MANY}",
    "INSERT INTO recon_exception (exception_class, state, connector, file_id, number, currency, suspense, weight,"
    " opened_at) SELECT 'UNKNOWN_TO_US', 'OPEN', 'simulator', 2, 10 + seq, 'USD', 1, 1, NOW(6)"
    f" FROM seq_1_to_{MANY}",
)


@pytest.fixture
def grown(mariadb_url: str) -> Iterator[Engine]:
    """The rows of a test among many others, which the statistics do not know."""
    engine = create_engine(mariadb_url, timeout=60)
    settled(engine)
    reconciled(engine)
    grow(engine, _OTHERS)
    yield engine
    engine.dispose()


def test_what_is_checked_is_read_by_an_index(grown: Engine) -> None:
    read: dict[str, int] = {}
    with grown.connect() as connection:
        for name, count, reading in (
            ("batches", 3, lambda: batch_reads.batches(connection, [1, 2, 3], Rests(AT_ONCE))),
            ("adjustments", 1, lambda: payout_reads.adjustments(connection, [1])),
            ("payout files", 1, lambda: payout_reads.payout_files(connection, [1])),
            ("files", 1, lambda: file_reads.files(connection, [1], Rests(AT_ONCE))),
            ("exceptions", 5, lambda: exception_reads.exceptions(connection, [1, 2, 3, 4, 5])),
        ):
            before = rows_read(connection)
            assert len(reading()) == count, name
            read[name] = rows_read(connection) - before
    assert {name: rows for name, rows in read.items() if rows > FEW} == {}
