"""What is pruned when, and what never is, on both databases."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import Engine, Table, delete, func, insert, select, update

from payments.audit.service import audit
from payments.outbox.republish import republish_unposted
from payments.platform.clock import database_now, monotonic
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import payment
from payments.platform.tasks.throttle import AT_ONCE, Throttle
from payments.retention.service import Pruner, Retention, expire_due
from tests.contracts import commands
from tests.contracts.posting import publish_and_post

NOW = Retention(timedelta(0), timedelta(0), timedelta(0))
NEVER = Retention(timedelta(days=9), timedelta(days=9), timedelta(days=9))


def no_pause(_seconds: float) -> None:
    pass


def authorized(engine: Engine, key: str) -> int:
    return int(json.loads(commands.run_one(engine, commands.authorize(key)).body)["paymentId"])


def settled(engine: Engine, key: str) -> int:
    """A payment without an open amount."""
    payment_id = authorized(engine, key)
    commands.run_one(engine, commands.void(payment_id, key))
    return payment_id


def count(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_payments_events_go_together_and_only_when_all_are_posted(engine: Engine) -> None:
    done, waiting = settled(engine, "a"), authorized(engine, "b")
    publish_and_post(engine)
    commands.run_one(engine, commands.capture(waiting, "c"))
    pruner = Pruner(engine, NOW)
    assert pruner.prune(AT_ONCE)["outbox_event"] == 2
    with engine.connect() as connection:
        assert set(connection.execute(select(outbox_event.c.aggregate_id)).scalars()) == {waiting} != {done}
    publish_and_post(engine)
    assert pruner.prune(AT_ONCE)["outbox_event"] == 2


def test_what_had_to_wait_is_found_again_behind_what_has_gone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from payments.retention import service as retention

    monkeypatch.setattr(retention, "PRUNE_BATCH", 2)
    settled(engine, "posted")
    publish_and_post(engine)
    settled(engine, "waits")
    with engine.begin() as connection:
        connection.execute(update(outbox_event).where(outbox_event.c.published == 0).values(published=1))
    settled(engine, "posted too")
    publish_and_post(engine)
    pruner = Pruner(engine, NOW)
    assert [pruner.prune(AT_ONCE)["outbox_event"] for _ in range(2)] == [4, 0]
    with engine.connect() as connection:
        republish_unposted(connection)
    publish_and_post(engine)
    assert pruner.prune(AT_ONCE)["outbox_event"] == 2


def test_once_a_day_it_starts_over(engine: Engine) -> None:
    """An event may be committed behind the position of pruning."""
    now = [0.0]
    pruner = Pruner(engine, NOW, clock=lambda: now[0])
    settled(engine, "late")
    with engine.begin() as connection:
        late = connection.execute(select(outbox_event)).mappings().all()
        connection.execute(delete(outbox_event))
    settled(engine, "a")
    publish_and_post(engine)
    assert pruner.prune(AT_ONCE)["outbox_event"] == 2
    with engine.begin() as connection:
        connection.execute(insert(outbox_event), [dict(row) for row in late])
    publish_and_post(engine)
    deleted = []
    for now[0] in (86_399.0, 86_400.0, 86_401.0):
        deleted.append(pruner.prune(AT_ONCE)["outbox_event"])
    assert deleted == [0, 2, 0]


def test_events_stay_while_the_authorization_is_open(engine: Engine) -> None:
    payment_id = authorized(engine, "a")
    commands.run_one(engine, commands.capture(payment_id, "c", 4000))
    publish_and_post(engine)
    pruner = Pruner(engine, NOW)
    assert pruner.prune(AT_ONCE)["outbox_event"] == 0
    commands.run_one(engine, commands.void(payment_id, "v"))
    publish_and_post(engine)
    assert pruner.prune(AT_ONCE)["outbox_event"] == 3


def test_a_refund_after_pruning_is_complete_for_the_audit(engine: Engine) -> None:
    """Its event is then the only remaining one."""
    payment_id = authorized(engine, "a")
    commands.run_one(engine, commands.capture(payment_id, "c"))
    publish_and_post(engine)
    Pruner(engine, NOW).prune(AT_ONCE)
    commands.run_one(engine, commands.refund(payment_id, "r", 4000))
    for _ in range(2):
        report = audit(engine, full=True, answers_kept=timedelta(0))
        assert (report.differences, report.in_flight) == ([], count(engine, outbox_event) - count(engine, inbox_event))
        publish_and_post(engine)


def test_nothing_goes_before_its_time(engine: Engine) -> None:
    settled(engine, "a")
    publish_and_post(engine)
    assert not any(Pruner(engine, NEVER).prune(AT_ONCE).values())


def test_an_inbox_row_stays_while_its_event_does(engine: Engine) -> None:
    settled(engine, "a")
    publish_and_post(engine)
    keep_events = Retention(timedelta(days=9), timedelta(0), timedelta(days=9))
    assert Pruner(engine, keep_events).prune(AT_ONCE)["inbox_event"] == 0
    with engine.begin() as connection:  # all of it is old, and its outbox rows still exist
        connection.execute(update(inbox_event).values(posted_at=database_now(connection) - timedelta(days=10)))
    assert Pruner(engine, keep_events).prune(AT_ONCE)["inbox_event"] == 0
    assert Pruner(engine, NOW).prune(AT_ONCE)["inbox_event"] == 2


def test_payments_and_postings_are_never_deleted(engine: Engine) -> None:
    settled(engine, "a")
    publish_and_post(engine)
    Pruner(engine, NOW).prune(AT_ONCE)
    assert [count(engine, t) for t in (payment, ledger_entry)] == [1, 2]
    assert [count(engine, t) for t in (outbox_event, inbox_event)] == [0, 0]
    assert audit(engine, full=True, answers_kept=timedelta(0)).differences == []


def test_it_goes_on_batch_by_batch(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from payments.retention import service as retention

    monkeypatch.setattr(retention, "PRUNE_BATCH", 2)
    for number in range(7):
        settled(engine, f"k{number}")
    publish_and_post(engine)
    deleted = Pruner(engine, NOW).prune(AT_ONCE)
    assert {name: rows for name, rows in deleted.items() if rows} == {
        "outbox_event": 14,
        "inbox_event": 14,
        "idem_response_cache": 14,
    }


def test_it_stops_when_it_shall(engine: Engine) -> None:
    settled(engine, "a")
    publish_and_post(engine)
    assert not any(Pruner(engine, NOW).prune(Throttle(lambda _seconds: True)).values())


def test_an_authorization_whose_time_is_over_is_released(engine: Engine) -> None:
    over, later = authorized(engine, "a"), authorized(engine, "b")
    commands.run_one(engine, commands.capture(over, "c", 4000))
    with engine.begin() as connection:
        expired = connection.execute(select(payment.c.requested_at)).scalars().first()
        connection.execute(update(payment).where(payment.c.payment_id == over).values(expires_at=expired))
    assert expire_due(engine, monotonic, no_pause) == 1
    assert expire_due(engine, monotonic, no_pause) == 0
    with engine.connect() as connection:
        rows = connection.execute(select(payment).order_by(payment.c.payment_id)).all()
    assert [(r.payment_id, r.status, r.released_amount, r.release_reason) for r in rows] == [
        (over, "CAPTURED", 6000, "EXPIRED"),
        (later, "AUTHORIZED", 0, None),
    ]
    publish_and_post(engine)
    assert audit(engine, full=True, answers_kept=timedelta(days=30)).differences == []


def test_more_than_one_batch_expires(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from payments.retention import service as retention

    monkeypatch.setattr(retention, "EXPIRE_BATCH", 2)
    for number in range(5):
        commands.run_one(engine, commands.authorize(f"k{number}", lifetime=timedelta(0)))
    assert expire_due(engine, monotonic, no_pause) == 5


def test_what_was_published_and_never_posted_is_published_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from payments.outbox import republish

    monkeypatch.setattr(republish, "WINDOW", 2)
    authorized(engine, "posted")
    publish_and_post(engine)
    for number in range(5):
        authorized(engine, f"k{number}")
    with engine.begin() as connection:
        connection.execute(update(outbox_event).values(published=1))
    with engine.connect() as connection:
        assert republish_unposted(connection) == 5
    with engine.connect() as connection:
        assert republish_unposted(connection) == 0
    assert len(publish_and_post(engine)) == 5
