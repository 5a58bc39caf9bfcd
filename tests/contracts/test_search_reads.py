"""Operators' search reads few rows, by an index, on grown tables of MariaDB whose statistics are old.

The server counts rows, because a plan is only an estimate; and no plan reads a table or an index whole.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import Connection, Engine, event

from payments.outbox import search_store as outbox_search
from payments.payment import search_store
from payments.payment import store as payment_store
from payments.payment.search_store import CHUNK, FEW, NEAREST, Filters
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.reading import operator_payment
from payments.reading.search import CHUNKS, Search, search
from tests.contracts.reads import grow, rows_read

MANY: Final = 60_000
"""Payments: more than one page may look at."""
MERCHANTS: Final = 300
LIMIT: Final = 50
FEW_ROWS: Final = 500
"""Rows and index entries that a page of 50 may read where an index finds its payments alone."""
_PAYLOAD: Final = '{"amount":1,"status":"AUTHORIZED","occurredAt":""}'
FILLINGS: Final = [
    "INSERT INTO payment (merchant_id, amount, captured_amount, released_amount, refunded_amount, currency, status,"
    f" idempotency_key, requested_at, updated_at, expires_at) SELECT CONCAT('M', seq MOD {MERCHANTS}),"
    " IF(seq = 9, 777, 1000 + seq MOD 20000), IF(seq MOD 2, 0, 10), 0, 0, IF(seq = 7, 'USD', 'KRW'),"
    " IF(seq MOD 2, 'AUTHORIZED', 'PARTIALLY_CAPTURED'), CONCAT('a', seq),"
    f" NOW(6) - INTERVAL ({MANY} - seq) * 10 SECOND, NOW(6), NOW(6) FROM seq_1_to_{MANY}",
    "INSERT INTO outbox_event (aggregate_type, aggregate_id, event_type, topic, payload, headers, published, attempts,"
    " created_at, request_id, trace_id, created_hour)"
    f" SELECT 'payment', payment_id, 'PAYMENT_AUTHORIZED', 't', '{_PAYLOAD}', '{{}}', 1, 0, requested_at,"
    " IF(payment_id MOD 2, CONCAT('r', payment_id), 'same'), MD5(payment_id), UNIX_TIMESTAMP(requested_at) DIV 3600"
    " FROM payment",
    "INSERT INTO idem_response_cache SELECT merchant_id, 'capture', CONCAT('c', payment_id), '', 200,"
    " CONCAT('{\"paymentId\":', payment_id, '}'), requested_at FROM payment",
    "INSERT INTO dead_letter (cluster_id, original_topic, partition_no, offset_no, broker_timestamp, payload,"
    " message_key, error_type, error_message, state, attempts, created_at, updated_at)"
    " SELECT 'c', 't', 0, seq, 1, '', seq, 'InvalidJson', '', 'OPEN', 1, NOW(6), NOW(6) FROM seq_1_to_5000",
    "INSERT INTO audit_finding (identity, kind, payment_id, subject, detail, first_seen, last_seen)"
    " SELECT seq, 'sums', seq, '', '', NOW(6), NOW(6) FROM seq_1_to_5000",
    "INSERT INTO operator_action (at, actor, action, target, detail)"
    " SELECT NOW(6), 'a', 'outbox.release', CONCAT('event ', seq), '' FROM seq_1_to_5000",
]


@pytest.fixture
def grown(mariadb_url: str) -> Iterator[Engine]:
    """A database with many payments and all that belongs to them."""
    engine = create_engine(mariadb_url, timeout=60)
    grow(engine, FILLINGS)
    yield engine
    engine.dispose()


Searches = dict[str, tuple[int, int, Search]]
"""Name → how many payments the first page has, how many rows it may read, and the search."""


def searches(connection: Connection) -> Searches:
    return by_filters(connection) | by_ids()


def by_filters(connection: Connection) -> Searches:
    now = database_now(connection)
    day, two_days = now - timedelta(days=1), now - timedelta(days=2)
    chunk, page = CHUNK + FEW_ROWS, LIMIT * MERCHANTS
    return {
        "all": (LIMIT, FEW_ROWS, Search(Filters())),
        "merchant": (LIMIT, FEW_ROWS, Search(Filters(merchant_id="M5"))),
        "merchant and status": (LIMIT, FEW_ROWS, Search(Filters(merchant_id="M5", status="AUTHORIZED"))),
        "merchant and no such status": (0, FEW_ROWS, Search(Filters(merchant_id="M5", status="VOIDED"))),
        "merchant and currency": (0, FEW_ROWS, Search(Filters(merchant_id="M5", currency="USD"))),
        "no such merchant": (0, FEW_ROWS, Search(Filters(merchant_id="X", currency="USD"))),
        "status": (LIMIT, FEW_ROWS, Search(Filters(status="AUTHORIZED"))),
        "no such status": (0, FEW_ROWS, Search(Filters(status="VOIDED"))),
        "amount": (3, FEW_ROWS, Search(Filters(amount_from=1234, amount_to=1234))),
        "rare amount": (1, FEW_ROWS, Search(Filters(amount_to=999))),
        "amounts of few": (LIMIT, FEW + 2 * FEW_ROWS, Search(Filters(amount_from=1000, amount_to=1400))),
        "amounts of many": (LIMIT, FEW + 4 * chunk, Search(Filters(amount_from=1000, amount_to=12000))),
        "currency": (LIMIT, chunk, Search(Filters(currency="KRW"))),
        "rare currency": (0, 2 * CHUNKS * CHUNK + page, Search(Filters(currency="USD"))),
        "from": (LIMIT, NEAREST + chunk, Search(Filters(since=day))),
        "to": (LIMIT, NEAREST + chunk, Search(Filters(until=two_days))),
        "from and to": (LIMIT, 2 * NEAREST + chunk, Search(Filters(since=two_days, until=day))),
        "status from and to": (
            LIMIT,
            2 * NEAREST + chunk,
            Search(Filters(status="AUTHORIZED", since=two_days, until=day)),
        ),
        "before all": (0, FEW_ROWS, Search(Filters(until=now - timedelta(days=30)))),
    }


def by_ids() -> Searches:
    return {
        "payment": (1, FEW_ROWS, Search(Filters(), payment_id=4000)),
        "event": (1, FEW_ROWS, Search(Filters(), event_id=4000)),
        "authorization's key": (1, 4 * MERCHANTS + FEW_ROWS, Search(Filters(), idempotency_key="a77")),
        "capture's key": (1, 4 * MERCHANTS + FEW_ROWS, Search(Filters(), idempotency_key="c77")),
        "key of a merchant": (1, FEW_ROWS, Search(Filters(merchant_id="M77"), idempotency_key="c77")),
        "request": (1, FEW_ROWS, Search(Filters(), request_id="r77")),
        "request of many": (
            LIMIT,
            outbox_search.LOOKED_AT_LIMIT + 3 * FEW_ROWS,
            Search(Filters(), request_id="same"),
        ),
        "trace": (1, FEW_ROWS, Search(Filters(), trace_id="c4ca4238a0b923820dcc509a6f75849b")),
        "any id": (1, 5 * MERCHANTS + 2 * FEW_ROWS, Search(Filters(), anything="r77")),
        "a merchant's name": (LIMIT, 5 * MERCHANTS + 2 * FEW_ROWS, Search(Filters(), anything="M77")),
    }


def test_a_search_reads_few_rows(grown: Engine) -> None:
    read: dict[str, tuple[int, int]] = {}
    with grown.begin() as connection:
        for name, (wanted, allowed, searched) in searches(connection).items():
            before = rows_read(connection)
            assert len(search(connection, searched, None, LIMIT).items) == wanted, name
            read[name] = rows_read(connection) - before, allowed
    assert {name: counts for name, counts in read.items() if counts[0] > counts[1]} == {}


def test_no_statement_reads_a_table_or_an_index_whole(grown: Engine) -> None:
    plans: list[tuple[str, str, Any, Any]] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            cursor.execute(f"EXPLAIN {statement}", parameters)
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                plan = dict(zip(columns, row, strict=True))
                plans.append((name, statement, plan["type"], plan["Extra"]))

    with grown.begin() as connection:
        wanted = searches(connection)
        event.listen(grown, "before_cursor_execute", explain)
        for name, (_, _, searched) in wanted.items():  # noqa: B007  (in `explain`)
            search(connection, searched, None, LIMIT)
        name = "one payment"
        operator_payment.payment(connection, 4000)
        name = "keys of a batch"
        taken = payment_store.taken_keys(connection, [(f"M{n}", f"a{n}") for n in range(200)])
        event.remove(grown, "before_cursor_execute", explain)
    assert len(taken) == 199  # there is no payment 0
    assert len(plans) > len(wanted)
    assert [plan for plan in plans if plan[2] in ("ALL", "index")] == []


def test_one_payment_and_the_keys_of_a_batch_read_few_rows(grown: Engine) -> None:
    with grown.begin() as connection:
        before = rows_read(connection)
        found = operator_payment.payment(connection, 4000)
        one = rows_read(connection) - before
        payment_store.taken_keys(connection, [(f"M{n}", f"a{n}") for n in range(200)])
        keys = rows_read(connection) - before - one
    assert [len(part) for part in (found.events, found.dead_letters, found.findings, found.actions)] == [1, 1, 1, 1]
    assert (one <= FEW_ROWS, keys <= 2 * FEW_ROWS) == (True, True), (one, keys)


def test_a_page_that_looked_at_enough_goes_on_from_there(grown: Engine) -> None:
    with grown.begin() as connection:
        first = search(connection, Search(Filters(currency="USD")), None, LIMIT)
        assert (first.items, first.last) == ([], MANY - CHUNKS * CHUNK + 1)
        assert first.last is not None
        assert first.searched_to == search_store.requested_at(connection, first.last)
        rest = search(connection, Search(Filters(currency="USD")), first.last, LIMIT)
        assert ([item.payment_id for item in rest.items], rest.last, rest.searched_to) == ([7], None, None)


def test_a_request_with_too_many_events_says_how_far_it_looked(grown: Engine) -> None:
    with grown.begin() as connection:
        wanted, before, seen = Search(Filters(), request_id="same"), None, list[int]()
        while True:
            page = search(connection, wanted, before, 700)
            seen += [item.payment_id for item in page.items]
            if page.last is None:
                break
            before, _ = page.last, page.searched_to
        assert seen == list(range(MANY, MANY - 2 * outbox_search.LOOKED_AT_LIMIT, -2))
        assert page.searched_to == search_store.requested_at(connection, seen[-1])
