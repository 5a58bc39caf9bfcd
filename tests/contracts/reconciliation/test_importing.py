"""What an import keeps: lines, matches, sums, postings, exceptions; all of it, once, or nothing."""

from typing import Any

import pytest
from sqlalchemy import Engine

from payments.acquiring.connector import Kind
from payments.acquiring.rules import State
from payments.platform.desk_errors import DuplicateFile
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.reconciliation import recon_exception, recon_file, recon_line, recon_total
from payments.platform.tasks.throttle import Stopped, Throttle
from payments.reconciliation import keeping, same_lines, store
from payments.reconciliation.faults import FileRefused
from payments.reconciliation.importing import import_file
from payments.reconciliation.reconcile import RunRefused, TooManyDiffer
from payments.reconciliation.rules import ExceptionClass, FileState, Line
from tests.contracts.reconciliation import books
from tests.contracts.reconciliation.books import NOW, balance, change, counts, exceptions, imported, rows
from tests.moments import always
from tests.unit.reconciliation.made import day, line, operation, text
from tests.unit.reconciliation.test_planted import planted

ONE, TWO = operation(1), operation(2, Kind.REFUND, 300)
LINES = [line(ONE), line(TWO)]


def test_a_file_that_agrees(engine: Engine) -> None:
    books.store(engine, [ONE, TWO])
    report = imported(engine, LINES)
    assert (report.file_id, str(report.day), report.tally.matched, report.tally.classes.total()) == (
        1,
        "2030-05-17",
        2,
        0,
    )
    assert rows(engine, recon_file, "state", "line_count", "matched", "exceptions", "day", "created_by") == [
        ("DONE", 2, 2, 0, report.day, "cli:test")
    ]
    assert rows(engine, recon_line, "number", "operation_id", "rule", "gross", "fee") == [
        (1, 1, "OUR_REFERENCE", 1000, 25),
        (2, 2, "OUR_REFERENCE", -300, 0),
    ]
    assert rows(engine, recon_total, "currency", "gross", "fee", "net", "matched_gross", "matched_fee", "suspense") == [
        ("USD", 700, 25, 675, 700, 25, 0)
    ]
    assert rows(engine, ledger_entry, "posting_no", "debit_account", "credit_account", "amount", "source_type") == [
        (0, "bank", "acquirer_receivable", 675, "recon_file"),
        (1, "acquirer_fee_expense", "acquirer_receivable", 25, "recon_file"),
    ]


def test_the_same_bytes_are_imported_once(engine: Engine) -> None:
    books.store(engine, [ONE])
    imported(engine, LINES[:1])
    before = counts(engine)
    for dry_run in (False, True):
        with pytest.raises(DuplicateFile, match="File 1"):
            imported(engine, LINES[:1], dry_run=dry_run)
    assert counts(engine) == before


def test_the_same_lines_are_imported_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """With other line ends the bytes are others; the money is the same."""
    monkeypatch.setattr(same_lines, "CHUNK", 2)
    operations = day(5)
    books.store(engine, operations)
    content = text([line(each) for each in operations])
    imported(engine, content)
    before = counts(engine)
    for dry_run in (True, False):
        with pytest.raises(DuplicateFile, match="File 1 has the same lines"):
            imported(engine, content.replace("\r\n", "\n"), dry_run=dry_run)
    assert counts(engine) == before


@pytest.mark.parametrize(
    "others",
    [
        LINES[:1],
        [LINES[0], LINES[1]._replace(gross=-301)],
        [LINES[0], LINES[1]._replace(acquirer_reference="op_3")],
        [LINES[0]._replace(reference="00-3-capture-1"), LINES[1]],
        [LINES[0]._replace(currency="EUR"), LINES[1]],
    ],
)
def test_a_file_of_the_same_day_with_another_line_is_taken(engine: Engine, others: list[Line]) -> None:
    books.store(engine, [ONE, TWO])
    imported(engine, LINES)
    assert imported(engine, others).tally.lines == len(others)


def test_two_files_without_lines_are_taken(engine: Engine) -> None:
    for content in (text([]), text([]).replace("\r\n", "\n")):
        imported(engine, content)
    assert rows(engine, recon_file, "state") == [("DONE",), ("DONE",)]


def test_a_dry_run_finds_the_same_and_keeps_nothing(engine: Engine) -> None:
    made = planted(200, 2, 4)
    books.store(engine, made.operations)
    before = counts(engine)
    dry = imported(engine, made.lines, dry_run=True)
    assert counts(engine) == before
    real = imported(engine, made.lines)
    assert (dry.file_id, real.file_id) == (None, 1)
    for name in ("lines", "matched", "told", "waiting", "classes", "totals"):
        assert getattr(dry.tally, name) == getattr(real.tally, name), name


def test_every_minor_unit_that_came_is_matched_or_in_suspense(engine: Engine) -> None:
    made = planted(400, 5, 5)
    books.store(engine, made.operations)
    report = imported(engine, made.lines)
    stored = rows(engine, recon_exception, "currency", "suspense")
    for currency, total in report.tally.totals.items():
        came = sum(each.gross - each.fee for each in made.lines if each.currency == currency)
        assert total.net == came == balance(engine, "bank", currency)
        assert total.suspense == sum(each for of, each in stored if of == currency)
        assert -balance(engine, "reconciliation_suspense", currency) == total.suspense
        assert -balance(engine, "acquirer_receivable", currency) == total.matched_gross
        assert balance(engine, "acquirer_fee_expense", currency) == total.matched_fee
    found = rows(engine, recon_exception, "exception_class")
    of_lines = [each for (each,) in found if each != "MISSING_AT_ACQUIRER"]
    assert rows(engine, recon_file, "line_count", "exceptions") == [(len(made.lines), len(of_lines))]
    assert {each for (each,) in found} == set(ExceptionClass)


@pytest.mark.parametrize(
    ("change_of_line", "of_class", "suspense", "weight"),
    [
        ({"gross": 1001}, "AMOUNT", 976, 1000),
        ({"gross": -5000}, "AMOUNT", -5025, 5025),
        ({"kind": Kind.REFUND, "gross": -1000, "fee": 0}, "TYPE", -1000, 1000),
        ({"currency": "EUR"}, "CURRENCY", 975, 1000),
        ({"fee": 27}, "FEE", -2, 2),
        ({"reference": "other", "acquirer_reference": "other"}, "UNKNOWN_TO_US", 975, 975),
    ],
)
def test_what_an_exception_says(
    engine: Engine, change_of_line: dict[str, Any], of_class: str, suspense: int, weight: int
) -> None:
    books.store(engine, [ONE])
    changed = LINES[0]._replace(**change_of_line)
    imported(engine, [changed])
    stored = rows(
        engine, recon_exception,
        "exception_class", "state", "connector", "file_id", "number", "currency", "suspense", "weight", "payment_id",
    )  # fmt: skip
    payment_id = None if of_class == "UNKNOWN_TO_US" else 1001
    said = (of_class, "OPEN", "simulator", 1, 1, changed.currency, suspense, weight, payment_id)
    assert said in stored
    assert [each[0] for each in stored if each != said] == (
        ["MISSING_AT_ACQUIRER"] if of_class == "UNKNOWN_TO_US" else []
    )


def test_a_line_of_an_earlier_file_makes_a_duplicate(engine: Engine) -> None:
    books.store(engine, [ONE])
    imported(engine, LINES[:1])
    imported(engine, books.of_day(LINES[:1], "2030-05-18"))
    assert exceptions(engine) == [("DUPLICATE", "OPEN", 1)]


@pytest.mark.parametrize("of_class", ["AMOUNT", "TYPE", "CURRENCY"])
@pytest.mark.parametrize("state", ["OPEN", "RESOLVED", "WRITTEN_OFF"])
def test_what_another_line_seemed_to_be_about(engine: Engine, of_class: str, state: str) -> None:
    """Only after a line was said to be another operation's the right one may come."""
    changes: dict[str, dict[str, Any]] = {
        "AMOUNT": {"gross": 1},
        "TYPE": {"kind": Kind.REFUND},
        "CURRENCY": {"currency": "EUR"},
    }
    books.store(engine, [ONE])
    imported(engine, [LINES[0]._replace(**changes[of_class])])
    if state != "OPEN":
        change(engine, recon_exception, recon_exception.c.number == 1, state=state, ended_at=NOW, actor="a")
    report = imported(engine, books.of_day(LINES[:1], "2030-05-18"))
    free = state == "RESOLVED" and of_class != "AMOUNT"
    assert (report.tally.matched, report.tally.classes[ExceptionClass.DUPLICATE]) == ((1, 0) if free else (0, 1))


def test_operations_of_another_acquirer_are_not_meant(engine: Engine) -> None:
    books.store(engine, [ONE], connector="none")
    assert imported(engine, LINES[:1]).tally.classes == {"UNKNOWN_TO_US": 1}


def test_a_file_that_is_refused_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(FileRefused):
        imported(engine, text(LINES).replace("end,2", "end,3"))
    assert counts(engine) == [0, 0, 0, 0, 0]


def test_a_file_about_others_leaves_nothing_and_may_come_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    books.store(engine, day(9))
    lines = [line(each)._replace(fee=999) for each in day(9)]
    monkeypatch.setattr(keeping, "HELD", 8)
    monkeypatch.setattr(keeping, "CHUNK", 2)
    with pytest.raises(TooManyDiffer):
        imported(engine, lines)
    assert counts(engine) == [0, 0, 0, 0, 0]
    monkeypatch.undo()
    assert imported(engine, lines).tally.classes == {"FEE": 9}


def test_a_file_that_changes_while_it_is_read_leaves_nothing(engine: Engine) -> None:
    books.store(engine, [ONE])
    readings = iter([text(LINES[:1]), text([LINES[0]._replace(fee=26)])])
    with pytest.raises(RunRefused, match="changed"):
        import_file(engine, lambda: [next(readings).encode()], books.ASKED, always(NOW))
    assert counts(engine) == [0, 0, 0, 0, 0]


def test_an_import_that_is_stopped_does_not_count_and_is_begun_anew(engine: Engine) -> None:
    books.store(engine, [ONE])
    answers = iter([False, False, True])  # it asks at first, and rests in each reading
    with pytest.raises(Stopped):
        imported(engine, LINES[:1], throttle=Throttle(lambda _seconds: next(answers)))
    assert rows(engine, recon_file, "state") == [("READING",)]
    assert imported(engine, LINES[:1]).tally.matched == 1
    assert rows(engine, recon_file, "state") == [("DONE",)]


def test_what_was_refused_may_be_imported_later(engine: Engine) -> None:
    books.store(engine, [ONE])
    digest = imported(engine, LINES[:1], dry_run=True).sha256
    with engine.begin() as connection:
        file_id = store.add(connection, digest, "simulator", "x", "a", NOW)
        store.change(connection, file_id, FileState.READING, state="REFUSED")
    assert imported(engine, LINES[:1]).tally.matched == 1


def test_undecided_operations_are_matched(engine: Engine) -> None:
    books.store(engine, [ONE._replace(state=State.UNKNOWN, acquirer_reference=None)])
    report = imported(engine, LINES[:1])
    assert (report.tally.matched, report.tally.told) == (1, 1)
