"""Used keys, with and without a stored answer: their answers, and the cost for other commands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, func, select, text

from payments.audit.service import audit
from payments.payment.commands import Command
from payments.platform.database import create_engine
from payments.platform.tables.payments import idem_response_cache, payment
from payments.platform.tasks.throttle import AT_ONCE
from payments.retention.service import Pruner, Retention
from tests.contracts.answers import new_payment_id, status_or_code
from tests.contracts.commands import authorize, capture, carry_out, refund, run_one, void
from tests.contracts.posting import publish_and_post
from tests.contracts.reads import rows_read

KEEP_NO_ANSWER = Retention(timedelta(days=9), timedelta(days=30), timedelta(0))


def forget(engine: Engine) -> int:
    """Make all answers due for pruning."""
    return Pruner(engine, KEEP_NO_ANSWER).prune(AT_ONCE)["idem_response_cache"]


def moved(engine: Engine) -> tuple[int, int, int]:
    with engine.connect() as connection:
        amounts = (payment.c.captured_amount, payment.c.refunded_amount, payment.c.released_amount)
        return tuple(connection.execute(select(*(func.sum(amount) for amount in amounts))).one())


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements of an engine, including ends of transactions."""
    said: list[str] = []

    def execute(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    def rollback(_connection: object) -> None:
        said.append("ROLLBACK")

    event.listen(engine, "before_cursor_execute", execute)
    event.listen(engine, "rollback", rollback)
    yield said
    event.remove(engine, "before_cursor_execute", execute)
    event.remove(engine, "rollback", rollback)


def test_a_repeated_authorization_is_replayed_and_its_neighbours_succeed(engine: Engine) -> None:
    first = run_one(engine, authorize("k"))
    results = carry_out(engine, authorize("n1"), authorize("k"), authorize("n2"))
    assert [(status_or_code(result), result.replayed) for result in results] == [
        ("AUTHORIZED", False),
        ("AUTHORIZED", True),
        ("AUTHORIZED", False),
    ]
    assert results[1].body == first.body


def test_a_repeated_capture_is_replayed(engine: Engine) -> None:
    payment_id = new_payment_id(engine, "p")
    first = run_one(engine, capture(payment_id, "c", 4000))
    again, other = carry_out(engine, capture(payment_id, "c", 4000), capture(payment_id, "d", 1))
    assert (again.body, again.replayed) == (first.body, True)
    assert status_or_code(other) == "PARTIALLY_CAPTURED"


def test_another_request_with_the_key_is_refused(engine: Engine) -> None:
    run_one(engine, authorize("k"))
    (result,) = carry_out(engine, authorize("k", 1))
    assert status_or_code(result) == "IDEMPOTENCY_KEY_REUSED"


def test_twice_in_one_batch_is_once_and_a_replay(engine: Engine) -> None:
    first, again = carry_out(engine, authorize("k"), authorize("k"))
    assert (first.replayed, again.replayed, again.body) == (False, True, first.body)


def test_a_key_never_moves_money_twice_however_old_it_is(engine: Engine) -> None:
    paid, voided = new_payment_id(engine, "paid"), new_payment_id(engine, "voided")
    commands = [
        capture(paid, "k", 5000),
        refund(paid, "k", 1000),
        void(voided, "k"),
        capture(voided, "k2"),  # a conflict
        authorize("paid"),
    ]
    first = carry_out(engine, *commands[:4])
    assert [result.status for result in first] == [200, 200, 200, 409]
    before = moved(engine)
    assert forget(engine) == 6
    for _ in range(2):
        again = carry_out(engine, *commands)
        assert [status_or_code(result) for result in again] == ["IDEMPOTENCY_KEY_EXPIRED"] * 5
    others = [capture(paid, "k", 1), refund(paid, "k")]  # the key counts, not the body
    assert [status_or_code(result) for result in carry_out(engine, *others)] == ["IDEMPOTENCY_KEY_EXPIRED"] * 2
    assert moved(engine) == before
    assert status_or_code(run_one(engine, refund(paid, "new key", 1000))) == "PARTIALLY_REFUNDED"
    publish_and_post(engine)
    assert audit(engine, full=True, answers_kept=timedelta(0)).differences == []


def test_of_a_forgotten_answer_nothing_but_the_key_is_left(engine: Engine) -> None:
    paid = new_payment_id(engine, "p")
    run_one(engine, capture(paid, "c"))
    assert [forget(engine), forget(engine)] == [2, 0]
    with engine.connect() as connection:
        (row,) = connection.execute(select(idem_response_cache)).all()
    assert (row.operation, row.idempotency_key, row.request_digest, row.response_body) == ("capture", "c", "", "")


def test_pruning_does_not_read_the_keys_that_are_kept(mariadb: Engine) -> None:
    paid = new_payment_id(mariadb, "p")
    for number in range(100):
        run_one(mariadb, refund(paid, f"r{number}", 1))  # conflicts are stored answers, too
    assert forget(mariadb) == 101
    lone = create_engine(mariadb.url.render_as_string(hide_password=False), pool_size=1)
    with lone.connect() as connection:
        connection.execute(text("ANALYZE TABLE idem_response_cache")).all()
        before = rows_read(connection)
    assert forget(lone) == 0
    with lone.connect() as connection:
        assert rows_read(connection) - before < 50
    lone.dispose()


@pytest.mark.parametrize("kept", [True, False], ids=["answer kept", "answer forgotten"])
@pytest.mark.parametrize(
    "use", [lambda _: authorize("old"), lambda number: capture(number, "old", 1)], ids=["authorize", "capture"]
)
def test_a_used_key_fails_no_transaction_of_its_neighbours(
    engine: Engine, kept: bool, use: Callable[[int], Command]
) -> None:
    payment_id = new_payment_id(engine, "p")
    old = use(payment_id)
    run_one(engine, old)
    if not kept:
        forget(engine)

    def cost(*more: Command, name: str) -> int:
        new = (authorize(f"{name}1"), capture(payment_id, f"{name}2", 1), authorize(f"{name}3"))
        with statements(engine) as said:
            results = carry_out(engine, *new, *more)
        assert [status_or_code(result) for result in results[:3]] == ["AUTHORIZED", "PARTIALLY_CAPTURED", "AUTHORIZED"]
        assert "ROLLBACK" not in said
        return len(said)

    assert cost(old, name="with") <= cost(name="without") + 1


@pytest.mark.parametrize("kept", [True, False], ids=["answer kept", "answer forgotten"])
@pytest.mark.parametrize("use", [lambda _: authorize("k"), lambda number: capture(number, "k", 1)], ids=["new", "old"])
def test_a_lone_command_is_looked_up_only_when_its_key_was_used(
    engine: Engine, kept: bool, use: Callable[[int], Command]
) -> None:
    command = use(new_payment_id(engine, "p"))

    def lookups() -> tuple[int, str, bool]:
        with statements(engine) as said:
            (result,) = carry_out(engine, command)
        return sum("FROM idem_response_cache" in each for each in said), status_or_code(result), result.replayed

    looked, answer, replayed = lookups()
    assert (looked, replayed) == (0, False)
    if not kept:
        forget(engine)
    assert lookups() == (1, answer if kept else "IDEMPOTENCY_KEY_EXPIRED", kept)
