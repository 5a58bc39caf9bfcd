"""The database's constraints: raw SQL that must fail, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError

from payments.platform.database import Failure, classify
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import payment

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


# MariaDB names the checks that 0014 added after their columns, and asks them first
PENDING = r"ck_payment_pending|payment\.pending_release"
REASON = r"ck_payment_release_reason|payment\.release_reason"
LIMIT = f"ck_payment_not_|{PENDING}"
IMPOSSIBLE_PAYMENTS: list[tuple[dict[str, object], str]] = [
    ({"amount": 0}, f"ck_payment_|{LIMIT}|{REASON}"),
    ({"amount": -10}, f"ck_payment_|{LIMIT}|{REASON}"),
    ({"captured_amount": 11}, LIMIT),
    ({"captured_amount": -1}, LIMIT),
    ({"refunded_amount": 6}, LIMIT),
    ({"refunded_amount": -1}, LIMIT),
    ({"released_amount": 6, "release_reason": "VOIDED"}, LIMIT),
    ({"released_amount": -1}, f"ck_payment_|{LIMIT}|{REASON}"),
    ({"released_amount": 5}, REASON),
    ({"release_reason": "VOIDED"}, REASON),
    ({"released_amount": 5, "release_reason": "LOST"}, REASON),
    ({"release_reason": "DECLINED"}, REASON),
    ({"captured_amount": 0, "release_reason": "DECLINED", "decided_at": None}, REASON),
    ({"captured_amount": 0, "released_amount": 10, "release_reason": "DECLINED"}, REASON),
    ({"pending_capture": 6}, PENDING),
    ({"pending_release": 6}, PENDING),
    ({"pending_capture": 3, "pending_release": 3}, PENDING),
    ({"pending_refund": 6}, PENDING),
    ({"refunded_amount": 3, "pending_refund": 3}, PENDING),
    ({"pending_capture": -1}, PENDING),
    ({"pending_refund": -1}, PENDING),
    ({"pending_release": -1}, PENDING),
    ({"connector": None}, "(?i)null"),
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


def test_what_an_acquirer_may_do_passes(connection: Connection) -> None:
    connection.execute(payment.update().values(pending_capture=2, pending_release=3, pending_refund=5))
    nothing = {"captured_amount": 0, "pending_capture": 0, "pending_release": 0, "pending_refund": 0}
    connection.execute(payment.update().values(**nothing, release_reason="DECLINED"))
    assert connection.execute(select(payment.c.open_until)).scalar_one() is None
    connection.rollback()


def test_an_amount_is_open_while_nothing_about_it_runs(connection: Connection) -> None:
    def open_until(**values: object) -> object:
        connection.execute(payment.update().values(**values))
        return connection.execute(select(payment.c.open_until)).scalar_one()

    for name in ("pending_capture", "pending_release"):
        assert open_until(**{name: 1}) is None
        assert open_until(**{name: 0}) == NOW
    assert open_until(pending_refund=1) == NOW
    assert open_until(decided_at=None) is None
    assert open_until(decided_at=NOW) == NOW


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
