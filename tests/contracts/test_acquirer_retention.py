"""What waits for an acquirer neither expires nor is pruned, and operations stay for ever, on both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from payments.acquiring.rules import Learned, State
from payments.platform.clock import monotonic
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.events import outbox_event
from payments.platform.tables.payments import idem_response_cache, payment
from payments.platform.tasks.throttle import AT_ONCE
from payments.retention.service import Pruner, Retention, expire_due
from tests.contracts import commands
from tests.contracts.at_acquirer import AtAcquirer
from tests.contracts.posting import publish_and_post

AT_ONCE_PRUNED = Retention(timedelta(0), timedelta(0), timedelta(0))
NO_TIME = timedelta(0)


def no_pause(_seconds: float) -> None:
    pass


def expire(engine: Engine) -> int:
    return expire_due(engine, monotonic, no_pause)


def undecided(engine: Engine) -> AtAcquirer:
    return AtAcquirer(engine, lifetime=NO_TIME)


def declined(engine: Engine) -> AtAcquirer:
    paid = undecided(engine)
    paid.learn(Learned.DECLINED)
    return paid


def authorized(engine: Engine) -> AtAcquirer:
    paid = undecided(engine)
    paid.learn(Learned.APPROVED)
    return paid


def voiding(engine: Engine) -> AtAcquirer:
    paid = authorized(engine)
    paid.begin(commands.void(paid.payment_id, "v"))
    return paid


@pytest.mark.parametrize("made", [undecided, declined, voiding])
def test_what_cannot_expire_now_is_not_found(engine: Engine, made: Callable[[Engine], AtAcquirer]) -> None:
    paid = made(engine)
    before = paid.operations()
    assert expire(engine) == 0
    assert paid.operations() == before


def test_an_expiry_asks_the_acquirer_once(engine: Engine) -> None:
    paid = authorized(engine)
    assert [expire(engine) for _ in range(2)] == [1, 0]
    (void,) = (each for each in paid.operations() if each.kind == "void")
    assert (void.state, void.amount, void.is_own) == (State.CREATED, 10_000, True)
    assert void.next_enquiry_at == void.created_at
    assert status(engine) == "AUTHORIZED"
    paid.learn(Learned.NOT_SENT)  # it has to happen: housekeeping sends it again, and makes no other
    assert expire(engine) == 0
    paid.learn(Learned.APPROVED)
    assert (status(engine), expire(engine), len(paid.operations())) == ("EXPIRED", 0, 2)


def test_an_expiry_that_the_acquirer_declines_waits_for_an_operator(engine: Engine) -> None:
    paid = authorized(engine)
    expire(engine)
    paid.learn(Learned.DECLINED)
    assert [expire(engine) for _ in range(2)] == [0, 0]
    assert paid.operations()[-1].state is State.MANUAL


def test_a_void_that_came_to_nothing_expires(engine: Engine) -> None:
    paid = voiding(engine)
    paid.learn(Learned.DECLINED)
    assert [expire(engine) for _ in range(2)] == [1, 0]
    assert [each.state for each in paid.operations()[1:]] == [State.DECLINED, State.CREATED]


def status(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(select(payment.c.status)).scalar_one())


def left(engine: Engine) -> tuple[int, int]:
    """Events and operations."""
    with engine.connect() as connection:
        counts = [connection.execute(select(func.count()).select_from(t)) for t in (outbox_event, acquirer_operation)]
        return counts[0].scalar_one(), counts[1].scalar_one()


@pytest.mark.parametrize("step", ["refund", "void"])
def test_events_stay_while_an_operation_is_undecided(engine: Engine, step: str) -> None:
    paid = AtAcquirer(engine)
    paid.learn(Learned.APPROVED)
    if step == "refund":
        paid.do(commands.capture(paid.payment_id, "c"))
        paid.begin(commands.refund(paid.payment_id, "r"))
    else:
        paid.begin(commands.void(paid.payment_id, "v"))
    publish_and_post(engine)
    events, operations = left(engine)
    pruner = Pruner(engine, AT_ONCE_PRUNED)
    assert pruner.prune(AT_ONCE)["outbox_event"] == 0
    paid.learn(Learned.APPROVED)
    publish_and_post(engine)
    assert pruner.prune(AT_ONCE)["outbox_event"] == events + 1
    assert left(engine) == (0, operations)


def test_an_undecided_step_whose_answer_was_pruned_ends_like_any_other(engine: Engine) -> None:
    paid = AtAcquirer(engine)
    paid.learn(Learned.UNKNOWN, answered=False)
    assert Pruner(engine, AT_ONCE_PRUNED).prune(AT_ONCE)["idem_response_cache"] == 1
    paid.learn(Learned.APPROVED, is_repair=True)
    with engine.connect() as connection:
        assert connection.execute(select(idem_response_cache.c.http_status)).scalars().all() == [200]
    assert paid.send().replayed
    paid.begin(commands.capture(paid.payment_id, "c"))
    Pruner(engine, AT_ONCE_PRUNED).prune(AT_ONCE)
    paid.learn(Learned.APPROVED)
    again = commands.run_one(engine, commands.capture(paid.payment_id, "c"))
    assert (again.status, again.replayed) == (200, True)
