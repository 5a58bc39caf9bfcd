"""What a run adds up to: each minor unit is explained or in suspense, whatever its sign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.acquiring.connector import Kind
from payments.ledger.rules import Account
from payments.ledger.source_store import SourcePosting
from payments.reconciliation.keeping import postings
from payments.reconciliation.reconcile import reconcile
from payments.reconciliation.rules import ExceptionClass, ExceptionState, Line, ReconException
from payments.reconciliation.tally import Tally, Total, suspense_of, weight_of
from tests.unit.reconciliation.made import NOW, day, fee, line, operation, ours

OPERATIONS = day(8)
LINES = st.builds(
    lambda one, changes: line(one)._replace(**changes),
    st.sampled_from([*OPERATIONS, operation(99)]),
    st.fixed_dictionaries(
        {},
        optional={
            "gross": st.integers(-(10**12), 10**12),
            "fee": st.integers(-(10**6), 10**6),
            "currency": st.just("JPY"),
            "kind": st.sampled_from([Kind.CAPTURE, Kind.REFUND]),
        },
    ),
)


@given(st.lists(LINES, max_size=12))
def test_suspense_is_the_sum_of_exceptions(lines: list[Line]) -> None:
    tally, left = Tally(fee), dict[str, int]()
    for found in reconcile(lambda: lines, ours(OPERATIONS), fee, NOW):
        tally.add(found)
        if isinstance(found, ReconException) and found.line is not None:
            currency = found.line.currency
            left[currency] = left.get(currency, 0) + suspense_of(found, fee)
    assert {currency: each.suspense for currency, each in tally.totals.items()} == {
        currency: left.get(currency, 0) for currency in tally.totals
    }
    assert tally.lines == len(lines)
    for currency, total in tally.totals.items():
        assert total.net == sum(each.gross - each.fee for each in lines if each.currency == currency)
        came = sum(
            each.amount * ((each.debit is Account.BANK) - (each.credit is Account.BANK))
            for each in postings(tally.totals)
            if each.currency == currency
        )
        assert came == total.net


def test_what_a_file_posts() -> None:
    totals = {"USD": Total(700, 30, 700, 25), "EUR": Total(-500, 0, -500, 0), "KRW": Total()}
    receivable, bank = Account.ACQUIRER_RECEIVABLE, Account.BANK
    assert postings(totals) == [
        SourcePosting(0, receivable, bank, 500, "EUR"),  # it takes back more than it pays
        SourcePosting(8, bank, receivable, 675, "USD"),
        SourcePosting(9, Account.ACQUIRER_FEE_EXPENSE, receivable, 25, "USD"),
        SourcePosting(10, Account.RECONCILIATION_SUSPENSE, bank, 5, "USD"),
    ]


@pytest.mark.parametrize(
    ("of_class", "changes", "suspense", "weight"),
    [
        ("FEE", {"fee": 20}, 5, 5),
        ("FEE", {"fee": 30}, -5, 5),
        ("AMOUNT", {"gross": 10}, -15, 1000),
        ("DUPLICATE", {}, 975, 975),
        ("UNKNOWN_TO_US", {"gross": -3000}, -3025, 3025),
    ],
)
def test_what_an_exception_holds_and_weighs(of_class: str, changes: dict[str, int], suspense: int, weight: int) -> None:
    one = operation(1)
    found = ReconException(ExceptionClass(of_class), ExceptionState.OPEN, line(one)._replace(**changes), one)  # type: ignore[arg-type]
    assert (suspense_of(found, fee), weight_of(found, fee)) == (suspense, weight)


def test_what_is_missing_holds_nothing_and_weighs_what_may_be_lost() -> None:
    found = ReconException(ExceptionClass.MISSING_AT_ACQUIRER, ExceptionState.OPEN, None, operation(1, Kind.REFUND))
    assert (suspense_of(found, fee), weight_of(found, fee)) == (0, 1000)
