"""The audit holds payments against their operations at an acquirer: nothing where all is right, each planted lie."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Table, delete, select, text, update

from payments.acquiring.rules import Learned, State
from payments.audit.service import PRUNING_SLACK, audit
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.payments import idem_response_cache, payment
from tests.contracts import commands
from tests.contracts.at_acquirer import (
    MADE,
    AtAcquirer,
    contradicted,
    declined,
    expiring,
    refused,
    settled,
    taken_back,
    undecided,
    waiting,
)
from tests.contracts.posting import publish_and_post

KEPT = timedelta(days=30)
operation = acquirer_operation.c
answer = idem_response_cache.c


def found(engine: Engine, kept: timedelta = KEPT) -> list[tuple[str, str]]:
    """(kind, subject) of each difference."""
    return sorted((str(d.kind), d.subject) for d in audit(engine, full=True, answers_kept=kept).differences)


def change(engine: Engine, *statements: Any) -> None:
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA ignore_check_constraints = ON"))
        else:
            connection.execute(text("SET check_constraint_checks = 0"))
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("made", MADE)
def test_nothing_is_found_where_nothing_is_wrong(engine: Engine, made: Callable[[Engine], AtAcquirer]) -> None:
    paid = made(engine)
    assert found(engine) == []
    publish_and_post(engine)
    assert found(engine) == []
    with engine.connect() as connection:
        status = connection.execute(select(payment.c.status)).scalar_one()
    assert (status == "PROCESSING") == (made is undecided)
    assert paid.operations()


def test_an_expiry_that_the_acquirer_confirms(engine: Engine) -> None:
    expiring(engine).learn(Learned.APPROVED)
    assert found(engine) == []


@pytest.mark.parametrize("learned", [Learned.APPROVED, Learned.DECLINED])
def test_what_operators_decide(engine: Engine, learned: Learned) -> None:
    paid = waiting(engine)
    change(engine, of_kind("refund", state="MANUAL", next_enquiry_at=None))
    assert found(engine) == []
    paid.learn(learned, by_operator=True)
    assert found(engine) == []
    assert paid.operations()[-1].state == learned.value


def test_what_people_settled_needs_no_operation(engine: Engine) -> None:
    paid = contradicted(engine)
    paid.learn(Learned.DECLINED, by_operator=True)
    assert paid.operations()[-1].state is State.REVERSED
    assert found(engine) == []


def of_payment(**values: Any) -> Any:
    return update(payment).values(**values)


def of_kind(kind: str, **values: Any) -> Any:
    return update(acquirer_operation).where(operation.kind == kind).values(**values)


def of_answer(key: str, **values: Any) -> Any:
    return update(idem_response_cache).where(answer.idempotency_key == key).values(**values)


def gone(condition: Any, table: Table = acquirer_operation) -> Any:
    return delete(table).where(condition)


AUTHORIZATION, CAPTURE, REFUND, VOID = (
    f"operation 00-1-{kind}-1" for kind in ("authorization", "capture", "refund", "void")
)
OF_C2 = answer.idempotency_key == "c2"
Lie = tuple[Callable[[Engine], AtAcquirer], Any, set[str]]
LIES: list[Lie] = [
    (settled, of_kind("capture", amount=5999), {"capture approved"}),
    (settled, of_kind("refund", state="DECLINED"), {"refund approved", REFUND}),
    (settled, of_kind("void", state="UNKNOWN", decided_at=None), {"void pending", "void approved"}),
    (settled, of_kind("authorization", state="FAILED"), {"declined", "authorization approved"}),
    (settled, of_kind("authorization", state="SENT"), {"decided", "authorization pending"}),
    (settled, gone(operation.kind == "authorization"), {"authorization"}),
    (settled, of_kind("capture", currency="USD"), {CAPTURE}),
    (settled, of_payment(connector="none"), {AUTHORIZATION, CAPTURE, REFUND, VOID}),
    (settled, of_payment(pending_refund=1), {"refund pending"}),
    (waiting, of_payment(pending_capture=0), {"capture pending"}),
    (waiting, of_kind("refund", state="APPROVED"), {"refund approved", "refund pending"}),
    (waiting, of_kind("refund", reverses=1), {"refund pending"}),
    (waiting, of_answer("r", http_status=200), {REFUND}),
    (waiting, of_answer("c2", http_status=402), {"operation 00-1-capture-2"}),
    (waiting, gone(OF_C2, idem_response_cache), {"operation 00-1-capture-2"}),
    (declined, of_payment(release_reason=None), {"declined", "status"}),
    (declined, of_payment(decided_at=None), {"decided", "authorization pending"}),
    (declined, of_answer("k", http_status=202), {AUTHORIZATION}),
    (undecided, of_payment(status="AUTHORIZED"), {"status"}),
    (undecided, of_kind("authorization", state="APPROVED"), {"decided", "authorization approved"}),
    (refused, of_kind("capture", state="APPROVED"), {"capture approved"}),
    (refused, of_answer("v", http_status=200), {VOID}),
    (taken_back, gone(operation.kind == "void"), {AUTHORIZATION}),
    (taken_back, of_kind("void", amount=9_999), {AUTHORIZATION}),
    (taken_back, of_kind("void", reverses=None), {"void pending"}),
    (expiring, of_payment(pending_release=0), {"void pending"}),
]


@pytest.mark.parametrize(("made", "lie", "expected"), LIES, ids=[f"{number}" for number in range(len(LIES))])
def test_each_lie_is_found(engine: Engine, made: Callable[[Engine], AtAcquirer], lie: Any, expected: set[str]) -> None:
    made(engine)
    change(engine, lie)
    assert expected <= {subject for _, subject in found(engine)}


def test_a_payment_without_a_connector_waits_for_nothing(engine: Engine) -> None:
    commands.run_one(engine, commands.authorize("k"))
    change(engine, of_payment(pending_release=1))
    assert found(engine) == [("acquirer", "connector")]
    change(engine, of_payment(pending_release=0, decided_at=None))
    assert ("acquirer", "connector") in found(engine)


def test_an_undecided_payment_with_an_event_or_a_posting(engine: Engine) -> None:
    settled(engine)
    publish_and_post(engine)
    change(engine, of_payment(decided_at=None, status="PROCESSING"))
    assert {kind for kind, _ in found(engine)} == {"acquirer", "ledger", "outbox"}


def test_an_approved_step_whose_answer_has_the_time_of_its_call(engine: Engine) -> None:
    paid = waiting(engine)
    paid.learn(Learned.APPROVED)
    assert found(engine) == []
    (sent_at,) = (each.created_at for each in paid.operations() if each.idempotency_key == "r")
    change(engine, of_answer("r", created_at=sent_at))
    assert [kind for kind, _ in found(engine)] == ["answers"]


def test_a_step_that_was_not_sent_and_conflicts_when_it_is_repeated(engine: Engine) -> None:
    paid = settled(engine)
    for key in ("r2", "r3"):
        paid.begin(commands.refund(paid.payment_id, key, 5_000))
        paid.learn(Learned.NOT_SENT if key == "r2" else Learned.APPROVED)
    assert commands.run_one(engine, commands.refund(paid.payment_id, "r2", 5_000)).status == 409
    assert found(engine) == []


def test_a_decline_that_is_none(engine: Engine) -> None:
    """Of a payment that exists, of none, and of an operation that was approved."""
    refused(engine)
    (body,) = rows(engine, "c")
    for wrong in (body.replace('"paymentId":1', '"paymentId":2'), "{}", "no JSON"):
        change(engine, of_answer("c", response_body=wrong))
        assert [kind for kind, _ in found(engine)] == ["answers"], wrong
    change(engine, of_answer("c", response_body=body))
    assert found(engine) == []
    change(engine, of_answer("k", http_status=402, response_body=body))
    assert ("answers", json.dumps(["M1", "authorize", "k"])) in found(engine)


def rows(engine: Engine, key: str) -> list[str]:
    with engine.connect() as connection:
        wanted = select(answer.response_body).where(answer.idempotency_key == key)
        return list(connection.execute(wanted).scalars())


@pytest.mark.parametrize("made", MADE)
def test_answers_that_may_be_pruned_are_not_missed(engine: Engine, made: Callable[[Engine], AtAcquirer]) -> None:
    made(engine)
    change(engine, delete(idem_response_cache))
    assert found(engine, PRUNING_SLACK) == []
