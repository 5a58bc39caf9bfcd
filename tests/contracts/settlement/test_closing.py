"""Closing batches: what is taken, what waits, what is carried, what is posted."""

import hashlib
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from payments.ledger import source_store
from payments.ledger.rules import Account, SourceType
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.merchants import merchant
from payments.settlement import item_store, waiting_store
from payments.settlement.closing import NotAllSettled, SettleReport
from payments.settlement.collecting import Taken, take
from payments.settlement.fees import OnRefund
from payments.settlement.rules import ItemKind, State
from payments.settlement.statement import statement
from tests.contracts.settlement.selling import (
    DAY,
    NEXT,
    NOON,
    batches,
    capture,
    captured,
    check,
    hold,
    left,
    post,
    price,
    refund,
    register,
    release,
    sell,
    settle,
)

MIDNIGHT = NOON + timedelta(hours=12)


def posted_by_batches(engine: Engine) -> list[tuple[object, ...]]:
    columns = ("source_id", "posting_no", "debit_account", "credit_account", "amount", "merchant_id")
    query = select(*(ledger_entry.c[name] for name in columns)).order_by(ledger_entry.c.entry_id)
    with engine.connect() as connection:
        found = connection.execute(query.where(ledger_entry.c.source_type == SourceType.SETTLEMENT_BATCH.value))
        return [tuple(row) for row in found]


def adjust(engine: Engine, amount: int, at: datetime, number: int = 1, merchant_id: str = "M1") -> None:
    """A correction for the merchant, as operators make it."""
    accounts = (Account.FEE_REVENUE, Account.MERCHANT_PAYABLE)
    with engine.begin() as connection:
        postings = source_store.moved(0, *accounts, amount, "KRW")
        source_store.post(connection, SourceType.ADJUSTMENT, number, merchant_id, postings, at, at)


def test_a_day(engine: Engine) -> None:
    price(engine)
    first = sell(engine, 10_000)
    sell(engine, 333)
    refund(engine, first, 5_000)
    post(engine, NOON)
    adjust(engine, -20, NOON)
    assert settle(engine) == SettleReport(closed=1, items=4)
    (only,) = batches(engine)
    done = only.batch
    assert (done.gross, done.refunds, done.fees, done.adjustments) == (10_333, 5_000, 180 + 35 - 75, -20)
    assert (done.net, done.items, done.state) == (5_173, 4, State.CLOSED)
    assert (only.number, only.cutoff, only.created_at, only.closed_at) == (1, MIDNIGHT, NEXT, NEXT)
    assert posted_by_batches(engine) == [
        (done.batch_id, 0, "merchant_payable", "fee_revenue", 140, "M1"),
        (done.batch_id, 1, "merchant_payable", "payout_clearing", 5_173, "M1"),
    ]
    check(engine)
    assert settle(engine) == SettleReport()
    assert settle(engine, NEXT + DAY) == SettleReport()  # what the batch has posted is no item of another one


def test_a_chunk_that_comes_too_late_is_not_taken(engine: Engine) -> None:
    """Another closer was faster: its batch is closed, also one of a later cut-off."""
    sell(engine, 100)
    settle(engine)
    sell(engine, 70)
    with engine.begin() as connection:
        (waiting,) = waiting_store.waiting(connection, 1)
        for cutoff in (MIDNIGHT, NOON + timedelta(hours=1)):
            assert take(connection, waiting, cutoff, NEXT) == Taken(0, None)
    assert [each.batch.gross for each in batches(engine)] == [100]


def test_the_hash_is_of_the_statement(engine: Engine) -> None:
    sell(engine, 10_000)
    settle(engine)
    (only,) = batches(engine)
    with engine.connect() as connection:
        items = [each.item for each in item_store.of_batch(connection, only.batch.batch_id)]
    assert only.sha256 == hashlib.sha256(statement(only.batch, items)).hexdigest()


def test_an_item_says_what_it_is_of(engine: Engine) -> None:
    payment_id = sell(engine, 10_000)
    adjust(engine, 7, NOON, number=3)
    settle(engine)
    (only,) = batches(engine)
    with engine.connect() as connection:
        correction, sale = sorted(item_store.page(connection, only.batch.batch_id, 0, 10), key=lambda i: i.item.kind)
        assert item_store.page(connection, only.batch.batch_id, 0, 1) == [
            min(correction, sale, key=lambda i: i.item_id)
        ]
    assert (sale.item.kind, sale.item.payment_id, sale.source) == (ItemKind.CAPTURE, payment_id, None)
    assert sale.item.event_id is not None
    assert sale.occurred_at == NOON
    assert (correction.item.kind, correction.item.amount) == (ItemKind.ADJUSTMENT, 7)
    assert (correction.item.event_id, correction.item.payment_id) == (None, None)
    assert correction.source == (SourceType.ADJUSTMENT, 3)


def test_the_cut_off_is_exclusive(engine: Engine) -> None:
    sell(engine, 100, at=MIDNIGHT - timedelta(microseconds=1))
    sell(engine, 70, at=MIDNIGHT)
    settle(engine, MIDNIGHT)
    assert [each.batch.gross for each in batches(engine)] == [100]
    settle(engine, MIDNIGHT + DAY)
    assert [(each.batch.gross, each.cutoff) for each in batches(engine)] == [(100, MIDNIGHT), (70, MIDNIGHT + DAY)]
    check(engine)


def test_nothing_is_closed_before_the_delay(engine: Engine) -> None:
    sell(engine, 100)
    delay = timedelta(minutes=15)
    assert settle(engine, MIDNIGHT + delay - timedelta(seconds=1), delay=delay) == SettleReport()
    assert settle(engine, MIDNIGHT + delay, delay=delay) == SettleReport(closed=1, items=1)


def test_what_comes_late_is_in_the_next_batch(engine: Engine) -> None:
    sell(engine, 100)
    late = captured(engine, 70)
    settle(engine)
    refund(engine, late, 20)
    post(engine, NOON)  # it occurred before the cut-off of the batch that is closed
    assert settle(engine) == SettleReport()
    assert settle(engine, NEXT + DAY) == SettleReport(closed=1, items=2)
    assert [each.batch.net for each in batches(engine)] == [100, 50]
    check(engine)


def test_a_refund_before_its_capture_waits(engine: Engine) -> None:
    price(engine)
    payment_id = captured(engine, 1_000)
    refund(engine, payment_id, 400)
    hold(engine, "PAYMENT_CAPTURED")
    post(engine, NOON)
    assert settle(engine) == SettleReport()
    assert batches(engine) == []  # not even opened
    sell(engine, 5_000)
    assert settle(engine) == SettleReport(closed=1, items=1)
    release(engine)
    post(engine, NOON)
    assert settle(engine, NEXT + DAY) == SettleReport(closed=1, items=2)
    assert [each.batch.fees for each in batches(engine)] == [105, 45 - 6]
    assert left(engine) == []
    check(engine)


def test_any_split_costs_the_same(engine: Engine) -> None:
    price(engine)
    payment_id = sell(engine, 3_333)
    settle(engine)
    capture(engine, payment_id, 3_333)
    post(engine, NEXT)
    settle(engine, NEXT + DAY)
    assert [each.batch.fees for each in batches(engine)] == [80, 130 - 80]


def test_the_schedule_is_that_of_the_authorization(engine: Engine) -> None:
    price(engine, valid_from=NOON)
    payment_id = sell(engine, 1_000, at=NOON)
    price(engine, valid_from=NOON + DAY, basis_points=1_000, on_refund=OnRefund.KEEP)
    price(engine, "M2", basis_points=0, fixed=1)
    settle(engine)
    refund(engine, payment_id, 1_000)
    post(engine, NEXT + timedelta(hours=1))
    sell(engine, 1_000, at=NEXT + timedelta(hours=1))
    sell(engine, 1_000, "M2", at=NEXT)
    settle(engine, NEXT + DAY)
    assert [each.batch.fees for each in batches(engine, "M1")] == [45, -45 + 130]
    assert [each.batch.fees for each in batches(engine, "M2")] == [1]
    check(engine)


def test_too_little_and_less_than_nothing_is_carried(engine: Engine) -> None:
    price(engine)
    payment_id = sell(engine, 1_000)
    assert settle(engine, minimum=956) == SettleReport(carried=1, items=1)
    assert posted_by_batches(engine)[0][1:] == (0, "merchant_payable", "fee_revenue", 45, "M1")
    check(engine)
    refund(engine, payment_id, 1_000)
    post(engine, NEXT)
    adjust(engine, -100, NEXT)
    assert settle(engine, NEXT + DAY) == SettleReport(carried=1, items=2)
    check(engine)
    sell(engine, 1_000, at=NEXT + DAY)
    assert settle(engine, NEXT + 2 * DAY) == SettleReport(closed=1, items=1)
    found = [(e.batch.carried_in, e.batch.net, e.batch.carried_out, e.batch.state) for e in batches(engine)]
    carried, closed = State.CARRIED, State.CLOSED
    assert found == [(0, 955, 955, carried), (955, -100, -100, carried), (-100, 855, 0, closed)]
    # a refund gives its fee back: fee_revenue to merchant_payable
    assert posted_by_batches(engine)[1][1:] == (0, "fee_revenue", "merchant_payable", 45, "M1")
    check(engine)


def test_each_merchant_has_its_days_and_each_currency_its_batch(engine: Engine) -> None:
    register(engine, "M2", "Asia/Seoul")
    for name in ("M1", "M2"):
        sell(engine, 100, name)
        sell(engine, 30, name, "USD")
    seoul = NOON + timedelta(hours=3)
    assert settle(engine, seoul) == SettleReport(closed=2, items=2)
    assert settle(engine) == SettleReport(closed=2, items=2)
    assert [each.cutoff for each in batches(engine, "M2")] == [seoul, seoul]
    assert [each.cutoff for each in batches(engine, "M1")] == [MIDNIGHT, MIDNIGHT]
    check(engine)


def test_an_unknown_zone_stops_nobody_else(engine: Engine) -> None:
    register(engine, "M1", "Mars/Base")
    sell(engine, 100, "M1")
    sell(engine, 70, "M2")
    with pytest.raises(NotAllSettled, match=r"1 could not be settled, such as M1 KRW .*Mars/Base") as failed:
        settle(engine)
    assert failed.value.report == SettleReport(closed=1, items=1)
    assert [each.batch.gross for each in batches(engine)] == [70]
    with engine.begin() as connection:
        connection.execute(update(merchant).values(time_zone="UTC"))
    assert settle(engine) == SettleReport(closed=1, items=1)


def test_a_cut_off_of_an_operator(engine: Engine) -> None:
    sell(engine, 100)
    sell(engine, 30, at=NOON + timedelta(hours=2))
    now = NOON + timedelta(hours=3)
    assert settle(engine, now, cutoff=NOON + timedelta(hours=1)) == SettleReport(closed=1, items=1)
    assert settle(engine, now, cutoff=NOON) == SettleReport()  # before the last one
    assert settle(engine) == SettleReport(closed=1, items=1)
    with pytest.raises(ValueError, match="not in the future"):
        settle(engine, now, cutoff=now + DAY)
    check(engine)
