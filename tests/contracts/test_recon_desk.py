"""Exceptions that operators end, on both databases: postings, second operators, and what is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import Engine, select

from payments.acquiring.connector import Kind
from payments.acquiring.rules import WITHOUT_MONEY, State
from payments.platform.desk_errors import ReconConflict, SecondOperatorNeeded
from payments.platform.errors import NotFound
from payments.platform.tables.processes import operator_action
from payments.platform.values.money import AmountsByCurrency
from payments.reconciliation import desk, desk_store
from payments.reconciliation.desk_store import StoredException
from payments.reconciliation.rules import UNDECIDED, ExceptionClass, ExceptionState
from tests.contracts.planted_exceptions import THEN, Planted, moved_by, plant
from tests.contracts.test_locks import wait_for_lock_wait

NOW: Final = THEN + timedelta(hours=1)
ALONE: Final = AmountsByCurrency(1000, {})
TWO: Final = AmountsByCurrency(1000, {"USD": 999})
ENDS: Final = (desk.resolve, desk.write_off)
SUSPENSE, RECEIVABLE, EXPENSE = "reconciliation_suspense", "acquirer_receivable", "acquirer_fee_expense"
NOTED: Final = (operator_action.c.actor, operator_action.c.action)
End = Callable[..., StoredException]


def end(
    engine: Engine, by: End, exception_id: int, actor: str = "key:kim", limits: AmountsByCurrency = ALONE
) -> StoredException:
    with engine.begin() as connection:
        return by(connection, exception_id, "they say so", actor, limits, NOW)


def stored(engine: Engine, exception_id: int) -> StoredException:
    with engine.connect() as connection:
        found = desk_store.get(connection, exception_id)
    assert found is not None
    return found


def test_what_is_resolved_is_posted_once_and_noted(engine: Engine) -> None:
    exception_id = plant(engine, Planted())
    ended = end(engine, desk.resolve, exception_id)
    assert ended == stored(engine, exception_id)
    assert (ended.state, ended.actor, ended.approver) == (ExceptionState.RESOLVED, "key:kim", None)
    assert (ended.reason, ended.ended_at, ended.proposal) == ("they say so", NOW, None)
    assert moved_by(engine, exception_id) == {(SUSPENSE, "USD"): 875, (RECEIVABLE, "USD"): -1000, (EXPENSE, "USD"): 125}
    with engine.connect() as connection:
        (noted,) = connection.execute(
            select(operator_action.c.actor, operator_action.c.action, operator_action.c.target)
        )
    assert tuple(noted) == ("key:kim", "reconciliation.resolve", f"exception {exception_id}")


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", ENDS)
def test_an_end_is_final(engine: Engine, first: End, second: End) -> None:
    exception_id = plant(engine, Planted())
    end(engine, first, exception_id)
    moved = moved_by(engine, exception_id)
    with pytest.raises(ReconConflict, match="already"):
        end(engine, second, exception_id, "key:lee")
    assert moved_by(engine, exception_id) == moved


def test_above_the_limit_a_second_operator_agrees(engine: Engine) -> None:
    exception_id = plant(engine, Planted())
    proposed = end(engine, desk.write_off, exception_id, limits=TWO)
    assert (proposed.state, proposed.proposal) == (ExceptionState.OPEN, ExceptionState.WRITTEN_OFF)
    assert (proposed.proposed_by, proposed.proposed_reason) == ("key:kim", "they say so")
    assert moved_by(engine, exception_id) == {}, "nothing is posted by one"
    for same in ("key:kim", "cli:kim", "cli:KIM"):
        with pytest.raises(SecondOperatorNeeded):
            end(engine, desk.write_off, exception_id, same, TWO)
    ended = end(engine, desk.write_off, exception_id, "key:lee", limits=TWO)
    assert (ended.state, ended.actor, ended.approver) == (ExceptionState.WRITTEN_OFF, "key:kim", "key:lee")
    assert moved_by(engine, exception_id)[SUSPENSE, "USD"] == 875
    with engine.connect() as connection:
        noted = connection.execute(select(*NOTED)).all()
    assert [tuple(each) for each in noted] == [
        ("key:kim", "reconciliation.propose"),
        ("key:lee", "reconciliation.write_off"),
    ]


@pytest.mark.parametrize(
    ("planted", "limits", "lost"),
    [
        (
            Planted(
                exception_class=ExceptionClass.CURRENCY,
                currency="KRW",
                gross=1000,
                fee=0,
                amount=5_000_000,
                weight=5_000_000,
            ),
            AmountsByCurrency(100_000, {"KRW": 50_000_000}),
            5_000_000,
        ),
        (Planted(gross=-90_000, fee=0, amount=90_000, weight=90_000), AmountsByCurrency(100_000, {}), 180_000),
    ],
    ids=("another currency", "another sign"),
)
def test_the_limit_is_compared_with_what_the_end_posts(
    engine: Engine, planted: Planted, limits: AmountsByCurrency, lost: int
) -> None:
    exception_id = plant(engine, planted)
    proposed = end(engine, desk.write_off, exception_id, limits=limits)
    assert (proposed.state, proposed.proposal) == (ExceptionState.OPEN, ExceptionState.WRITTEN_OFF)
    assert moved_by(engine, exception_id) == {}
    assert end(engine, desk.write_off, exception_id, "key:lee", limits).approver == "key:lee"
    assert moved_by(engine, exception_id)[EXPENSE, "USD"] == lost


def test_another_end_replaces_the_proposal(engine: Engine) -> None:
    exception_id = plant(engine, Planted())
    end(engine, desk.write_off, exception_id, limits=TWO)
    assert end(engine, desk.resolve, exception_id, "key:lee", limits=TWO).proposal is ExceptionState.RESOLVED
    assert end(engine, desk.write_off, exception_id, "key:lee", limits=TWO).state is ExceptionState.OPEN
    ended = end(engine, desk.write_off, exception_id, "key:kim", limits=TWO)
    assert (ended.state, ended.actor, ended.approver) == (ExceptionState.WRITTEN_OFF, "key:lee", "key:kim")


@pytest.mark.parametrize("by", ENDS)
def test_what_waits_can_be_ended(engine: Engine, by: End) -> None:
    exception_id = plant(engine, Planted(exception_class=ExceptionClass.MISSING_AT_ACQUIRER, waiting=True))
    end(engine, by, exception_id)
    written_off = {(RECEIVABLE, "USD"): -1000, (EXPENSE, "USD"): 1000}
    assert moved_by(engine, exception_id) == ({} if by is desk.resolve else written_off)


@pytest.mark.parametrize("state", sorted(UNDECIDED))
def test_an_operation_is_decided_before_its_money_is_moved(engine: Engine, state: State) -> None:
    exception_id = plant(engine, Planted(state=state))
    for by in ENDS:
        with pytest.raises(ReconConflict, match="decided"):
            end(engine, by, exception_id)
    other = plant(engine, Planted(exception_class=ExceptionClass.TYPE, state=state))
    assert end(engine, desk.resolve, other).state is ExceptionState.RESOLVED, "only the line's money is moved"


@pytest.mark.parametrize("by", ENDS)
@pytest.mark.parametrize("state", sorted(UNDECIDED | WITHOUT_MONEY))
def test_a_fee_of_what_has_no_money_is_not_ended_before_its_line_is_unmatched(
    engine: Engine, state: State, by: End
) -> None:
    """Its whole line may have to go into suspense, and an end is final."""
    exception_id = plant(engine, Planted(exception_class=ExceptionClass.FEE, state=state, suspense=-5))
    with pytest.raises(ReconConflict, match=str(state)):
        end(engine, by, exception_id)
    assert moved_by(engine, exception_id) == {}


@pytest.mark.parametrize(
    ("planted", "moved"),
    [
        (Planted(state=State.DECLINED), {(SUSPENSE, "USD"): 875, (EXPENSE, "USD"): -875}),
        (
            Planted(exception_class=ExceptionClass.TYPE, kind=Kind.AUTHORIZATION),
            {(SUSPENSE, "USD"): 875, (EXPENSE, "USD"): -875},
        ),
        (
            Planted(exception_class=ExceptionClass.UNKNOWN_TO_US, state=None),
            {(SUSPENSE, "USD"): 875, (EXPENSE, "USD"): -875},
        ),
        (
            Planted(exception_class=ExceptionClass.CURRENCY, currency="EUR"),
            {
                (SUSPENSE, "EUR"): 875,
                (EXPENSE, "EUR"): -875,
                (RECEIVABLE, "USD"): -1000,
                (EXPENSE, "USD"): 1000,
            },
        ),
        (
            Planted(kind=Kind.REFUND, gross=-900, fee=0),
            {(SUSPENSE, "USD"): -900, (RECEIVABLE, "USD"): 1000, (EXPENSE, "USD"): -100},
        ),
    ],
)
def test_written_off(engine: Engine, planted: Planted, moved: dict[tuple[str, str], int]) -> None:
    exception_id = plant(engine, planted)
    end(engine, desk.write_off, exception_id)
    assert moved_by(engine, exception_id) == moved


def test_of_two_operators_at_once_one_ends_it(engine: Engine) -> None:
    exception_id = plant(engine, Planted())

    def attempt(number: int) -> str:
        try:
            end(engine, ENDS[number % 2], exception_id, f"key:{number}")
        except ReconConflict:
            return "conflict"
        return "ended"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == ["conflict"] * 3 + ["ended"]
    assert moved_by(engine, exception_id)[SUSPENSE, "USD"] == 875


def test_what_is_not_there(engine: Engine) -> None:
    with pytest.raises(NotFound):
        end(engine, desk.resolve, 9)


def test_who_comes_while_another_ends_it_waits_and_is_told_so(mariadb: Engine, second: Engine) -> None:
    exception_id = plant(mariadb, Planted(exception_class=ExceptionClass.MISSING_AT_ACQUIRER))
    with ThreadPoolExecutor(1) as pool:
        with mariadb.begin() as connection:
            desk.write_off(connection, exception_id, "lost", "key:kim", ALONE, NOW)
            late = pool.submit(end, second, desk.resolve, exception_id, "key:lee")
            wait_for_lock_wait(mariadb)
        with pytest.raises(ReconConflict, match="WRITTEN_OFF already"):
            late.result(60)
    assert stored(mariadb, exception_id).actor == "key:kim"
