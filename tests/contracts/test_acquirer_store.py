"""Operations at an acquirer, stored, locked, claimed and counted, on both databases."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from payments.acquiring import store
from payments.acquiring.connector import Kind
from payments.acquiring.operation import StoredOperation, Summary
from payments.acquiring.rules import State, reference
from payments.platform.database import Failure, classify
from payments.platform.tables.acquirer import acquirer_operation as table
from payments.platform.writing import write
from tests.contracts.reads import rows_read

NOW = datetime(2025, 10, 27, 6, 16, 28, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def operation(payment_id: int = 1, kind: Kind = Kind.AUTHORIZATION, number: int = 1, **values: Any) -> StoredOperation:
    """A new operation of merchant M1."""
    return StoredOperation(
        **{
            "payment_id": payment_id,
            "connector": "simulator",
            "kind": kind,
            "amount": 100,
            "currency": "KRW",
            "reference": reference("00", payment_id, kind, number),
            "merchant_id": "M1",
            "created_at": NOW,
            **values,
        }
    )


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A transaction."""
    with engine.begin() as connection:
        yield connection


def add(connection: Connection, *operations: StoredOperation) -> list[StoredOperation]:
    """Store them; returns them with their ids."""
    write(connection, store.addition(operations))
    found = store.lock(connection, [one.reference for one in operations])
    return [found[one.reference] for one in operations]


def test_the_fields_are_the_columns() -> None:
    assert {one.name for one in fields(StoredOperation)} == {column.name for column in table.c}


def test_what_is_stored_is_read(connection: Connection) -> None:
    least = operation()
    full = operation(
        kind=Kind.VOID,
        authorization_reference=least.reference,
        state=State.MANUAL,
        acquirer_reference="auth_é",
        decline_code="insufficient_funds",
        idempotency_key="k😀",
        request_digest="d" * 64,
        request_id="r",
        headers='{"traceparent": "t"}',
        reverses=1,
        sent_at=NOW + timedelta(seconds=1),
        decided_at=NOW + timedelta(seconds=2),
        next_enquiry_at=NOW + timedelta(seconds=3),
        enquiries=4,
        proposal="APPROVED",
        proposed_by="operator",
        proposed_reason="the acquirer said so",
    )
    stored = add(connection, least, full)
    assert stored == [replace(least, operation_id=1), replace(full, operation_id=2)]
    assert store.of_payment(connection, 1) == stored
    assert store.get(connection, 2) == stored[1]
    assert store.get(connection, 3) is None
    assert store.of_payment(connection, 2) == []


def test_a_reference_is_used_once(connection: Connection) -> None:
    add(connection, operation())
    with pytest.raises(IntegrityError) as caught:
        write(connection, store.addition([operation(amount=5)]))
    assert classify(caught.value) is Failure.DUPLICATE


@pytest.mark.parametrize("change", [{"amount": 0}, {"amount": -1}, {"currency": None}])
def test_what_cannot_be_is_refused(connection: Connection, change: dict[str, Any]) -> None:
    with pytest.raises(DBAPIError):
        write(connection, store.addition([operation(**change)]))


def test_saving_writes_what_happened_and_nothing_else(connection: Connection) -> None:
    first, second = add(connection, operation(), operation(2))
    happened: dict[str, Any] = {
        "state": State.APPROVED,
        "acquirer_reference": "a",
        "decline_code": "c",
        "sent_at": NOW,
        "decided_at": LATER,
        "next_enquiry_at": None,
        "enquiries": 3,
        "proposal": "DECLINED",
        "proposed_by": "o",
        "proposed_reason": "r",
    }
    changed = replace(first, **happened)
    write(connection, store.saving([replace(second, state=State.SENT), replace(changed, amount=7, merchant_id="M2")]))
    assert store.lock(connection, [first.reference]) == {first.reference: changed}
    (third,) = add(connection, operation(3))
    assert third.operation_id == 3, "no id is lost"


def test_only_what_is_stored_is_saved() -> None:
    with pytest.raises(ValueError, match="stored before"):
        store.saving([operation()])


def test_lock_returns_those_that_exist(connection: Connection) -> None:
    one, two = add(connection, operation(2), operation(1))
    wanted = [one.reference, two.reference, one.reference, "00-9-void-1"]
    assert store.lock(connection, wanted) == {one.reference: one, two.reference: two}
    assert store.lock(connection, []) == {}


def test_a_summary_counts_by_kind_and_names_the_approved_authorization(connection: Connection) -> None:
    add(
        connection,
        operation(1, number=1, state=State.NOT_SENT),
        operation(1, number=2, state=State.APPROVED),
        operation(1, Kind.CAPTURE, 1, state=State.APPROVED),
        operation(1, Kind.CAPTURE, 2, state=State.UNKNOWN),
        operation(2, number=1, state=State.UNKNOWN),
    )
    assert store.summary(connection, [1, 2, 3]) == {
        1: Summary({Kind.AUTHORIZATION: 2, Kind.CAPTURE: 2}, "00-1-authorization-2"),
        2: Summary({Kind.AUTHORIZATION: 1}),
        3: Summary(),
    }
    assert store.summary(connection, []) == {}


def test_due_is_what_waits_longest(connection: Connection) -> None:
    stored = add(
        connection,
        operation(1, next_enquiry_at=NOW),
        operation(2, next_enquiry_at=NOW - timedelta(seconds=1)),
        operation(3, next_enquiry_at=LATER),
        operation(4),
    )
    assert store.due(connection, NOW, 10) == [stored[1], stored[0]]
    assert store.due(connection, NOW, 1) == [stored[1]]


def test_an_operation_is_claimed_once(engine: Engine) -> None:
    with engine.begin() as connection:
        add(connection, operation(1, next_enquiry_at=NOW), operation(2, next_enquiry_at=LATER), operation(3))
    for claimed in ({1}, set()):
        with engine.begin() as connection:
            assert store.claim(connection, [1, 2, 3, 9], LATER, NOW) == claimed
    with engine.begin() as connection:
        found = [one.next_enquiry_at for number in (1, 2, 3) for one in store.of_payment(connection, number)]
        assert found == [LATER, LATER, None]
        assert store.claim(connection, [], LATER, NOW) == set()


def test_pages_are_newest_first(connection: Connection) -> None:
    add(
        connection,
        operation(1, state=State.MANUAL),
        operation(2, state=State.UNKNOWN),
        operation(3, state=State.MANUAL),
        operation(1, Kind.VOID, state=State.MANUAL),
    )

    def ids(states: tuple[State, ...], before: int | None, limit: int, payment_id: int | None = None) -> list[int]:
        return [one.operation_id for one in store.page(connection, states, before, limit, payment_id)]

    assert ids((), None, 3) == [4, 3, 2]
    assert ids((State.MANUAL,), None, 2) == [4, 3]
    assert ids((State.MANUAL,), 3, 2) == [1]
    assert ids((State.MANUAL, State.UNKNOWN), 3, 10) == [2, 1]
    assert ids((), None, 10, payment_id=1) == [4, 1]


def test_what_is_not_decided_is_counted(connection: Connection) -> None:
    assert store.by_state(connection) == {}
    assert store.oldest_unknown(connection) is None
    states = (State.APPROVED, State.CREATED, State.MANUAL, State.SENT, State.UNKNOWN, State.FENCING, State.UNKNOWN)
    add(
        connection,
        *(
            operation(number, state=state, created_at=NOW + timedelta(seconds=number))
            for number, state in enumerate(states)
        ),
    )
    once = (State.CREATED, State.SENT, State.FENCING, State.MANUAL)
    assert store.by_state(connection) == {State.UNKNOWN: 2, **dict.fromkeys(once, 1)}
    assert store.oldest_unknown(connection) == NOW + timedelta(seconds=3)


def test_a_lock_is_on_the_rows_that_are_asked_for_alone(mariadb: Engine, second: Engine) -> None:
    with mariadb.begin() as connection:
        add(connection, *(operation(number) for number in range(1, 6)))
    with mariadb.begin() as holder, second.begin() as other:
        assert len(store.lock(holder, [operation(2).reference])) == 1
        assert len(store.lock(other, [operation(4).reference, operation(1).reference])) == 2
        with pytest.raises(DBAPIError) as caught:
            store.lock(other, [operation(2).reference])
    assert classify(caught.value) is Failure.LOCKED


def test_scans_read_what_they_find(mariadb: Engine) -> None:
    many = [operation(number, state=State.APPROVED) for number in range(100, 2_100)]
    few = [operation(number, state=State.UNKNOWN, next_enquiry_at=NOW) for number in range(10)]
    with mariadb.begin() as connection:
        write(connection, store.addition(many))
        write(connection, store.addition(few))
        connection.exec_driver_sql("ANALYZE TABLE acquirer_operation").all()
    scans = {
        "due": lambda c: store.due(c, NOW, 10),
        "claim": lambda c: store.claim(c, [2_001], LATER, NOW),
        "lock": lambda c: store.lock(c, [few[0].reference]),
        "summary": lambda c: store.summary(c, [1, 2]),
        "of_payment": lambda c: store.of_payment(c, 1),
        "by_state": store.by_state,
        "oldest": store.oldest_unknown,
        "page": lambda c: store.page(c, (State.UNKNOWN,), None, 10),
    }
    read: dict[str, int] = {}
    with mariadb.begin() as connection:
        for name, scan in scans.items():
            before = rows_read(connection)
            assert scan(connection), name
            read[name] = rows_read(connection) - before
    assert {name: rows for name, rows in read.items() if rows > 50} == {}
