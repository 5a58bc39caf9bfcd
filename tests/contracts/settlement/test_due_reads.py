"""Finding what is due reads what it finds, by indexes, on a grown ledger of MariaDB. The server counts rows."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from sqlalchemy import Connection, Engine

from payments.platform.database import create_engine
from payments.settlement import due_store, item_store, store, waiting_store
from payments.settlement.store import Wanted
from tests.contracts.reads import grow, rows_read
from tests.contracts.settlement.selling import NEXT

SETTLED: Final = 20_000
"""Payments of ten merchants that are captured, posted and in items."""
DUE: Final = 10
"""Captured payments of M1 that are in no item."""
_PAYMENT: Final = (
    "INSERT INTO payment (merchant_id, amount, captured_amount, released_amount, refunded_amount, currency, status,"
    " idempotency_key, requested_at, updated_at, expires_at)"
    " SELECT CONCAT('M', {merchant}), 100, 100, 0, 0, 'KRW', 'CAPTURED', CONCAT('{kind}', seq),"
    " '{at}', '{at}', '{at}' FROM seq_1_to_{rows}"
)
_AT: Final = "2030-05-17 12:00:00"
_POSTING: Final = (
    "INSERT INTO ledger_entry (payment_id, event_id, posting_no, debit_account, credit_account, amount, currency,"
    " occurred_at, posted_at) SELECT payment_id, 3 * payment_id + {number}, {number}, '{debit}', '{credit}', 100,"
    f" 'KRW', '{_AT}', '{_AT}' FROM payment"
)
FILLINGS: Final = (
    _PAYMENT.format(merchant="seq MOD 10", kind="settled", at=_AT, rows=SETTLED),
    _PAYMENT.format(merchant="1", kind="due", at=_AT, rows=DUE),
    _POSTING.format(number=0, debit="customer_hold", credit="hold_clearing"),
    _POSTING.format(number=1, debit="acquirer_receivable", credit="merchant_payable"),
    "INSERT INTO settlement_batch (merchant_id, currency, number, cutoff, state, carried_in, gross, refunds, fees,"
    " adjustments, net, carried_out, items, created_at, closed_at, updated_at)"
    f" SELECT CONCAT('M', seq MOD 10), 'KRW', 1 + seq DIV 10, '{_AT}' + INTERVAL seq DAY, 'CLOSED',"
    f" 0, 1, 0, 0, 0, 1, 0, 1, '{_AT}', '{_AT}', '{_AT}' FROM seq_1_to_2000",
    "INSERT INTO settlement_item (batch_id, entry_id, event_id, payment_id, kind, amount, fee)"
    " SELECT 1 + payment_id MOD 2000, entry_id, event_id, payment_id, 'CAPTURE', amount, 0 FROM ledger_entry"
    f" WHERE posting_no = 1 AND payment_id <= {SETTLED}",
)


@pytest.fixture
def grown(mariadb_url: str) -> Iterator[Engine]:
    """A ledger of two postings a payment; the statistics are old, as after quick growth."""
    engine = create_engine(mariadb_url, timeout=60)
    grow(engine, FILLINGS)
    yield engine
    engine.dispose()


def _all_waiting(connection: Connection) -> int:
    bounds = waiting_store.bounds(connection)
    assert bounds is not None
    firsts = range(bounds[0], bounds[1] + 1, waiting_store.PIECE)
    found = [each for first in firsts for each in waiting_store.waiting(connection, first)]
    assert {each.merchant_id for each in found} == {"M1"}
    return found[-1].last_payment - found[0].first_payment + 1


def _of_payments(connection: Connection) -> int:
    last = due_store.boundary(connection, "M1", 1, 10 * SETTLED)
    of_first = due_store.of_payments(connection, "M1", "KRW", (1, last), NEXT)
    assert of_first == []
    return len(due_store.of_payments(connection, "M1", "KRW", (SETTLED + 1, 10 * SETTLED), NEXT))


READS: Final[dict[str, tuple[int, int, Callable[[Connection], int]]]] = {
    # a posting, its item, its payment: each of the ledger is read once
    "what waits": (DUE, 2 * 3 * (SETTLED + DUE) + 100, _all_waiting),
    # a chunk's payments twice, their postings and items
    "a chunk of payments": (DUE, 6 * due_store.PAYMENTS + 100, _of_payments),
    "the newest batch": (1, 20, lambda c: len([store.newest(c, "M1", "KRW")])),
    "a page of batches": (5, 20, lambda c: len(store.page(c, Wanted(), None, 5))),
    "a page of items": (5, 40, lambda c: len(item_store.page(c, 1, 0, 5))),
    "sums of a batch": (5, 40, lambda c: len(item_store.sums(c, 1))),
    "what is settled": (20, 100, lambda c: len(item_store.settled(c, range(1, 21)))),
    "open batches": (0, 20, lambda c: len(store.open_ones(c))),
}


def test_what_is_due_is_found_by_indexes(grown: Engine) -> None:
    read: dict[str, int] = {}
    with grown.begin() as connection:
        for name, (wanted, _most, scan) in READS.items():
            before = rows_read(connection)
            assert scan(connection) == wanted, name
            read[name] = rows_read(connection) - before
    assert {name: rows for name, rows in read.items() if rows > READS[name][1]} == {}
