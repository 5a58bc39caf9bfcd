"""Two operators at once on MariaDB: a batch is approved, exported and paid once, an adjustment posted or withdrawn."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from payments.merchants import service
from payments.merchants.rules import MerchantState, Mode
from payments.platform.desk_errors import NothingToPayOut, SecondOperatorNeeded, SettlementConflict
from payments.platform.errors import PaymentsError
from payments.settlement import adjustment_store, adjustments, payouts
from payments.settlement.payout_file import Format
from payments.settlement.rules import State
from tests.contracts.settlement.paying import (
    LATER,
    LIMITS,
    OURS,
    approve,
    export,
    payout_states,
    posted,
    settled,
    stored,
)
from tests.contracts.settlement.selling import DAY, NEXT, batches, payable, price, register, sell, settle
from tests.contracts.test_locks import wait_for_lock_wait

Work = Callable[[Connection], Any]


def approving(batch_id: int, actor: str) -> Work:
    return lambda connection: payouts.approve(connection, batch_id, actor, "seen", LIMITS, LATER)


def exporting(connection: Connection) -> Any:
    return payouts.export(connection, "EUR", Mode.TEST, Format.CSV, "cli:b", "Friday", OURS, LATER)


def confirming(batch_id: int) -> Work:
    return lambda connection: payouts.confirm(connection, batch_id, "cli:a", "paid", LATER)


def returning(batch_id: int) -> Work:
    return lambda connection: payouts.give_back(connection, batch_id, "cli:b", "no account", LATER)


def suspending(connection: Connection) -> Any:
    return service.change_merchant(connection, "M1", "fraud", "cli:a", state=MerchantState.SUSPENDED)


def agreeing(connection: Connection) -> Any:
    return adjustments.agree(connection, 1, "cli:b", "seen", LATER)


def withdrawing(connection: Connection) -> Any:
    return adjustments.withdraw(connection, 1, "cli:b", "nobody wants it", LATER)


def in_turn(mariadb: Engine, second: Engine, first: Work, other: Work) -> PaymentsError | None:
    """The error of `other`, which began before `first` was committed and had to wait for it."""

    def run() -> None:
        with second.begin() as connection:
            other(connection)

    with ThreadPoolExecutor(1) as pool:
        with mariadb.begin() as connection:
            first(connection)
            waiting = pool.submit(run)
            wait_for_lock_wait(mariadb)
        error = waiting.exception()
    assert error is None or isinstance(error, PaymentsError), error
    return error


@pytest.fixture
def mariadb(mariadb: Engine) -> Engine:
    """A database with prices."""
    price(mariadb, currency="EUR")
    return mariadb


def test_two_first_approvals_at_once_are_two(mariadb: Engine, second: Engine) -> None:
    batch_id = settled(mariadb, 20_000_000)
    assert in_turn(mariadb, second, approving(batch_id, "cli:a"), approving(batch_id, "cli:b")) is None
    assert stored(mariadb, batch_id).batch.approved_by == ("cli:a", "cli:b")
    assert stored(mariadb, batch_id).batch.state is State.APPROVED


def test_one_operator_in_two_windows_approves_once(mariadb: Engine, second: Engine) -> None:
    batch_id = settled(mariadb, 20_000_000)
    error = in_turn(mariadb, second, approving(batch_id, "cli:a"), approving(batch_id, "cli:a"))
    assert isinstance(error, SecondOperatorNeeded)
    assert stored(mariadb, batch_id).batch.state is State.CLOSED


def test_two_exports_at_once_make_one_file(mariadb: Engine, second: Engine) -> None:
    batch_id = settled(mariadb)
    approve(mariadb, batch_id)
    assert isinstance(in_turn(mariadb, second, exporting, exporting), NothingToPayOut)
    assert payout_states(mariadb) == [(batch_id, 9_820, "EXPORTED")]


def test_a_payout_is_confirmed_or_returned(mariadb: Engine, second: Engine) -> None:
    batch_id = settled(mariadb)
    approve(mariadb, batch_id)
    export(mariadb)
    error = in_turn(mariadb, second, confirming(batch_id), returning(batch_id))
    assert isinstance(error, SettlementConflict)
    assert [row[1:4] for row in posted(mariadb)] == [(0, "payout_clearing", "bank")]


@pytest.mark.parametrize("works", [(suspending, exporting), (exporting, suspending)])
def test_suspending_and_exporting_do_not_wait_for_each_other(
    mariadb: Engine, second: Engine, works: tuple[Work, Work]
) -> None:
    register(mariadb, "M1", "UTC", Mode.TEST)
    batch_id = settled(mariadb)
    approve(mariadb, batch_id)
    first, other = works
    with mariadb.begin() as one:
        first(one)
        with second.begin() as two:
            other(two)  # either would be before the other: the merchant was paid, and then suspended
    assert payout_states(mariadb) == [(batch_id, 9_820, "EXPORTED")]
    sell(mariadb, 10_000, currency="EUR", at=NEXT)
    settle(mariadb, NEXT + DAY)
    approve(mariadb, batches(mariadb)[-1].batch.batch_id)
    with pytest.raises(NothingToPayOut, match="M1"):
        export(mariadb)


@pytest.mark.parametrize("works", [(agreeing, withdrawing), (withdrawing, agreeing), (withdrawing, withdrawing)])
def test_an_adjustment_is_posted_or_withdrawn(mariadb: Engine, second: Engine, works: tuple[Work, Work]) -> None:
    register(mariadb, "M1", "UTC")
    with mariadb.begin() as connection:
        adjustments.propose(connection, "M1", "KRW", 1_000_001, "we were late", "cli:a", LIMITS, LATER)
    assert isinstance(in_turn(mariadb, second, *works), SettlementConflict)
    with mariadb.connect() as connection:
        (found,) = adjustment_store.page(connection, None, 9)
    is_posted = works[0] is agreeing
    assert (found.posted_at is not None, found.withdrawn_at is None) == (is_posted, is_posted)
    assert payable(mariadb) == ({("M1", "KRW"): 1_000_001} if is_posted else {})
