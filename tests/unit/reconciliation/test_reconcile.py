"""What a line is matched with: by rule, once, in any order of lines, with bounds."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.acquiring.connector import Kind
from payments.acquiring.rules import WITHOUT_MONEY, Learned, State, Told
from payments.reconciliation import reconcile as module
from payments.reconciliation.faults import FileRefused
from payments.reconciliation.reconcile import Run, RunRefused, reconcile
from payments.reconciliation.rules import SETTLED, UNDECIDED, WAIT, Expected, Line, Match, Rule
from tests.unit.reconciliation.made import (
    LONG_AGO,
    NOW,
    Result,
    day,
    fee,
    file_of,
    line,
    operation,
    ours,
    result,
    run,
    text,
)

ONE = operation(1)
LINE = line(ONE)


def test_what_agrees_is_matched() -> None:
    refund = operation(2, Kind.REFUND, 300)
    assert line(refund)[3:6] == ("USD", -300, 0)
    assert LINE[3:6] == ("USD", 1000, 25)
    assert run([LINE, line(refund)], [ONE, refund]) == Result(
        [Match(LINE, ONE, Rule.OUR_REFERENCE), Match(line(refund), refund, Rule.OUR_REFERENCE)]
    )


def test_what_has_another_reference_is_matched_by_the_acquirers() -> None:
    lost = LINE._replace(reference="lost")
    assert run([lost], [ONE]) == Result([Match(lost, ONE, Rule.ACQUIRER_REFERENCE)])


def test_our_reference_comes_first() -> None:
    other = operation(2)
    first, second = LINE._replace(acquirer_reference="op_2"), line(other)._replace(reference="lost")
    got = run([first, second], [ONE, other])
    assert got.matches == [Match(first, ONE, Rule.OUR_REFERENCE), Match(second, other, Rule.ACQUIRER_REFERENCE)]
    assert got.exceptions == []


@pytest.mark.parametrize(
    ("change", "classes"),
    [
        ({"gross": 1001}, ["AMOUNT OPEN"]),
        ({"gross": 999}, ["AMOUNT OPEN"]),
        ({"gross": -1000}, ["AMOUNT OPEN"]),
        ({"currency": "EUR"}, ["CURRENCY OPEN"]),
        ({"kind": Kind.REFUND}, ["TYPE OPEN"]),
        ({"kind": Kind.REFUND, "gross": -1000, "fee": 0}, ["TYPE OPEN"]),
        ({"kind": Kind.REFUND, "fee": 0}, ["TYPE OPEN"]),
        ({"fee": 26}, ["FEE OPEN"]),
        ({"fee": 24}, ["FEE OPEN"]),
        ({"reference": "lost", "gross": 1001}, ["AMOUNT OPEN"]),
        ({"reference": "lost", "acquirer_reference": "lost"}, ["MISSING_AT_ACQUIRER OPEN", "UNKNOWN_TO_US OPEN"]),
    ],
)
def test_a_difference_has_one_class(change: dict[str, object], classes: list[str]) -> None:
    got = run([LINE._replace(**change)], [ONE])  # type: ignore[arg-type]
    assert got.classes == classes
    assert len(got.matches) == (classes == ["FEE OPEN"])


@pytest.mark.parametrize("state", State)
def test_what_the_line_of_an_operation_in_each_state_means(state: State) -> None:
    got = run([LINE], [ONE._replace(state=state, acquirer_reference=None)])
    told = [Told(ONE.reference, Learned.APPROVED, acquirer_reference="op_1")]
    assert got.told == (told if state in UNDECIDED else [])
    moved = state in UNDECIDED | {State.APPROVED, State.REVERSED}
    assert (len(got.matches), got.classes) == ((1, []) if moved else (0, ["UNKNOWN_TO_US OPEN"]))
    assert {State.UNKNOWN, State.MANUAL} <= UNDECIDED


@pytest.mark.parametrize("change", [{"gross": 1001}, {"currency": "EUR"}, {"kind": Kind.REFUND}])
def test_a_line_that_differs_decides_nothing(change: dict[str, object]) -> None:
    got = run([LINE._replace(**change)], [ONE._replace(state=State.UNKNOWN)])  # type: ignore[arg-type]
    assert (got.matches, got.told, len(got.exceptions)) == ([], [], 1)


@pytest.mark.parametrize(
    ("change", "now", "classes"),
    [
        ({}, LONG_AGO + WAIT - timedelta(microseconds=1), ["MISSING_AT_ACQUIRER WAITING"]),
        ({}, LONG_AGO + timedelta(days=3), ["MISSING_AT_ACQUIRER OPEN"]),
        ({"state": State.REVERSED}, NOW, ["MISSING_AT_ACQUIRER OPEN"]),
        *(({"state": state}, NOW, []) for state in set(State) - {State.APPROVED, State.REVERSED}),
        ({"kind": Kind.AUTHORIZATION}, NOW, []),
        ({"kind": Kind.VOID}, NOW, []),
        ({"used": True}, NOW, []),
    ],
)
def test_what_is_owed_waits_three_days(change: dict[str, object], now: object, classes: list[str]) -> None:
    assert run([], [ONE._replace(**change)], now).classes == classes  # type: ignore[arg-type]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("used", [True, False])
def test_a_match_is_unfounded_where_no_money_moved(state: State, used: bool) -> None:
    search = Run(ours([ONE._replace(state=state, used=used)]), fee)
    assert len(list(search.absent(NOW))) == (state in SETTLED and not used)
    assert search.unfounded == ([ONE.operation_id] if used and state in WITHOUT_MONEY else [])


def test_an_operation_has_one_line_ever() -> None:
    again = LINE._replace(number=2)
    assert [run([LINE, again], [ONE]).classes, len(run([LINE, again], [ONE]).matches)] == [["DUPLICATE OPEN"], 1]
    assert run([LINE], [ONE._replace(used=True)]).classes == ["DUPLICATE OPEN"]
    assert run([LINE, again._replace(reference="lost")], [ONE]).classes == ["DUPLICATE OPEN"]
    assert run([LINE._replace(gross=1), again._replace(gross=2)], [ONE]).classes == ["AMOUNT OPEN", "DUPLICATE OPEN"]


def test_of_two_lines_the_one_that_agrees_best_is_matched() -> None:
    worse = [LINE._replace(gross=999), LINE._replace(acquirer_reference="op_0"), LINE._replace(fee=24)]
    for other in worse:
        for lines in ([LINE, other._replace(number=2)], [other._replace(number=2), LINE]):
            got = run(lines, [ONE])
            assert (got.matches, got.classes) == ([Match(LINE, ONE, Rule.OUR_REFERENCE)], ["DUPLICATE OPEN"])


def without_numbers(got: Result) -> tuple[Counter[object], ...]:
    matches = Counter[object]((one.operation, one.rule) for one in got.matches)
    exceptions = Counter[object](one._replace(line=one.line and one.line._replace(number=0)) for one in got.exceptions)
    return matches, exceptions, Counter[object](got.told)


OPERATIONS = [each._replace(state=state) for each, state in zip(day(5), list(State)[1:6], strict=True)]
LINES = st.builds(
    lambda one, other, changes: line(one)._replace(acquirer_reference=line(other).acquirer_reference, **changes),
    st.sampled_from([*OPERATIONS, operation(9)]),
    st.sampled_from([*OPERATIONS, operation(9)]),
    st.fixed_dictionaries(
        {},
        optional={
            "gross": st.sampled_from([1, -1]),
            "fee": st.just(1),
            "currency": st.just("JPY"),
            "reference": st.just("lost"),
        },
    ),
)


@given(st.lists(LINES, max_size=8).flatmap(lambda lines: st.tuples(st.just(lines), st.permutations(lines))))
def test_the_order_of_lines_does_not_matter(orders: tuple[list[Line], list[Line]]) -> None:
    first, second = (run([one._replace(number=at) for at, one in enumerate(order)], OPERATIONS) for order in orders)
    assert without_numbers(first) == without_numbers(second)
    assert (
        len(first.matches)
        == len({one.operation.operation_id for one in first.matches})
        == len({one.line.number for one in first.matches})
    )
    named = [one.line.number for one in first.exceptions if one.line and one.exception_class != "FEE"]
    assert sorted([*named, *(one.line.number for one in first.matches)]) == list(range(len(orders[0])))


def test_chunks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    operations = day(50)
    lines = [line(one) for one in operations] + [line(one)._replace(number=99) for one in operations[::7]]
    whole = run(lines, operations)
    monkeypatch.setattr(module, "CHUNK", 3)
    assert run(lines, operations) == whole
    assert len(whole.exceptions) == 8


def test_no_look_up_is_longer_than_a_chunk() -> None:
    asked: list[int] = []

    def look_up(names: Sequence[str]) -> dict[str, Expected]:
        asked.append(len(names))
        return {}

    lines = [line(one) for one in day(2500)]
    got = result(reconcile(lambda: lines, ours([])._replace(by_reference=look_up), fee, NOW), [])
    assert (set(asked), sum(asked)) == ({module.CHUNK}, 5000)
    assert got.classes == ["UNKNOWN_TO_US OPEN"] * 2500


def test_a_file_about_others_is_refused() -> None:
    lines = [line(one) for one in day(11)]
    with pytest.raises(RunRefused, match="more than 10 lines"):
        list(reconcile(lambda: lines, ours([]), fee, NOW, held=10))


def test_lines_that_change_between_the_readings_are_refused() -> None:
    once = iter([LINE])
    with pytest.raises(RunRefused, match="read again"):
        list(reconcile(lambda: once, ours([ONE]), fee, NOW))


def test_nothing_comes_of_a_file_that_is_refused() -> None:
    cut = text([LINE]).rpartition("end")[0]
    with pytest.raises(FileRefused):
        next(reconcile(file_of(cut), ours([ONE]), fee, NOW))
