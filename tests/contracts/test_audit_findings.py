"""Findings of the audit stay until a check of what they are about clears them, on both databases."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Row, delete, insert, select, update

from payments.audit import finding_store
from payments.audit import service as module
from payments.audit.findings import keep_of_payments
from payments.audit.service import Report, audit
from payments.audit.snapshot import Difference, FindingKind
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.housekeeping import audit_finding, audit_run
from payments.platform.tables.payments import idem_response_cache, payment
from payments.platform.tasks.throttle import AT_ONCE, Throttle
from tests.contracts import commands
from tests.contracts.posting import publish_and_post

KEPT = timedelta(days=30)
WRONG, RIGHT = {"released_amount": 1, "release_reason": "VOIDED"}, {"released_amount": 0, "release_reason": None}


def run(engine: Engine, *, full: bool = False, throttle: Throttle = AT_ONCE) -> Report:
    return audit(engine, full=full, answers_kept=KEPT, throttle=throttle)


def change(engine: Engine, *statements: Any) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def findings(engine: Engine) -> list[Row[Any]]:
    with engine.connect() as connection:
        return list(connection.execute(select(audit_finding).order_by(audit_finding.c.id)).all())


def open_payments(engine: Engine) -> list[int]:
    return sorted({row.payment_id for row in findings(engine) if row.cleared_at is None})


@pytest.fixture
def paid(engine: Engine) -> list[int]:
    """Four old posted payments, which an audit checks only in turn; an audit has run."""
    results = commands.run(engine, *(commands.authorize(f"k{number}") for number in range(4)))
    publish_and_post(engine)
    run(engine)
    long_ago = datetime.now(UTC) - timedelta(hours=9)
    change(
        engine,
        update(payment).values(updated_at=long_ago),
        update(inbox_event).values(posted_at=long_ago),
    )
    return [json.loads(result.body)["paymentId"] for result in results]


def spoil(engine: Engine, *ids: int) -> None:
    change(engine, update(payment).where(payment.c.payment_id.in_(ids)).values(WRONG))


def fix(engine: Engine, *ids: int) -> None:
    change(engine, update(payment).where(payment.c.payment_id.in_(ids)).values(RIGHT))


def test_a_finding_stays_while_audits_look_elsewhere(
    engine: Engine, paid: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(engine, *paid[:2])
    run(engine, full=True)
    assert open_payments(engine) == paid[:2]
    before = findings(engine)
    monkeypatch.setattr(finding_store, "payments_with_open", lambda _connection, _limit: [])
    monkeypatch.setattr(module, "CHUNK", 1)
    monkeypatch.setattr(module, "IN_TURN", 1)
    change(engine, update(audit_run).values(next_payment_id=paid[1]))
    fix(engine, *paid)
    assert run(engine).payments == 1  # the third one
    assert findings(engine) == before


def test_payments_with_findings_are_checked_each_time_until_they_are_right(engine: Engine, paid: list[int]) -> None:
    spoil(engine, paid[2])
    kinds = sorted({(d.kind, d.payment_id) for d in run(engine, full=True).differences})
    assert kinds == [("ledger", paid[2]), ("outbox", paid[2])]
    again = run(engine)
    assert (sorted({(d.kind, d.payment_id) for d in again.differences}), again.opened) == (kinds, [])
    fix(engine, paid[2])
    right = run(engine)
    assert (right.differences, right.cleared) == ([], len(findings(engine)))
    assert open_payments(engine) == []


def test_of_many_findings_the_longest_unchecked_are_checked_first(
    engine: Engine, paid: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(engine, *paid)
    run(engine, full=True)
    fix(engine, *paid)
    monkeypatch.setattr(module, "IN_TURN", 1)
    monkeypatch.setattr(module, "CHUNK", 1)
    change(engine, update(audit_run).values(next_payment_id=max(paid)))  # so that nothing is checked in turn
    left = []
    for _ in paid:
        run(engine)
        change(engine, update(audit_run).values(next_payment_id=max(paid)))
        left.append(len(open_payments(engine)))
    assert left == [3, 2, 1, 0]


def test_a_finding_that_comes_back_is_the_same_one(engine: Engine, paid: list[int]) -> None:
    for _ in range(2):
        spoil(engine, paid[0])
        run(engine, full=True)
        assert open_payments(engine) == [paid[0]]
        fix(engine, paid[0])
        run(engine)
        assert open_payments(engine) == []
    rows = findings(engine)
    assert len(rows) == len({row.identity for row in rows})
    assert all(row.first_seen < row.last_seen < row.cleared_at for row in rows)


def test_what_was_found_is_kept_when_the_run_is_ended(
    engine: Engine, paid: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 1)
    spoil(engine, *paid)
    steps = iter([False, False, False])
    report = run(engine, full=True, throttle=Throttle(lambda _seconds: next(steps, True)))
    assert 0 < len(open_payments(engine)) < len(paid)
    assert {difference.payment_id for difference in report.differences} == set(open_payments(engine))
    with engine.connect() as connection:
        assert len(connection.execute(select(audit_run)).all()) == 1  # that of the fixture


def test_a_payment_that_is_gone_clears_nothing(engine: Engine, paid: list[int]) -> None:
    found = [Difference(FindingKind.LEDGER, 4711, "is wrong", "hold")]
    keep_of_payments(engine, [4711], found, datetime.now(UTC) - timedelta(minutes=1))
    run(engine)
    assert open_payments(engine) == [4711]


def test_an_older_check_neither_clears_nor_opens(engine: Engine) -> None:
    now = datetime.now(UTC)
    found = [Difference(FindingKind.LEDGER, 7, "is wrong", "hold")]
    keep_of_payments(engine, [7], found, now)
    keep_of_payments(engine, [7], [], now - timedelta(seconds=1))
    assert open_payments(engine) == [7]
    keep_of_payments(engine, [7], [], now + timedelta(seconds=2))
    keep_of_payments(engine, [7], found, now + timedelta(seconds=1))
    assert open_payments(engine) == []
    keep_of_payments(engine, [7], found, now + timedelta(seconds=3))
    assert open_payments(engine) == [7]


def test_two_audits_at_once_store_each_finding_once(engine: Engine) -> None:
    commands.run(engine, *(commands.authorize(f"k{number}") for number in range(120)))
    publish_and_post(engine)
    change(engine, update(payment).values(WRONG))
    for state in (WRONG, RIGHT):
        change(engine, update(payment).values(state))
        with ThreadPoolExecutor(2) as threads:
            reports = list(threads.map(lambda _: run(engine, full=True), range(2)))
        assert [len({d.payment_id for d in report.differences}) for report in reports] == [
            120 if state is WRONG else 0
        ] * 2
        rows = findings(engine)
        assert len(rows) == len({row.identity for row in rows}) > 120
        assert sum(row.cleared_at is None for row in rows) == (len(rows) if state is WRONG else 0)


def test_findings_of_answers_are_cleared_by_a_check_of_that_answer(engine: Engine, paid: list[int]) -> None:
    bodies = {"odd": '{"paymentId":99}', 'q"\\ü\0': "{", "gone": "[1]", "M1/x": '{"paymentId":null}'}
    row = {"merchant_id": "M1", "operation": "capture", "request_digest": "0", "http_status": 200}
    old = datetime.now(UTC) - timedelta(days=3)  # older than what a scheduled audit checks
    wrong = [{**row, "idempotency_key": key, "response_body": body, "created_at": old} for key, body in bodies.items()]
    change(engine, insert(idem_response_cache).values(wrong))
    assert len(run(engine, full=True).differences) == 4
    assert len(run(engine).differences) == 4
    key = idem_response_cache.c.idempotency_key
    change(
        engine,
        update(idem_response_cache).where(key == "odd").values(http_status=409),
        update(idem_response_cache).where(key == "M1/x").values(http_status=0, response_body=""),
        delete(idem_response_cache).where(key == "gone"),
    )
    report = run(engine)
    assert (len(report.differences), report.cleared) == (1, 3)
    (left,) = [json.loads(row.subject) for row in findings(engine) if row.cleared_at is None]
    assert left == ["M1", "capture", 'q"\\ü\0']


def test_more_wrong_answers_in_a_window_than_one_statement_lists(engine: Engine) -> None:
    row = {"merchant_id": "M1", "operation": "void", "request_digest": "0", "http_status": 200}
    row |= {"response_body": "{}", "created_at": datetime.now(UTC)}
    change(engine, insert(idem_response_cache).values([{**row, "idempotency_key": str(n)} for n in range(1001)]))
    assert len(run(engine).differences) == 1001
    with engine.connect() as connection:
        assert finding_store.open_by_kind(connection) == {"answers": 1001}


def test_an_event_that_cannot_be_read_is_a_finding_and_ends_no_audit(engine: Engine, paid: list[int]) -> None:
    odd = [{"payload": "{"}, {"payload": "[]"}, {"payload": '{"amount":"1"}'}, {"event_type": "PAYMENT_LOST"}]
    for payment_id, values in zip(paid, odd, strict=True):
        change(engine, update(outbox_event).where(outbox_event.c.aggregate_id == payment_id).values(values))
    report = run(engine, full=True)
    assert [(d.kind, d.payment_id) for d in report.differences] == [("outbox", payment_id) for payment_id in paid]


def test_a_clock_that_was_ahead_hides_no_change(engine: Engine, paid: list[int]) -> None:
    ahead = datetime.now(UTC) + timedelta(days=365)
    values = {"at": ahead, "full": False, "next_payment_id": max(paid), "differences": 0, "in_flight": 0}
    change(engine, insert(audit_run).values(values))
    commands.run_one(engine, commands.capture(paid[0], "c"))
    spoil(engine, paid[1])
    change(engine, update(payment).where(payment.c.payment_id == paid[1]).values(updated_at=datetime.now(UTC)))
    assert {d.payment_id for d in run(engine).differences} == {paid[1]}
