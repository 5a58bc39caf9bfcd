"""The database's constraints: raw SQL that must fail, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from payments.platform.database import Failure, classify
from payments.platform.tables import ledger_entry, payment

NOW = datetime(2025, 10, 27, tzinfo=UTC)
PAYMENT = {
    "merchant_id": "M1",
    "amount": 10,
    "captured_amount": 5,
    "released_amount": 0,
    "refunded_amount": 0,
    "release_reason": None,
    "currency": "KRW",
    "status": "PARTIALLY_CAPTURED",
    "idempotency_key": "k",
    "requested_at": NOW,
    "updated_at": NOW,
    "expires_at": NOW,
}
ENTRY = {
    "payment_id": 1,
    "event_id": 7,
    "posting_no": 0,
    "debit_account": "customer_hold",
    "credit_account": "hold_clearing",
    "amount": 10,
    "currency": "KRW",
    "occurred_at": NOW,
    "posted_at": NOW,
}


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A payment with one posting."""
    with engine.begin() as made:
        made.execute(payment.insert(), {"payment_id": 1, **PAYMENT})
        made.execute(ledger_entry.insert(), ENTRY)
    with engine.connect() as connection:
        yield connection


@contextmanager
def refused(connection: Connection, because: str = ".") -> Iterator[None]:
    """The block must fail with an error that names `because`, and not by a lost connection."""
    with pytest.raises(DBAPIError, match=because) as caught:
        yield
    assert classify(caught.value) in (Failure.OTHER, Failure.DUPLICATE)
    connection.rollback()


IMPOSSIBLE_PAYMENTS: list[tuple[dict[str, object], str]] = [
    ({"amount": 0}, "ck_payment_"),
    ({"amount": -10}, "ck_payment_"),
    ({"captured_amount": 11}, "ck_payment_not_over_captured"),
    ({"captured_amount": -1}, "ck_payment_not_"),
    ({"refunded_amount": 6}, "ck_payment_not_over_refunded"),
    ({"refunded_amount": -1}, "ck_payment_not_negative"),
    ({"released_amount": 6, "release_reason": "VOIDED"}, "ck_payment_not_over_captured"),
    ({"released_amount": -1}, "ck_payment_"),
    ({"released_amount": 5}, "ck_payment_release_reason"),
    ({"release_reason": "VOIDED"}, "ck_payment_release_reason"),
    ({"released_amount": 5, "release_reason": "LOST"}, "ck_payment_release_reason"),
    ({"amount": None}, "(?i)null"),
    ({"currency": None}, "(?i)null"),
]


def test_a_payment_s_amounts_stay_possible(connection: Connection, subtests: pytest.Subtests) -> None:
    for change, check in IMPOSSIBLE_PAYMENTS:
        with subtests.test("update", change=change), refused(connection, check):
            connection.execute(payment.update().where(payment.c.payment_id == 1).values(change))
        with subtests.test("insert", change=change), refused(connection, check):
            connection.execute(payment.insert(), PAYMENT | {"idempotency_key": "other"} | change)


def test_a_release_that_is_right_passes(connection: Connection) -> None:
    connection.execute(payment.update().values(released_amount=5, release_reason="EXPIRED"))


IMPOSSIBLE_POSTINGS: list[tuple[dict[str, object], str]] = [
    ({"amount": 0}, "ck_entry_amount"),
    ({"amount": -5}, "ck_entry_amount"),
    ({"credit_account": "customer_hold"}, "ck_entry_accounts"),
    ({"payment_id": 2}, "(?i)foreign key"),
    ({"event_id": 7}, "(?i)unique|duplicate"),
    ({"posting_no": None}, "(?i)null"),
]


def test_a_posting_is_positive_between_two_accounts_of_a_payment_and_once(
    connection: Connection, subtests: pytest.Subtests
) -> None:
    for change, because in IMPOSSIBLE_POSTINGS:
        with subtests.test(change=change), refused(connection, because):
            connection.execute(ledger_entry.insert(), ENTRY | {"event_id": 8} | change)


ATTACKS = [
    "UPDATE ledger_entry SET amount = 1",
    "UPDATE ledger_entry SET amount = amount",
    "DELETE FROM ledger_entry",
    "DELETE FROM ledger_entry WHERE entry_id = 1",
    "INSERT INTO ledger_entry SELECT * FROM ledger_entry",
    "DELETE FROM payment WHERE payment_id = 1",
    "UPDATE payment SET payment_id = 2 WHERE payment_id = 1",
    " ".join(["REPLACE", "INTO ledger_entry SELECT * FROM ledger_entry"]),  # so the guard against it reads past this
]


def test_the_ledger_is_append_only(connection: Connection, subtests: pytest.Subtests) -> None:
    before = connection.execute(text("SELECT * FROM ledger_entry")).all()
    for attack in ATTACKS:
        with subtests.test(attack), refused(connection):
            connection.execute(text(attack))
        assert connection.execute(text("SELECT * FROM ledger_entry")).all() == before


def test_an_accountant_sees_two_lines_for_each_posting(connection: Connection) -> None:
    lines = connection.execute(text("SELECT account, debit, credit FROM ledger_line ORDER BY debit DESC")).all()
    assert [tuple(line) for line in lines] == [("customer_hold", 10, 0), ("hold_clearing", 0, 10)]
