"""`run_batch` on both databases: every case of an idempotency key, and that a bad command affects no other."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Table, delete, func, select, text

from payments.outbox import store as outbox_store
from payments.outbox.rules import format_time
from payments.payment import store as payment_store
from payments.payment.answers import Result
from payments.payment.batch import BatchFailed, Stage, run_batch
from payments.platform.database import Failure
from payments.platform.tables.events import outbox_event
from payments.platform.tables.payments import idem_response_cache, payment
from tests.contracts.commands import authorize, capture, carry_out, expire, refund, run, run_one, void


def made(engine: Engine, key: str = "made", **fields: Any) -> int:
    """The id of a new payment of 10,000."""
    return int(json.loads(run_one(engine, authorize(key, **fields)).body)["paymentId"])


def status_and_text(result: Result) -> tuple[int, str]:
    """(status, status of the payment or code of the problem)."""
    if result.error is not None:
        return 0, result.error.code
    body = json.loads(result.body)
    return result.status, body.get("code") or body["status"]


def count(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_an_answer_is_the_contract_byte_for_byte(engine: Engine) -> None:
    result = run_one(engine, authorize("k"))
    with engine.connect() as connection:
        (listed,) = payment_store.page(connection, "M1", None, None, 10)
        row = payment_store.get(connection, listed.payment_id)
    assert row is not None
    assert row.expires_at - row.requested_at == timedelta(days=7)
    assert result.body == (
        f'{{"paymentId":{row.payment_id},"merchantId":"M1","status":"AUTHORIZED","amount":10000,"capturedAmount":0,'
        f'"releasedAmount":0,"refundedAmount":0,"currency":"KRW","createdAt":"{format_time(row.requested_at)}",'
        f'"expiresAt":"{format_time(row.expires_at)}","ledgerEntries":[],"message":"Payment authorized successfully"}}'
    )


def test_a_key_s_second_use_is_answered_byte_for_byte(engine: Engine) -> None:
    payment_id = made(engine)
    for command in (
        authorize("a"),
        capture(payment_id, "c", 4000),
        refund(payment_id, "r", 1000),
        void(payment_id, "v"),
        capture(payment_id, "late"),  # a conflict, stored like a success
    ):
        first, again = run_one(engine, command), run_one(engine, command)
        assert (again.status, again.body, again.replayed) == (first.status, first.body, True)
        assert not first.replayed
    assert count(engine, payment) == 2
    assert count(engine, outbox_event) == 5


def test_conflicts_are_stored_even_when_the_payment_changes_afterwards(engine: Engine) -> None:
    payment_id = made(engine)
    early = run_one(engine, refund(payment_id, "r", 1))
    run_one(engine, capture(payment_id, "c"))
    assert status_and_text(early) == (409, "REFUND_CONFLICT")
    assert run_one(engine, refund(payment_id, "r", 1)).body == early.body
    assert json.loads(early.body)["instance"] == f"/payments/refund/{payment_id}"


def test_another_command_with_the_same_key_is_refused(engine: Engine) -> None:
    payment_id = made(engine)
    run(engine, authorize("k", 5), capture(payment_id, "k", 10))
    for other in (authorize("k", 6), authorize("k", 5, currency="USD"), capture(payment_id, "k", 11)):
        assert status_and_text(run_one(engine, other)) == (0, "IDEMPOTENCY_KEY_REUSED")
    assert count(engine, payment) == 2


def test_operations_and_merchants_do_not_share_keys(engine: Engine) -> None:
    payment_id = made(engine, "k")
    results = run(
        engine,
        capture(payment_id, "k", 10),
        refund(payment_id, "k", 5),
        void(payment_id, "k"),
        authorize("k", merchant="M2"),
    )
    assert [status_and_text(result)[0] for result in results] == [200] * 4


def test_twice_in_one_batch_is_once_and_a_replay(engine: Engine) -> None:
    payment_id = made(engine)
    first, again, other = run(
        engine, capture(payment_id, "c", 10), capture(payment_id, "c", 10), capture(payment_id, "c", 11)
    )
    assert (first.replayed, again.replayed, again.body) == (False, True, first.body)
    assert status_and_text(other) == (0, "IDEMPOTENCY_KEY_REUSED")
    new, repeated = run(engine, authorize("n"), authorize("n"))
    assert (new.replayed, repeated.replayed, repeated.body) == (False, True, new.body)
    assert count(engine, payment) == 2


def test_an_unknown_payment_and_one_of_another_merchant_are_the_same(engine: Engine) -> None:
    payment_id = made(engine)
    unknown, others = run(engine, capture(payment_id + 999, "a"), capture(payment_id, "b", merchant="M2"))
    assert status_and_text(unknown) == status_and_text(others) == (0, "NOT_FOUND")
    assert count(engine, idem_response_cache) == 1, "a 404 is not stored"
    assert status_and_text(run_one(engine, capture(payment_id, "a"))) == (200, "CAPTURED"), "so its key is free"


def test_a_key_that_a_404_left_free_is_free_within_its_batch_too(engine: Engine) -> None:
    payment_id = made(engine)
    unknown, known = run(engine, capture(payment_id + 999, "a"), capture(payment_id, "a"))
    assert [status_and_text(unknown), status_and_text(known)] == [(0, "NOT_FOUND"), (200, "CAPTURED")]


def test_commands_of_one_batch_see_each_other_in_order(engine: Engine) -> None:
    payment_id = made(engine)
    results = run(
        engine,
        capture(payment_id, "c1", 6000),
        refund(payment_id, "r1", 6000),
        capture(payment_id, "c2", 5000),
        capture(payment_id, "c3", 4000),
        void(payment_id, "v"),
        refund(payment_id, "r2"),
    )
    assert [status_and_text(result) for result in results] == [
        (200, "PARTIALLY_CAPTURED"),
        (200, "PARTIALLY_REFUNDED"),
        (409, "CAPTURE_CONFLICT"),
        (200, "PARTIALLY_REFUNDED"),
        (409, "VOID_CONFLICT"),
        (200, "REFUNDED"),
    ]
    with engine.connect() as connection:
        events = [row.event_type for row in outbox_store.of_payment(connection, payment_id)]
    assert events == [f"PAYMENT_{e}" for e in ("AUTHORIZED", "CAPTURED", "REFUNDED", "CAPTURED", "REFUNDED")]


def test_a_bad_command_harms_no_neighbour(engine: Engine) -> None:
    good, bad = made(engine, "good"), made(engine, "bad")
    results = run(
        engine,
        capture(bad, "over", 10_001),
        capture(good, "fits", 10_000),
        capture(999_999, "unknown"),
        authorize("good", 1),
        authorize("new"),
        expire(good),
        void(bad, "void"),
    )
    assert [status_and_text(r) if r.body or r.error else r.status for r in results] == [
        (409, "CAPTURE_CONFLICT"),
        (200, "CAPTURED"),
        (0, "NOT_FOUND"),
        (0, "IDEMPOTENCY_KEY_REUSED"),
        (200, "AUTHORIZED"),
        200,
        (200, "VOIDED"),
    ]


def test_a_batch_of_the_largest_size(engine: Engine) -> None:
    results = run(engine, *(authorize(str(number), 1 + number) for number in range(200)))
    bodies = [json.loads(result.body) for result in results]
    assert [body["amount"] for body in bodies] == list(range(1, 201))
    captured = run(engine, *(capture(body["paymentId"], f"c{body['amount']}") for body in reversed(bodies)))
    assert [json.loads(result.body)["capturedAmount"] for result in captured] == list(range(200, 0, -1))


def test_an_empty_batch_is_nothing(engine: Engine) -> None:
    assert run(engine) == []


def test_expired_authorizations_cannot_be_captured_and_are_released_once(engine: Engine) -> None:
    payment_id = made(engine, "short", lifetime=timedelta(0))
    assert status_and_text(run_one(engine, capture(payment_id, "late"))) == (409, "CAPTURE_CONFLICT")
    young = made(engine, "young")
    assert [result.status for result in run(engine, expire(payment_id), expire(payment_id), expire(young))] == [200] * 3
    with engine.connect() as connection:
        released = [payment_store.get(connection, i) for i in (payment_id, young)]
        assert [p and (p.status.value, p.released_amount) for p in released] == [("EXPIRED", 10_000), ("AUTHORIZED", 0)]
        assert len(outbox_store.of_payment(connection, payment_id)) == 2
        assert len(outbox_store.of_payment(connection, young)) == 1


def test_a_key_whose_answer_is_no_longer_kept_is_expired(engine: Engine) -> None:
    run_one(engine, authorize("old"))
    with engine.begin() as connection:
        connection.execute(delete(idem_response_cache))
    old, new = carry_out(engine, authorize("old"), authorize("new"))
    assert status_and_text(old) == (0, "IDEMPOTENCY_KEY_EXPIRED")
    assert status_and_text(new) == (200, "AUTHORIZED")
    assert count(engine, payment) == 2


@pytest.mark.parametrize("tell_locks", [True, False], ids=["apart", "in one statement"])
def test_a_used_key_that_was_not_looked_up_fails_the_batch(engine: Engine, tell_locks: bool) -> None:
    payment_id = made(engine)
    run_one(engine, capture(payment_id, "c", 1))
    commands = [capture(payment_id, "c", 1), capture(payment_id, "d", 1)]
    with engine.connect() as connection, pytest.raises(BatchFailed) as caught:
        run_batch(connection, commands, find_used_keys=False, tell_locks=tell_locks)
    assert (caught.value.failure, caught.value.stage) == (Failure.DUPLICATE, Stage.KEYS)
    with engine.connect() as connection:
        stored = payment_store.get(connection, payment_id)
    assert stored is not None
    assert stored.captured_amount == 1


def test_a_database_error_undoes_the_whole_batch(engine: Engine) -> None:
    payment_id = made(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE outbox_event RENAME TO gone"))
    with pytest.raises(BatchFailed) as caught:
        run(engine, capture(payment_id, "c"), authorize("n"))
    assert caught.value.stage is not Stage.COMMIT
    assert count(engine, payment) == 1
    assert count(engine, idem_response_cache) == 1
    results = carry_out(engine, capture(payment_id, "c"), authorize("n"))
    assert [status_and_text(result) for result in results] == [(0, "SERVICE_UNAVAILABLE")] * 2
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO outbox_event"))
    results = carry_out(engine, capture(payment_id, "c"), authorize("n"))
    assert [status_and_text(result) for result in results] == [(200, "CAPTURED"), (200, "AUTHORIZED")]


def test_one_command_that_the_database_refuses_fails_alone(engine: Engine) -> None:
    too_long = authorize("k", merchant="M" * 33)
    bad, *good = carry_out(engine, too_long, authorize("a"), authorize("b"))
    assert status_and_text(bad) == (0, "SERVICE_UNAVAILABLE")
    assert [status_and_text(result) for result in good] == [(200, "AUTHORIZED")] * 2
