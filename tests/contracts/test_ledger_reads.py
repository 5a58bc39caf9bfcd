"""Pages of postings read by an index the rows that they show, in a large ledger of MariaDB with old statistics.

Sums read every posting, also as of a moment: `posted_at` has no index, for no page needs one.
"""

from collections.abc import Iterator
from typing import Final

import pytest
from sqlalchemy import Engine

from payments.ledger import store
from payments.ledger.store import Order, Wanted
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from tests.contracts.reads import grow, rows_read

PAYMENTS: Final = 100
POSTINGS: Final = 10_000
PAGE: Final = 20
FEW: Final = 3 * PAGE
"""Rows and index entries that may be read for a page."""
MIDDLE: Final = POSTINGS // 2
_PAYMENT = (
    "INSERT INTO payment (merchant_id, amount, captured_amount, released_amount, refunded_amount, currency, status,"
    " idempotency_key, requested_at, updated_at, expires_at) SELECT 'M1', 10000, 0, 0, 0, 'KRW', 'AUTHORIZED',"
    f" CONCAT('k', seq), NOW(6), NOW(6), NOW(6) FROM seq_1_to_{PAYMENTS}"
)
_POSTING = (
    "INSERT INTO ledger_entry (payment_id, event_id, posting_no, debit_account, credit_account, amount, currency,"
    f" occurred_at, posted_at) SELECT 1 + seq MOD {PAYMENTS}, 1 + seq DIV 2, seq MOD 2, 'customer_hold',"
    f" 'hold_clearing', 1, 'KRW', NOW(6), NOW(6) FROM seq_1_to_{POSTINGS}"
)
_OF_SOURCES = (
    "INSERT INTO ledger_entry (source_type, source_id, posting_no, debit_account, credit_account, amount, currency,"
    " occurred_at, posted_at) SELECT 'payout', 1 + seq DIV 2, seq MOD 2, 'payout_clearing', 'bank', 1, 'KRW', NOW(6),"
    f" NOW(6) FROM seq_1_to_{POSTINGS}"
)


@pytest.fixture
def grown(mariadb_url: str) -> Iterator[Engine]:
    """Many postings, which the statistics do not know."""
    engine = create_engine(mariadb_url, timeout=60)
    grow(engine, (_PAYMENT, _POSTING, _OF_SOURCES))
    yield engine
    engine.dispose()


PAGES: Final[dict[str, tuple[Wanted, int | None, int]]] = {
    "oldest": (Wanted(), None, PAGE),
    "oldest, from the middle on": (Wanted(), MIDDLE, PAGE),
    "newest": (Wanted(order=Order.NEWEST), None, PAGE),
    "newest, from the middle on": (Wanted(order=Order.NEWEST), MIDDLE, PAGE),
    "of a payment": (Wanted(payment_id=7), MIDDLE, PAGE),
    "of a payment, newest": (Wanted(payment_id=7, order=Order.NEWEST), MIDDLE, PAGE),
    "of an old event": (Wanted(event_id=3), None, 2),
    "of an old event, newest": (Wanted(event_id=3, order=Order.NEWEST), None, 2),
    "of a source": (Wanted(source_type="payout", source_id=7), None, 2),
    "of a source, newest": (Wanted(source_type="payout", source_id=7, order=Order.NEWEST), None, 2),
    "of a new event": (Wanted(event_id=MIDDLE - 3), None, 2),
    "of an event and another payment": (Wanted(payment_id=50, event_id=3), None, 0),
}


def test_a_page_reads_its_own_rows_alone(grown: Engine) -> None:
    read: dict[str, int] = {}
    with grown.begin() as connection:
        for name, (wanted, behind, found) in PAGES.items():
            before = rows_read(connection)
            assert len(store.page(connection, wanted, behind, PAGE)) == found, name
            read[name] = rows_read(connection) - before
    assert {name: rows for name, rows in read.items() if rows > FEW} == {}


def test_sums_as_of_a_moment_read_each_posting_once(grown: Engine) -> None:
    with grown.begin() as connection:
        now = database_now(connection)
        before = rows_read(connection)
        sums = store.moved(connection, None, now)
        assert [each.amount for each in sums] == [POSTINGS] * 2  # of payments, and of sources
        # once in the table, and once for the sum that it is added to
        assert 2 * POSTINGS <= rows_read(connection) - before <= 4 * POSTINGS + FEW
