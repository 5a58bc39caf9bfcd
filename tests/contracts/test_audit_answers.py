"""Each change of a payment has its stored answer, which matches it: missing and altered ones are found."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from payments.audit import answers as audit_answers
from payments.audit import store as audit_store
from payments.audit.service import PRUNING_SLACK, audit
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.payments import idem_response_cache, payment
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from tests.contracts.reads import rows_read

KEPT = timedelta(days=30)
key_column = idem_response_cache.c.idempotency_key


def differences(engine: Engine, kept: timedelta = KEPT, *, full: bool = True) -> list[tuple[str, int | None]]:
    return [(d.kind, d.payment_id) for d in audit(engine, full=full, answers_kept=kept).differences]


def change(engine: Engine, *statements: Any) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def body(engine: Engine, key: str) -> dict[str, Any]:
    with engine.connect() as connection:
        text = connection.execute(select(idem_response_cache.c.response_body).where(key_column == key)).scalar_one()
    said: dict[str, Any] = json.loads(text)
    return said


def authorized(engine: Engine, key: str, **options: Any) -> int:
    return int(json.loads(commands.run_one(engine, commands.authorize(key, **options)).body)["paymentId"])


def pay(engine: Engine) -> int:
    """A payment with several steps of a kind, some of them in one transaction."""
    payment_id = authorized(engine, "k")
    commands.run(engine, commands.capture(payment_id, "c1", 3000), commands.capture(payment_id, "c2", 3000))
    commands.run(engine, commands.refund(payment_id, "r1", 1000), commands.capture(payment_id, "c3", 1000))
    commands.run(engine, commands.refund(payment_id, "r2", 1000))
    commands.run_one(engine, commands.void(payment_id, "v"))
    commands.run_one(engine, commands.capture(payment_id, "refused", 1))
    return payment_id


@pytest.fixture
def paid(engine: Engine) -> int:
    payment_id = pay(engine)
    publish_and_post(engine)
    return payment_id


def rows(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(idem_response_cache)).mappings()]


@pytest.mark.parametrize("steps", ["posted", "waiting", "pruned"])
def test_a_missing_answer_is_found(engine: Engine, steps: str) -> None:
    payment_id = pay(engine)
    if steps != "waiting":
        publish_and_post(engine)
    if steps == "pruned":
        change(engine, delete(outbox_event), delete(inbox_event))
    assert differences(engine) == []
    for row in rows(engine):
        change(engine, delete(idem_response_cache).where(key_column == row["idempotency_key"]))
        found = [] if row["idempotency_key"] == "refused" else [("answers", payment_id)]
        assert differences(engine) == found, row
        change(engine, insert(idem_response_cache).values(**row))
    for key, member, says in (
        ("k", "capturedAmount", -1),
        ("k", "currency", "KRW"),
        ("c2", "capturedAmount", 5999),
        ("r1", "refundedAmount", 0),
        ("v", "status", "AUTHORIZED"),
    ):
        right = body(engine, key)
        write(engine, key, json.dumps(right | {member: says}))
        assert differences(engine) == ([] if right[member] == says else [("answers", payment_id)]), key
        write(engine, key, json.dumps(right))


def write(engine: Engine, key: str, text: str) -> None:
    change(engine, update(idem_response_cache).where(key_column == key).values(response_body=text))


def test_an_answer_that_is_none_is_found_and_ends_no_audit(engine: Engine, paid: int) -> None:
    right = json.dumps(body(engine, "c1"))
    odd = ['"\\ud800"', f'"{"x" * 70_000}"', "[[[]]]", "1" * 400]
    odd = [right.replace('"PARTIALLY_CAPTURED"', text) for text in odd]
    for text in ("", "{", "[]", "null", '{"paymentId":1e999}', '{"paymentId":"1"}', "é" * 70_000, *odd):
        assert text != right
        write(engine, "c1", text)
        assert ("answers", paid) in differences(engine), text[:99]


def test_an_expiry_needs_no_answer(engine: Engine) -> None:
    payment_id = authorized(engine, "k", lifetime=timedelta(0))
    commands.run(engine, commands.expire(payment_id))
    assert differences(engine) == []
    publish_and_post(engine)
    change(engine, delete(outbox_event), delete(inbox_event))
    assert differences(engine) == []


def test_an_answer_that_may_be_pruned_is_not_missed(engine: Engine, paid: int) -> None:
    change(engine, update(idem_response_cache).values(http_status=0, response_body=""))
    assert differences(engine, PRUNING_SLACK) == []
    change(engine, delete(idem_response_cache))
    assert differences(engine, PRUNING_SLACK) == []
    assert {kind for kind, _ in differences(engine)} == {"answers"}


def test_a_missing_answer_is_found_in_turn_and_cleared_when_it_is_back(engine: Engine, paid: int) -> None:
    assert differences(engine, full=False) == []
    with engine.connect() as connection:
        row = connection.execute(select(idem_response_cache).where(key_column == "r2")).mappings().one()
    long_ago = datetime.now(UTC) - timedelta(hours=9)
    change(engine, delete(idem_response_cache).where(key_column == "r2"), update(payment).values(updated_at=long_ago))
    assert differences(engine, full=False) == [("answers", paid)]
    change(engine, insert(idem_response_cache).values(**row))
    report = audit(engine, full=False, answers_kept=KEPT)
    assert (report.differences, report.cleared) == ([], 1)


def test_answers_are_read_by_the_moments_of_the_events(mariadb: Engine) -> None:
    """However many other answers there are."""
    ids = []
    for batch in range(5):
        results = commands.run(mariadb, *(commands.authorize(f"{batch}-{n}") for n in range(100)))
        made = [json.loads(result.body)["paymentId"] for result in results]
        commands.run(mariadb, *(commands.capture(payment_id, f"c{payment_id}") for payment_id in made))
        ids += made
    since = datetime.now(UTC) - KEPT
    with mariadb.connect() as connection:
        chunk = audit_store.read_chunk(connection, ids[:100], since)
        times = audit_answers.times_to_read(audit_answers.steps_of(chunk), since)
        before = rows_read(connection)
        answers = audit_store.read_answers(connection, ids[:100], times)
        reads = rows_read(connection) - before
    assert sorted(answer.payment_id for answer in answers) == sorted(ids[:100])
    assert reads <= 2 * 100
