"""What the end of an exception moves in the ledger, by hand for each class, and that no money is lost by any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.ledger.rules import Account
from payments.platform.values.money import AmountsByCurrency
from payments.reconciliation.ending import UNPAID, Ending, movements, needs_two
from payments.reconciliation.rules import ExceptionClass, ExceptionState

SUSPENSE, RECEIVABLE, EXPENSE = (
    Account.RECONCILIATION_SUSPENSE,
    Account.ACQUIRER_RECEIVABLE,
    Account.ACQUIRER_FEE_EXPENSE,
)
ENDS = (ExceptionState.RESOLVED, ExceptionState.WRITTEN_OFF)
AMOUNTS = st.integers(-(10**12), 10**12)


def sums(ending: Ending, end: ExceptionState) -> dict[tuple[Account, str], int]:
    """Debits − credits of each account and currency; those that do not change are left out."""
    found: dict[tuple[Account, str], int] = {}
    for debit, credit, amount, currency in movements(ending, end):
        found[debit, currency] = found.get((debit, currency), 0) + amount
        found[credit, currency] = found.get((credit, currency), 0) - amount
    return {place: value for place, value in found.items() if value}


def usd(exception_class: ExceptionClass, end: ExceptionState, suspense: int, owed: int = 1000) -> dict[Account, int]:
    found = sums(Ending(exception_class, suspense, "USD", owed, "USD"), end)
    return {account: value for (account, _), value in found.items()}


@pytest.mark.parametrize(
    ("exception_class", "suspense", "moved"),
    [
        # a capture of 1,000 came as 900 less a fee of 25: the 125 that are not there were the acquirer's
        (ExceptionClass.AMOUNT, 875, {SUSPENSE: 875, RECEIVABLE: -1000, EXPENSE: 125}),
        (ExceptionClass.AMOUNT, 1075, {SUSPENSE: 1075, RECEIVABLE: -1000, EXPENSE: -75}),
        # it took 26 instead of 25, and will give 1 back; it took 24, and will want 1 more
        (ExceptionClass.FEE, -1, {SUSPENSE: -1, RECEIVABLE: 1}),
        (ExceptionClass.FEE, 1, {SUSPENSE: 1, RECEIVABLE: -1}),
        (ExceptionClass.DUPLICATE, 975, {SUSPENSE: 975, RECEIVABLE: -975}),
        (ExceptionClass.UNKNOWN_TO_US, 975, {SUSPENSE: 975, RECEIVABLE: -975}),
        (ExceptionClass.TYPE, -1000, {SUSPENSE: -1000, RECEIVABLE: 1000}),
        (ExceptionClass.CURRENCY, 975, {SUSPENSE: 975, RECEIVABLE: -975}),
        (ExceptionClass.MISSING_AT_ACQUIRER, 0, {}),
    ],
)
def test_resolved(exception_class: ExceptionClass, suspense: int, moved: dict[Account, int]) -> None:
    assert usd(exception_class, ExceptionState.RESOLVED, suspense) == moved


@pytest.mark.parametrize(
    ("exception_class", "suspense", "moved"),
    [
        (ExceptionClass.AMOUNT, 875, {SUSPENSE: 875, RECEIVABLE: -1000, EXPENSE: 125}),
        (ExceptionClass.TYPE, -1000, {SUSPENSE: -1000, RECEIVABLE: -1000, EXPENSE: 2000}),
        (ExceptionClass.MISSING_AT_ACQUIRER, 0, {RECEIVABLE: -1000, EXPENSE: 1000}),
        (ExceptionClass.FEE, -1, {SUSPENSE: -1, EXPENSE: 1}),
        (ExceptionClass.DUPLICATE, 975, {SUSPENSE: 975, EXPENSE: -975}),
        (ExceptionClass.UNKNOWN_TO_US, 975, {SUSPENSE: 975, EXPENSE: -975}),
    ],
)
def test_written_off(exception_class: ExceptionClass, suspense: int, moved: dict[Account, int]) -> None:
    assert usd(exception_class, ExceptionState.WRITTEN_OFF, suspense) == moved


def test_each_currency_keeps_its_own_money() -> None:
    ending = Ending(ExceptionClass.CURRENCY, 975, "EUR", 1000, "USD")
    assert sums(ending, ExceptionState.WRITTEN_OFF) == {
        (SUSPENSE, "EUR"): 975,
        (EXPENSE, "EUR"): -975,
        (RECEIVABLE, "USD"): -1000,
        (EXPENSE, "USD"): 1000,
    }
    assert sums(ending, ExceptionState.RESOLVED) == {(SUSPENSE, "EUR"): 975, (RECEIVABLE, "EUR"): -975}


@given(st.sampled_from(ExceptionClass), st.sampled_from(ENDS), AMOUNTS, AMOUNTS)
def test_whatever_it_is_nothing_stays_in_suspense(
    exception_class: ExceptionClass, end: ExceptionState, suspense: int, owed: int
) -> None:
    moved = usd(exception_class, end, suspense, owed)
    assert moved.get(SUSPENSE, 0) == suspense
    assert sum(moved.values()) == 0
    assert set(moved) <= {SUSPENSE, RECEIVABLE, EXPENSE}, "nothing of merchants, nothing of the bank"


@given(st.sampled_from(ExceptionClass), AMOUNTS, AMOUNTS)
def test_what_is_written_off_is_asked_of_nobody(exception_class: ExceptionClass, suspense: int, owed: int) -> None:
    moved = usd(exception_class, ExceptionState.WRITTEN_OFF, suspense, owed)
    assert moved.get(RECEIVABLE, 0) == (-owed if exception_class in UNPAID else 0)


@pytest.mark.parametrize("state", [ExceptionState.OPEN, ExceptionState.WAITING])
def test_what_goes_on_is_no_end(state: ExceptionState) -> None:
    with pytest.raises(ValueError, match="no end"):
        movements(Ending(ExceptionClass.FEE, 1, "USD", 0, "USD"), state)


@pytest.mark.parametrize(
    ("ending", "end", "limits"),
    [
        # 50,000.00 USD of which the file says that they are 1,000 KRW: each currency has its own limit
        (
            Ending(ExceptionClass.CURRENCY, 1000, "KRW", 5_000_000, "USD"),
            ExceptionState.WRITTEN_OFF,
            AmountsByCurrency(100_000, {"KRW": 50_000_000}),
        ),
        # a capture of 900.00 with a line of −900.00: both are lost
        (
            Ending(ExceptionClass.AMOUNT, -90_000, "USD", 90_000, "USD"),
            ExceptionState.WRITTEN_OFF,
            AmountsByCurrency(100_000, {}),
        ),
        # nothing is posted, but nobody will ask for it any more
        (
            Ending(ExceptionClass.MISSING_AT_ACQUIRER, 0, "USD", 100_001, "USD"),
            ExceptionState.RESOLVED,
            AmountsByCurrency(100_000, {}),
        ),
    ],
)
def test_what_needs_two_operators(ending: Ending, end: ExceptionState, limits: AmountsByCurrency) -> None:
    assert needs_two(ending, end, limits)


def test_the_limit_of_a_currency_is_not_compared_with_amounts_of_another() -> None:
    ending = Ending(ExceptionClass.CURRENCY, 975, "USD", 1_300_000, "KRW")
    assert not needs_two(ending, ExceptionState.WRITTEN_OFF, AmountsByCurrency(1000, {"KRW": 1_300_000}))


NEAR = st.integers(-3000, 3000)
ENDINGS = st.builds(
    Ending, st.sampled_from(ExceptionClass), NEAR, st.just("USD"), NEAR, st.sampled_from(("USD", "KRW"))
)


@given(ENDINGS, st.sampled_from(ENDS), st.integers(0, 3000), st.integers(0, 3000))
def test_one_operator_moves_no_more_than_the_limit_of_each_currency(
    ending: Ending, end: ExceptionState, usd_limit: int, krw_limit: int
) -> None:
    limits = AmountsByCurrency(usd_limit, {"KRW": krw_limit})
    above = [place for place, moved in sums(ending, end).items() if abs(moved) > limits.of(place[1])]
    if above:
        assert needs_two(ending, end, limits)
