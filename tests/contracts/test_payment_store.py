"""The payment store on both databases: ids, locks, pages, and what it writes is what it reads."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, delete
from sqlalchemy.exc import IntegrityError

from payments.adapters import payment_store
from payments.adapters.tables import payment as table
from payments.domain.payment import Payment, ReleaseReason, authorize

NOW = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as open_connection:
        yield open_connection


def new(key: str, merchant: str = "M1", amount: int = 10) -> Payment:
    return authorize(merchant, key, amount, "KRW", NOW, timedelta(days=7))


def stored(connection: Connection, payment: Payment) -> Payment:
    (payment_id,) = payment_store.add(connection, [payment]).values()
    return replace(payment, payment_id=payment_id)


def test_a_payment_comes_back_as_it_was(connection: Connection) -> None:
    payment = stored(connection, new("é\0😀 ", "Ä " * 16, 10**12))
    assert payment_store.get(connection, payment.payment_id) == payment
    assert payment_store.lock(connection, [payment.payment_id]) == {payment.payment_id: payment}


def test_ids_are_matched_by_key_whatever_the_order(connection: Connection) -> None:
    payments = [new(str(number), f"M{number % 3}", 1 + number) for number in range(200)]
    ids = payment_store.add(connection, payments)
    assert len(ids) == len(set(ids.values())) == 200
    for payment in payments:
        got = payment_store.get(connection, ids[payment.merchant_id, payment.idempotency_key])
        assert got is not None
        assert got.amount == payment.amount


def test_a_key_makes_one_payment(connection: Connection) -> None:
    stored(connection, new("k"))
    with pytest.raises(IntegrityError):
        payment_store.add(connection, [new("other"), new("k")])


def test_the_same_key_of_another_merchant_is_another_key(connection: Connection) -> None:
    first, second = stored(connection, new("k", "M1")), stored(connection, new("k", "M2"))
    assert payment_store.taken_keys(connection, [("M1", "k"), ("M2", "k"), ("M3", "k")]) == {("M1", "k"), ("M2", "k")}
    assert payment_store.owners(connection, [first.payment_id, second.payment_id, 999]) == {
        first.payment_id: "M1",
        second.payment_id: "M2",
    }


def test_save_changes_those_rows_and_no_other(connection: Connection) -> None:
    kept, *changed = (stored(connection, new(str(number))) for number in range(3))
    later = NOW + timedelta(seconds=1)
    wanted = [changed[1].capture(4, later)[0], changed[0].void(later)[0]]
    payment_store.save(connection, wanted)
    assert payment_store.lock(connection, [p.payment_id for p in (kept, *changed)]) == {
        p.payment_id: p for p in (kept, *wanted)
    }
    assert wanted[1].release_reason is ReleaseReason.VOIDED


def test_absent_payments_are_absent(connection: Connection) -> None:
    assert payment_store.get(connection, 1) is None
    assert payment_store.lock(connection, [1, 2]) == {}
    assert payment_store.owners(connection, []) == {}


def test_pages_are_newest_first(connection: Connection) -> None:
    ids = [stored(connection, new(str(number))).payment_id for number in range(5)]
    stored(connection, new("k", "M2"))
    first = payment_store.page(connection, "M1", None, None, 3)
    assert [p.payment_id for p in first] == ids[:1:-1]
    assert [p.payment_id for p in payment_store.page(connection, "M1", None, first[-1].payment_id, 3)] == ids[1::-1]


def test_pages_by_status(connection: Connection) -> None:
    payments = [stored(connection, new(str(number))) for number in range(3)]
    payment_store.save(connection, [payments[1].capture(None, NOW)[0]])
    assert [p.payment_id for p in payment_store.page(connection, "M1", "CAPTURED", None, 10)] == [
        payments[1].payment_id
    ]
    assert len(payment_store.page(connection, "M1", "AUTHORIZED", None, 10)) == 2


def test_what_is_over_and_still_open_has_expired(connection: Connection) -> None:
    over, partly, _captured, voided, _young = payments = [stored(connection, new(str(number))) for number in range(5)]
    payment_store.save(
        connection,
        [
            replace(partly, captured_amount=4, refunded_amount=4),
            replace(payments[2], captured_amount=10),
            voided.void(NOW)[0],
        ],
    )
    young = replace(payments[4], expires_at=NOW + timedelta(days=8))
    connection.execute(table.update().where(table.c.payment_id == young.payment_id).values(expires_at=young.expires_at))
    due = over.expires_at
    assert sorted(payment_store.expired(connection, due, 10)) == [(over.payment_id, "M1"), (partly.payment_id, "M1")]
    assert payment_store.expired(connection, due - timedelta(microseconds=1), 10) == []
    assert len(payment_store.expired(connection, due, 1)) == 1


def test_ids_never_return_after_a_delete(engine: Engine) -> None:
    with engine.begin() as connection:
        payment = stored(connection, new("first"))
        connection.execute(delete(table))
    engine.dispose()  # on MariaDB the counter outlives this, on SQLite AUTOINCREMENT remembers it
    with engine.begin() as connection:
        assert stored(connection, new("second")).payment_id > payment.payment_id


def test_only_utc_goes_in(connection: Connection) -> None:
    local = replace(new("k"), requested_at=datetime(2025, 10, 27))  # noqa: DTZ001
    with pytest.raises(Exception, match="times must be UTC"):
        payment_store.add(connection, [local])
