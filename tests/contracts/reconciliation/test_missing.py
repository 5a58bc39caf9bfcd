"""Operations that no file names: when they are looked for, how long they wait, and what ends that."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from payments import crash_points
from payments.acquiring.connector import Kind
from payments.acquiring.rules import State
from payments.platform.tables.reconciliation import recon_exception, recon_file
from payments.platform.tasks.throttle import Stopped, Throttle
from payments.reconciliation import exception_store, keeping, lookups
from payments.reconciliation.reconcile import RunRefused
from payments.reconciliation.turn import TurnLost, turn
from payments.reconciliation.waiting import open_overdue
from tests.contracts.reconciliation import books
from tests.contracts.reconciliation.books import NOON, NOW, change, counts, exceptions, imported, of_day, rows
from tests.contracts.reconciliation.test_one_at_a_time import end_the_turn
from tests.unit.reconciliation.made import day, line, operation

ONE, TWO, REFUND = operation(1), operation(2), operation(3, Kind.REFUND)
DAY = timedelta(days=1)
WAITING, OPEN = ("MISSING_AT_ACQUIRER", "WAITING"), ("MISSING_AT_ACQUIRER", "OPEN")


def test_what_no_file_names_waits(engine: Engine) -> None:
    books.store(engine, [ONE, TWO, REFUND])
    report = imported(engine, [line(ONE)])
    assert exceptions(engine) == [(*WAITING, 2), (*WAITING, 3)]
    assert (report.tally.waiting, report.tally.of_lines) == (2, 0)
    names = ("file_id", "number", "missing_operation_id", "payment_id", "currency", "suspense", "weight", "opens_at")
    assert rows(engine, recon_exception, *names)[0] == (None, None, 2, 1002, "USD", 0, 1000, NOON + 3 * DAY)


def test_what_has_waited_long_enough_is_open_at_once(engine: Engine) -> None:
    books.store(engine, [ONE])
    imported(engine, [], NOON + 3 * DAY)
    assert exceptions(engine) == [(*OPEN, 1)]


def test_what_may_have_moved_no_money_is_not_missing(engine: Engine) -> None:
    books.store(engine, [operation(number)._replace(state=state) for number, state in enumerate(State, 1)])
    imported(engine, [])
    owed = [number for number, state in enumerate(State, 1) if state in (State.APPROVED, State.REVERSED)]
    assert sorted(number for *_, number in exceptions(engine)) == owed


def test_waiting_ends(engine: Engine) -> None:
    books.store(engine, [ONE, TWO])
    imported(engine, [])
    for now, opened in ((NOON + 3 * DAY - timedelta(microseconds=1), 0), (NOON + 3 * DAY, 2), (NOON + 4 * DAY, 0)):
        with engine.begin() as connection:
            assert open_overdue(connection, now) == opened
    assert exceptions(engine) == [(*OPEN, 1), (*OPEN, 2)]


@pytest.mark.parametrize("state", ["WAITING", "OPEN"])
def test_a_later_file_ends_it(engine: Engine, state: str) -> None:
    books.store(engine, [ONE])
    imported(engine, [])
    if state == "OPEN":
        change(engine, recon_exception, recon_exception.c.state == "WAITING", state=state, proposal="WRITTEN_OFF")
    imported(engine, of_day([line(ONE)], "2030-05-18"), NOW + DAY)
    stored = rows(engine, recon_exception, "state", "actor", "approver", "reason", "ended_at", "proposal")
    assert stored == [("RESOLVED", "reconciliation", None, "File 2 names it.", NOW + DAY, None)]


def test_a_line_that_differs_ends_it_too(engine: Engine) -> None:
    books.store(engine, [ONE])
    imported(engine, [])
    imported(engine, of_day([line(ONE)._replace(gross=999)], "2030-05-18"))
    assert exceptions(engine) == [("AMOUNT", "OPEN", 1), ("MISSING_AT_ACQUIRER", "RESOLVED", 1)]


def test_what_was_written_off_is_not_matched_any_more(engine: Engine) -> None:
    """Its money has left the receivable; what comes of it after all is for operators."""
    books.store(engine, [ONE])
    imported(engine, [])
    change(engine, recon_exception, recon_exception.c.state == "WAITING", state="WRITTEN_OFF", ended_at=NOW, actor="a")
    imported(engine, of_day([line(ONE)], "2030-05-18"))
    assert exceptions(engine) == [("DUPLICATE", "OPEN", 1), ("MISSING_AT_ACQUIRER", "WRITTEN_OFF", 1)]


def test_what_came_another_way_may_still_have_a_line(engine: Engine) -> None:
    books.store(engine, [ONE])
    imported(engine, [])
    change(engine, recon_exception, recon_exception.c.state == "WAITING", state="RESOLVED", ended_at=NOW, actor="a")
    assert imported(engine, of_day([line(ONE)], "2030-05-18")).tally.matched == 1
    assert imported(engine, of_day([], "2030-05-19")).tally.classes.total() == 0


def test_an_operator_who_ends_it_meanwhile_makes_the_run_begin_anew(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.store(engine, [ONE])
    imported(engine, [])
    before, end = counts(engine), exception_store.end_missing

    def late(*given: object) -> bool:
        connection = given[0]
        connection.execute(  # type: ignore[attr-defined]
            recon_exception.update().values(state="WRITTEN_OFF", ended_at=NOW, actor="a")
        )
        return end(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(exception_store, "end_missing", late)
    file = of_day([line(ONE)], "2030-05-18")
    with pytest.raises(RunRefused, match="operator"):
        imported(engine, file)
    assert counts(engine) == before
    monkeypatch.undo()
    assert imported(engine, file).tally.matched == 1


def test_nothing_is_missing_before_the_first_day_of_which_there_is_a_file(engine: Engine) -> None:
    books.store(engine, [ONE], datetime(2030, 5, 16, 23, 59, 59, 999_999, UTC))
    books.store(engine, [TWO], datetime(2030, 5, 17, tzinfo=UTC))
    books.store(engine, [REFUND], datetime(2030, 5, 18, tzinfo=UTC))
    imported(engine, [])
    assert exceptions(engine) == [(*WAITING, 2)]
    imported(engine, of_day([], "2030-05-16"))
    assert exceptions(engine) == [(*WAITING, 1), (*WAITING, 2)]
    imported(engine, of_day([], "2030-05-18"))
    assert exceptions(engine) == [(*WAITING, 1), (*WAITING, 2), (*WAITING, 3)]


def test_what_was_decided_between_two_files_is_looked_for_however_long_ago(engine: Engine) -> None:
    imported(engine, [])
    books.store(engine, [ONE], NOON + DAY)
    imported(engine, of_day([], "2030-07-01"), NOON + 60 * DAY)
    assert exceptions(engine) == [(*OPEN, 1)]


def cut_off(engine: Engine, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Import a file that names nothing, and end when it is DONE: before the search, in it, or in its first chunk."""
    reached: list[str] = []

    def reach(point: str) -> None:
        reached.append(point)
        if how == "killed" and point == "after_file_is_done":
            raise KeyboardInterrupt

    def write(*given: Any) -> None:
        if len(reached) == 3:
            raise KeyboardInterrupt
        add_missing(*given)
        reached.append("add_missing")

    add_missing = exception_store.add_missing
    monkeypatch.setattr(crash_points, "reach", reach)
    monkeypatch.setattr(keeping, "MISSING_CHUNK", 1)
    options: dict[str, Any] = {}
    if how == "stopped":
        options["throttle"] = Throttle(lambda _seconds: "after_file_is_done" in reached)
    elif how == "killed in it":
        monkeypatch.setattr(exception_store, "add_missing", write)
    with pytest.raises(Stopped if how == "stopped" else KeyboardInterrupt):
        imported(engine, [], **options)
    monkeypatch.undo()
    assert rows(engine, recon_file, "state", "searched_at")[0] == ("DONE", None)


@pytest.mark.parametrize("how", ["killed", "stopped", "killed in it"])
def test_what_a_search_that_was_cut_off_has_not_found_is_found_with_the_next_file(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """It goes back to where the last search that was not cut off has ended."""
    imported(engine, of_day([], "2030-04-26"), NOON - 20 * DAY)
    books.store(engine, [ONE], NOON - 15 * DAY)
    books.store(engine, [TWO])
    cut_off(engine, monkeypatch, how)
    assert exceptions(engine) == ([(*OPEN, 1)] if how == "killed in it" else [])
    later = NOON + 20 * DAY
    imported(engine, of_day([], "2030-06-05"), later)
    assert exceptions(engine) == [(*OPEN, 1), (*OPEN, 2)]
    assert [searched for _, searched in rows(engine, recon_file, "day", "searched_at")] == [
        NOON - 20 * DAY,
        None,
        later,
    ]
    assert imported(engine, of_day([], "2030-06-06"), later + DAY).tally.classes.total() == 0


def test_the_first_search_of_all_was_cut_off(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    books.store(engine, [ONE], NOON - DAY)
    books.store(engine, [TWO])
    cut_off(engine, monkeypatch, "killed")
    imported(engine, of_day([], "2030-06-05"), NOON + 20 * DAY)
    assert exceptions(engine) == [(*OPEN, 2)], "and none from before the first day"


def test_a_search_that_ends_late_is_kept_by_the_one_who_has_the_turn(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.store(engine, [ONE])

    def replaced(point: str) -> None:
        if point == "after_file_is_done":
            end_the_turn(engine)
            with turn(engine):
                pass

    monkeypatch.setattr(crash_points, "reach", replaced)
    with pytest.raises(TurnLost):
        imported(engine, [line(ONE)])
    assert rows(engine, recon_file, "state", "searched_at") == [("DONE", None)]


@pytest.mark.parametrize(("of_class", "changes"), [("TYPE", {"kind": Kind.REFUND}), ("CURRENCY", {"currency": "EUR"})])
@pytest.mark.parametrize("later", ["2030-05-20", "2030-07-01"])
def test_what_a_line_only_seemed_to_be_about_is_missing_again(
    engine: Engine, of_class: str, changes: dict[str, object], later: str
) -> None:
    books.store(engine, [ONE])
    imported(engine, [])
    imported(engine, of_day([line(ONE)._replace(**changes)], "2030-05-18"))  # type: ignore[arg-type]
    assert exceptions(engine) == sorted([("MISSING_AT_ACQUIRER", "RESOLVED", 1), (of_class, "OPEN", 1)])
    at = datetime.fromisoformat(f"{later}T12:00:00+00:00").astimezone(UTC)
    imported(engine, of_day([], (at - DAY).date().isoformat()))
    resolved = {"state": "RESOLVED", "ended_at": at, "actor": "a"}
    change(engine, recon_exception, recon_exception.c.exception_class == of_class, **resolved)
    imported(engine, of_day([], later), at)
    assert exceptions(engine) == sorted([(*OPEN, 1), (of_class, "RESOLVED", 1)])
    assert rows(engine, recon_exception, "actor", "missing_operation_id") == [("a", None), (None, 1)]


def test_slices_make_no_difference(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where more operations were decided at one moment than a slice has."""
    monkeypatch.setattr(lookups, "SLICE", 3)
    operations = day(30)
    books.store(engine, operations[:20])
    for one in operations[20:]:
        books.store(engine, [one], NOON + timedelta(minutes=one.operation_id // 3))
    report = imported(engine, [line(one) for one in operations[::2]])
    assert report.tally.waiting == 15
    assert [number for *_, number in exceptions(engine)] == sorted(
        (one.operation_id for one in operations[1::2]), key=str
    )
