"""What audits find about reconciliation: each file and exception by itself, and the balances by sums."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, Table, and_, delete, select, update

from payments.acquiring.rules import WITHOUT_MONEY
from payments.audit.money_out import line_reads, parts
from payments.ledger.rules import Account, SourceType
from payments.ledger.source_store import moved, post
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.reconciliation import recon_exception, recon_file, recon_line, recon_total
from payments.reconciliation.rules import UNDECIDED
from tests.contracts.reconciled_rows import reconciled
from tests.contracts.settled_rows import NOW
from tests.contracts.test_audit_settled import run, subjects, without_triggers

BANK, SUSPENSE = "bank USD", "reconciliation_suspense USD"
Key = dict[str, Any]
Spoiled = tuple[Table, Key, dict[str, Any], list[str]]


@pytest.fixture
def books(engine: Engine) -> Engine:
    """The rows of `reconciled`, and an audit that found them right."""
    reconciled(engine)
    assert run(engine, full=True).differences == []
    return engine


def change(engine: Engine, table: Table, key: Key, **values: Any) -> dict[str, Any]:
    """Change one row, and return what it was."""
    row = and_(*(table.c[name] == value for name, value in key.items()))
    with engine.begin() as connection:
        without_triggers(connection, table)
        before = connection.execute(select(*(table.c[name] for name in values)).where(row)).one()
        connection.execute(update(table).where(row).values(values))
    return dict(before._mapping)


def test_all_that_is_right_is_checked_and_found_right(books: Engine) -> None:
    report = run(books, full=True)
    assert (report.differences, report.money_out) == ([], 2 + 6 + 1)  # files, exceptions, sums
    assert run(books).money_out == 2 + 6


def line(number: int) -> Key:
    return {"file_id": 1, "number": number}


def posting(number: int) -> Key:
    return {"source_type": "recon_file", "source_id": 1, "posting_no": number}


def exception(number: int) -> Key:
    return {"exception_id": number}


FILE, TOTAL = {"file_id": 1}, {"file_id": 1, "currency": "USD"}
OF_FILES: list[Spoiled] = [
    (recon_file, FILE, {"line_count": 6}, ["file 1"]),
    (recon_file, FILE, {"matched": 3}, ["file 1"]),
    (recon_file, {"file_id": 2}, {"state": "DONE"}, ["file 2", SUSPENSE]),
    (recon_total, TOTAL, {"gross": 2_171, "fee": 64}, ["file 1"]),
    (recon_total, TOTAL, {"gross": 2_171, "net": 2_108, "suspense": 1_533}, [BANK, "file 1"]),
    (recon_total, TOTAL, {"matched_gross": 601, "matched_fee": 26}, ["file 1"]),
    (recon_total, TOTAL, {"currency": "EUR"}, ["bank EUR", BANK, "file 1"]),
    (recon_line, line(1), {"gross": 999}, ["file 1"]),
    (recon_line, line(1), {"kind": "refund"}, ["file 1"]),
    (recon_line, line(1), {"operation_id": 4}, ["file 1"]),
    (recon_line, line(1), {"currency": "EUR"}, ["file 1"]),
    (recon_line, line(4), {"operation_id": 3, "rule": "OUR_REFERENCE"}, ["exception 3", "file 1"]),
    (ledger_entry, posting(0), {"amount": 574}, [BANK, "file 1"]),
    (ledger_entry, posting(1), {"debit_account": "bank"}, [BANK, "file 1"]),
    (ledger_entry, posting(2), {"merchant_id": "M1"}, ["file 1"]),
    (acquirer_operation, {"operation_id": 1}, {"amount": 1_001}, ["file 1"]),
    (acquirer_operation, {"operation_id": 1}, {"currency": "EUR"}, ["file 1"]),
    *(
        (acquirer_operation, {"operation_id": 1}, {"state": state}, ["file 1"])
        for state in (*WITHOUT_MONEY, "REVERSED")
    ),
    *((acquirer_operation, {"operation_id": 1}, {"state": state}, []) for state in UNDECIDED),
]
OF_EXCEPTIONS: list[Spoiled] = [
    (recon_exception, exception(1), {"suspense": -4}, ["file 1", SUSPENSE]),
    (
        recon_exception,
        exception(1),
        {"state": "RESOLVED", "ended_at": datetime(2026, 1, 1, tzinfo=UTC)},
        ["X1", SUSPENSE],
    ),
    (recon_exception, exception(2), {"state": "WRITTEN_OFF"}, []),  # the same postings
    (recon_exception, exception(2), {"state": "OPEN", "ended_at": None}, ["X2", SUSPENSE]),
    (recon_exception, exception(2), {"operation_id": None}, ["X2"]),
    (recon_exception, exception(2), {"operation_id": 4}, ["X2"]),
    (recon_exception, exception(3), {"state": "WRITTEN_OFF"}, ["X3"]),
    (recon_exception, exception(3), {"suspense": 489}, ["X3", "file 1"]),
    (recon_exception, exception(3), {"currency": "EUR"}, ["X3", "file 1"]),
    (recon_exception, exception(3), {"actor": None}, ["X3"]),
    (recon_exception, exception(3), {"approver": "cli:Ann"}, ["X3"]),
    (recon_exception, exception(4), {"state": "RESOLVED"}, ["X4"]),
    (recon_exception, exception(4), {"exception_class": "DUPLICATE"}, ["X4"]),
    (recon_exception, exception(4), {"exception_class": "FEE"}, ["X4", "file 1"]),
    (recon_exception, exception(5), {"state": "RESOLVED"}, ["X5"]),
    (recon_exception, exception(5), {"suspense": 1}, ["X5"]),
    (acquirer_operation, {"operation_id": 4}, {"state": "DECLINED"}, ["X5"]),
    (acquirer_operation, {"operation_id": 4}, {"state": "REVERSED"}, []),
    (acquirer_operation, {"operation_id": 4}, {"kind": "void"}, ["X5"]),
    (recon_exception, exception(6), {"number": 99}, ["X6"]),
]


@pytest.mark.parametrize("spoiled", [OF_FILES, OF_EXCEPTIONS], ids=("files", "exceptions"))
def test_what_is_wrong_is_found_and_cleared_when_it_is_right(books: Engine, spoiled: list[Spoiled]) -> None:
    for table, key, values, wanted in spoiled:
        before = change(books, table, key, **values)
        found = [each for each in run(books, full=True).differences if each.kind in parts.KINDS]
        assert sorted(each.subject.replace("exception ", "X") for each in found) == sorted(
            subject.replace("exception ", "X") for subject in wanted
        ), (table.name, values)
        change(books, table, key | {name: values[name] for name in key if name in values}, **before)
    assert run(books).differences == []
    assert run(books, full=True).cleared == 0, "the audit of what is suspect has cleared all that is right again"


def test_lines_are_added_up_in_pieces(books: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_reads, "PIECE", 2)
    assert run(books, full=True).differences == []
    change(books, recon_line, line(5), gross=81)
    assert subjects(run(books, full=True)) == ["exception 4", "file 1"]


def test_lines_are_read_once_when_the_file_has_ended(books: Engine) -> None:
    change(books, recon_line, line(1), fee=24)
    assert run(books).differences == []
    change(books, recon_file, FILE, ended_at=datetime.now(UTC))
    assert subjects(run(books)) == ["file 1"]


def test_a_line_without_match_or_exception_is_found(books: Engine) -> None:
    with books.begin() as connection:
        connection.execute(delete(recon_exception).where(recon_exception.c.exception_id == 3))
    (found,) = [each for each in run(books, full=True).differences if each.subject == "file 1"]
    assert "the number of exceptions USD of unmatched lines is 2, it must be 3" in found.detail


def test_of_a_file_that_is_not_done_nothing_may_be_posted(books: Engine) -> None:
    with books.begin() as connection:
        early = moved(1, Account.BANK, Account.RECONCILIATION_SUSPENSE, 60, "USD")
        post(connection, SourceType.RECON_FILE, 2, None, early, NOW, NOW)
    assert subjects(run(books)) == ["file 2"]


def test_a_wrong_end_is_found_in_the_audit_after_it(books: Engine) -> None:
    change(books, recon_exception, exception(1), state="WRITTEN_OFF", ended_at=datetime.now(UTC), actor="ann")
    (found,) = run(books).differences
    assert found.detail == (
        "exception 1: debits − credits of acquirer_fee_expense are 0 USD, they must be 3; "
        "debits − credits of reconciliation_suspense are 0 USD, they must be -3"
    )
