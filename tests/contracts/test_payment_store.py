"""The payment store on both databases: ids, locks, pages, and it reads what it wrote."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, delete, update
from sqlalchemy.exc import IntegrityError

from payments.payment import store as payment_store
from payments.payment.rules import NewPayment, Payment, ReleaseReason
from payments.payment.view import PaymentItem, item_values, listed_item
from payments.platform.clock import database_now
from payments.platform.tables.payments import payment as table
from payments.platform.writing import write
from tests.contracts.commands import new_payment


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as open_connection:
        yield open_connection


def stored(connection: Connection, new: NewPayment) -> Payment:
    payments, _at = payment_store.add(connection, [new])
    return payments[new.merchant_id, new.idempotency_key]


def test_a_payment_comes_back_as_it_was(connection: Connection) -> None:
    payment = stored(connection, new_payment("é\0😀 ", 10**12, "Ä " * 16))
    assert payment_store.get(connection, payment.payment_id) == payment
    assert payment_store.lock(connection, [payment.payment_id])[0] == {payment.payment_id: payment}


def test_times_are_the_database_s(connection: Connection) -> None:
    before = database_now(connection)
    payment = stored(connection, new_payment("k"))
    assert before <= payment.requested_at <= database_now(connection)


def test_ids_are_matched_by_key_whatever_the_order(connection: Connection) -> None:
    new = [new_payment(str(number), 1 + number, f"M{number % 3}") for number in range(200)]
    payments, _at = payment_store.add(connection, new)
    assert len(payments) == len({payment.payment_id for payment in payments.values()}) == 200
    for payment in new:
        found = payments[payment.merchant_id, payment.idempotency_key]
        assert payment_store.get(connection, found.payment_id) == found
        assert found.amount == payment.amount


def test_a_key_makes_one_payment(connection: Connection) -> None:
    stored(connection, new_payment("k"))
    with pytest.raises(IntegrityError):
        payment_store.add(connection, [new_payment("other"), new_payment("k")])


def test_the_same_key_of_another_merchant_is_another_key(connection: Connection) -> None:
    first, second = (stored(connection, new_payment("k", merchant=name)) for name in ("M1", "M2"))
    assert payment_store.taken_keys(connection, [("M1", "k"), ("M2", "k"), ("M3", "k")]) == {("M1", "k"), ("M2", "k")}
    assert payment_store.owners(connection, [first.payment_id, second.payment_id, 999]) == {
        first.payment_id: "M1",
        second.payment_id: "M2",
    }


def test_save_changes_those_rows_and_no_other(connection: Connection) -> None:
    kept, *changed = (stored(connection, new_payment(str(number))) for number in range(3))
    later = kept.requested_at + timedelta(seconds=1)
    wanted = [changed[1].capture(4, later)[0], changed[0].void(later)[0]]
    write(connection, payment_store.saving(wanted))
    assert payment_store.lock(connection, [p.payment_id for p in (kept, *changed)])[0] == {
        p.payment_id: p for p in (kept, *wanted)
    }
    assert wanted[1].release_reason is ReleaseReason.VOIDED


def test_absent_payments_are_absent(connection: Connection) -> None:
    assert payment_store.get(connection, 1) is None
    assert payment_store.lock(connection, [1, 2])[0] == {}
    assert payment_store.owners(connection, []) == {}


def test_pages_are_newest_first(connection: Connection) -> None:
    ids = [stored(connection, new_payment(str(number))).payment_id for number in range(5)]
    stored(connection, new_payment("k", merchant="M2"))
    first = payment_store.page(connection, "M1", None, None, 3)
    assert [p.payment_id for p in first] == ids[:1:-1]
    assert [p.payment_id for p in payment_store.page(connection, "M1", None, first[-1].payment_id, 3)] == ids[1::-1]


def test_a_page_shows_what_each_payment_shows(connection: Connection) -> None:
    ids = [stored(connection, new_payment(str(number))).payment_id for number in range(3)]
    whole_second = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
    changed = update(table).where(table.c.payment_id == ids[0])
    connection.execute(changed.values(requested_at=whole_second, expires_at=whole_second + timedelta(days=7)))
    shown = [listed_item(row) for row in payment_store.page(connection, "M1", None, None, 3)]
    found = [payment_store.get(connection, payment_id) for payment_id in reversed(ids)]
    assert shown == [PaymentItem(*item_values(payment)) for payment in found if payment]


def test_pages_by_status(connection: Connection) -> None:
    payments = [stored(connection, new_payment(str(number))) for number in range(3)]
    write(connection, payment_store.saving([payments[1].capture(None, payments[1].requested_at)[0]]))
    assert [p.payment_id for p in payment_store.page(connection, "M1", "CAPTURED", None, 10)] == [
        payments[1].payment_id
    ]
    assert len(payment_store.page(connection, "M1", "AUTHORIZED", None, 10)) == 2


def test_what_is_over_and_still_open_has_expired(connection: Connection) -> None:
    payments = [stored(connection, new_payment(str(number))) for number in range(5)]
    over, partly, _captured, voided, young = payments
    changed = [
        replace(partly, captured_amount=4, refunded_amount=4),
        replace(payments[2], captured_amount=10_000),
        voided.void(voided.requested_at)[0],
    ]
    write(connection, payment_store.saving(changed))
    due = over.expires_at
    for payment in payments:
        expires_at = due + timedelta(days=1) if payment is young else due
        connection.execute(table.update().where(table.c.payment_id == payment.payment_id).values(expires_at=expires_at))
    assert sorted(payment_store.expired(connection, due, 10)) == [(over.payment_id, "M1"), (partly.payment_id, "M1")]
    assert payment_store.expired(connection, due - timedelta(microseconds=1), 10) == []
    assert len(payment_store.expired(connection, due, 1)) == 1


def test_ids_never_return_after_a_delete(engine: Engine) -> None:
    with engine.begin() as connection:
        payment = stored(connection, new_payment("first"))
        connection.execute(delete(table))
    engine.dispose()  # on MariaDB the counter survives this, on SQLite AUTOINCREMENT keeps it
    with engine.begin() as connection:
        assert stored(connection, new_payment("second")).payment_id > payment.payment_id


def test_only_utc_goes_in(connection: Connection) -> None:
    local = replace(stored(connection, new_payment("k")), requested_at=datetime(2025, 10, 27))  # noqa: DTZ001
    with pytest.raises(ValueError, match="times must be UTC"):
        payment_store.saving([local])
