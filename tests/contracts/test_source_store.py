"""Postings of sources: each number of a source once, of a merchant or of nobody, beside those of payments."""

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError

from payments.ledger import store
from payments.ledger.rules import Account, SourceType
from payments.ledger.source_store import SourcePosting, moved, post
from payments.platform.clock import database_now
from payments.platform.database import Failure, classify
from payments.platform.tables.ledger import ledger_entry

FEE = SourcePosting(0, Account.MERCHANT_PAYABLE, Account.FEE_REVENUE, 180, "USD")
PAID = SourcePosting(1, Account.MERCHANT_PAYABLE, Account.PAYOUT_CLEARING, 9820, "USD")


def test_an_amount_with_a_sign_becomes_a_posting_of_the_right_sides() -> None:
    debit, credit = Account.BANK, Account.RECONCILIATION_SUSPENSE
    assert moved(3, debit, credit, 5, "KRW") == [SourcePosting(3, debit, credit, 5, "KRW")]
    assert moved(3, debit, credit, -5, "KRW") == [SourcePosting(3, credit, debit, 5, "KRW")]
    assert moved(3, debit, credit, 0, "KRW") == []


def test_a_source_s_postings_are_its_merchant_s(engine: Engine) -> None:
    with engine.begin() as connection:
        now = database_now(connection)
        post(connection, SourceType.SETTLEMENT_BATCH, 7, "M1", [FEE, PAID], now, now)
        post(connection, SourceType.RECON_FILE, 7, None, [FEE._replace(amount=1)], now, now)
        post(connection, SourceType.RECON_FILE, 8, None, [], now, now)
    with engine.connect() as connection:
        first, second, third = store.page(connection, store.Wanted(), None, 10)
        assert (first.source_type, first.source_id, first.merchant_id, first.posting_no) == (
            "settlement_batch",
            7,
            "M1",
            0,
        )
        assert (first.payment_id, first.event_id, second.amount, third.merchant_id) == (None, None, 9820, None)
        assert {each.amount for each in store.moved(connection, "M1")} == {180, 9820}
        assert {each.amount for each in store.moved(connection, None)} == {181, 9820}
        assert store.moved(connection, "M2") == []


def test_a_number_of_a_source_is_posted_once(engine: Engine) -> None:
    with engine.begin() as connection:
        now = database_now(connection)
        post(connection, SourceType.PAYOUT, 1, "M1", [FEE], now, now)
    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        post(connection, SourceType.PAYOUT, 1, "M1", [PAID, FEE], now, now)
    assert classify(caught.value) is Failure.DUPLICATE
    with engine.connect() as connection:
        assert len(connection.execute(select(ledger_entry)).all()) == 1


IMPOSSIBLE = [
    "NULL, NULL, NULL, NULL, NULL",  # of nothing
    "NULL, 1, NULL, NULL, NULL",  # an event without a payment
    "NULL, NULL, 'payout', NULL, NULL",
    "NULL, NULL, NULL, 1, NULL",
    "NULL, 1, 'payout', 1, NULL",
    "1, 1, 'payout', 1, NULL",  # of both
    "1, NULL, NULL, NULL, NULL",
    "1, 1, NULL, NULL, 'M1'",  # a payment's merchant is in the payment
]


@pytest.mark.parametrize("origin", IMPOSSIBLE)
def test_a_posting_is_of_an_event_or_of_a_source(engine: Engine, origin: str) -> None:
    insert = (
        "INSERT INTO ledger_entry (payment_id, event_id, source_type, source_id, merchant_id, posting_no,"
        f" debit_account, credit_account, amount, currency, occurred_at, posted_at) VALUES ({origin}, 0, 'bank',"
        " 'fee_revenue', 1, 'KRW', '2030-05-17 00:00:00.000000', '2030-05-17 00:00:00.000000')"
    )
    with pytest.raises(Exception, match=r"(?i)ck_entry_origin|source_type") as caught, engine.begin() as connection:
        connection.execute(text(insert))
    assert classify(caught.value) is Failure.OTHER
