"""The audit finds nothing where nothing is wrong, and each planted difference, on both databases."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update

from payments.audit.service import Report, audit
from payments.audit.snapshot import FindingKind
from payments.platform.tables.breaker import circuit_breaker
from payments.platform.tables.dead_letters import ledger_halt
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.housekeeping import audit_run
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import idem_response_cache, payment
from payments.platform.tasks.throttle import Throttle
from tests.contracts import commands
from tests.contracts.posting import publish_and_post

KEPT = timedelta(days=30)


def run(engine: Engine, *, full: bool = True) -> Report:
    return audit(engine, full=full, answers_kept=KEPT)


def kinds(report: Report) -> list[str]:
    return sorted({difference.kind for difference in report.differences})


@pytest.fixture
def paid(engine: Engine) -> int:
    """A payment with every kind of step, all posted."""
    payment_id = int(json.loads(commands.run_one(engine, commands.authorize("k")).body)["paymentId"])
    commands.run(engine, commands.capture(payment_id, "c", 6000), commands.refund(payment_id, "r", 1000))
    commands.run(engine, commands.void(payment_id, "v"))
    publish_and_post(engine)
    return payment_id


def change(engine: Engine, *statements: Any) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def test_nothing_is_found_where_nothing_is_wrong(engine: Engine, paid: int) -> None:
    report = run(engine)
    assert (report.payments, report.in_flight, report.differences) == (1, 0, [])


def test_events_on_their_way_are_no_difference(engine: Engine, paid: int) -> None:
    commands.run_one(engine, commands.refund(paid, "r2", 500))
    report = run(engine)
    assert (report.in_flight, report.differences) == (1, [])


def test_a_posting_too_many(engine: Engine, paid: int) -> None:
    row = {"payment_id": paid, "event_id": 999, "posting_no": 0, "amount": 5, "currency": "KRW"}
    accounts = {"debit_account": "customer_hold", "credit_account": "hold_clearing"}
    with engine.begin() as connection:
        at = connection.execute(select(payment.c.requested_at)).scalar_one()
        connection.execute(insert(ledger_entry), {**row, **accounts, "occurred_at": at, "posted_at": at})
    assert kinds(run(engine)) == ["ledger", "orphan_posting"]


def test_a_posting_that_is_missing(engine: Engine, paid: int) -> None:
    change(
        engine,
        text("DROP TRIGGER ledger_entry_no_delete"),
        delete(ledger_entry).where(ledger_entry.c.posting_no == 1),
    )
    assert kinds(run(engine)) == ["ledger"]


def test_a_posting_with_another_amount(engine: Engine, paid: int) -> None:
    change(
        engine,
        text("DROP TRIGGER ledger_entry_no_update"),
        update(ledger_entry).where(ledger_entry.c.posting_no == 1).values(amount=6001),
    )
    assert kinds(run(engine)) == ["ledger"]


def test_a_payment_that_was_changed_behind_its_events(engine: Engine, paid: int) -> None:
    change(engine, update(payment).values(refunded_amount=2000))
    assert kinds(run(engine)) == ["ledger", "outbox"]


def test_a_status_that_the_amounts_do_not_make(engine: Engine, paid: int) -> None:
    change(engine, update(payment).values(status="AUTHORIZED"))
    assert kinds(run(engine)) == ["outbox"]


def test_an_event_that_vanished(engine: Engine, paid: int) -> None:
    change(engine, delete(outbox_event).where(outbox_event.c.event_type == "PAYMENT_CAPTURED"))
    assert kinds(run(engine)) == ["orphan_posting", "outbox"]


def test_a_payment_without_its_answer(engine: Engine, paid: int) -> None:
    change(engine, delete(idem_response_cache).where(idem_response_cache.c.operation == "authorize"))
    report = run(engine)
    assert [(d.kind, d.payment_id) for d in report.differences] == [("answers", paid)]


@pytest.mark.parametrize("member", ["paymentId", "amount", "capturedAmount", "refundedAmount", "releasedAmount"])
def test_an_answer_that_matches_no_payment(engine: Engine, paid: int, member: str) -> None:
    with engine.begin() as connection:
        body = json.loads(
            connection.execute(
                select(idem_response_cache.c.response_body).where(idem_response_cache.c.operation == "void")
            ).scalar_one()
        )
        body[member] += 1_000_000
        connection.execute(
            update(idem_response_cache)
            .where(idem_response_cache.c.operation == "void")
            .values(response_body=json.dumps(body))
        )
    assert kinds(run(engine)) == ["answers"]


def test_answers_days_apart_are_all_looked_at(engine: Engine, paid: int) -> None:
    wrong = update(idem_response_cache).values(response_body='{"paymentId":0}')
    now = datetime.now(UTC)
    for operation, age in (("authorize", timedelta(days=9)), ("void", timedelta(hours=30)), ("capture", timedelta(0))):
        given = idem_response_cache.c.operation == operation
        change(engine, wrong.where(given).values(created_at=now - age))
    assert [(d.kind, d.payment_id) for d in run(engine).differences].count((FindingKind.ANSWERS, None)) == 3


@pytest.mark.parametrize(("hindrance", "found"), [("", ["stuck"]), ("open", []), ("halted", [])])
def test_an_event_that_could_be_posted_and_is_not(engine: Engine, paid: int, hindrance: str, found: list[str]) -> None:
    commands.run_one(engine, commands.refund(paid, "r2", 500))
    with engine.begin() as connection:
        at = connection.execute(select(payment.c.requested_at)).scalar_one() - timedelta(seconds=61)
        connection.execute(update(outbox_event).values(created_at=at))
        if hindrance == "open":
            row = {"name": "kafka-publisher", "state": "OPEN", "state_since": at, "observed_at": at}
            connection.execute(
                insert(circuit_breaker), {**row, "snapshot": "{}", "history": "[]", "applied_command_id": 0}
            )
        if hindrance == "halted":
            connection.execute(insert(ledger_halt), {"halted_at": at, "detail": "poison"})
    assert kinds(run(engine)) == found


def test_a_pruned_payment_is_held_against_its_ledger_alone(engine: Engine, paid: int) -> None:
    change(engine, delete(outbox_event), delete(inbox_event), delete(idem_response_cache))
    assert kinds(run(engine)) == ["answers"]  # its authorization is younger than the retention of answers
    assert audit(engine, full=True, answers_kept=timedelta(0)).differences == []
    change(engine, update(payment).values(captured_amount=5000))
    assert kinds(audit(engine, full=True, answers_kept=timedelta(0))) == ["ledger"]


def test_an_audit_that_was_ended_early_is_not_noted(engine: Engine, paid: int) -> None:
    audit(engine, full=False, answers_kept=KEPT, throttle=Throttle(lambda _seconds: True))
    with engine.connect() as connection:
        assert connection.execute(select(audit_run)).all() == []


def test_a_later_audit_looks_at_what_changed_and_at_some_more_in_turn(
    engine: Engine, paid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from payments.audit import service as module

    monkeypatch.setattr(module, "CHUNK", 1)
    monkeypatch.setattr(module, "IN_TURN", 2)
    for number in range(6):
        commands.run_one(engine, commands.authorize(f"k{number}"))
    publish_and_post(engine)
    assert run(engine, full=False).payments == 7  # the first run checks all
    with engine.begin() as connection:  # make all of it old
        before = connection.execute(select(payment.c.updated_at).limit(1)).scalar_one() - timedelta(hours=1)
        connection.execute(update(payment).values(updated_at=before))
        connection.execute(update(inbox_event).values(posted_at=before))
    assert [run(engine, full=False).payments for _ in range(4)] == [2, 2, 2, 1]
    change(engine, update(payment).where(payment.c.payment_id == paid).values(updated_at=before + timedelta(days=9)))
    with engine.connect() as connection:
        assert (
            connection.execute(select(audit_run.c.next_payment_id).order_by(audit_run.c.id.desc())).scalars().first()
            == 0
        )
    report = run(engine, full=False)
    assert report.payments == 2
    assert run(engine, full=False).payments == 3  # the changed one, and the second chunk
