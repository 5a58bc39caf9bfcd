"""What audits find about settlement: each row by itself, and the balances by sums, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, delete, func, select, update

from payments.audit.finding_store import open_by_kind
from payments.audit.money_out import batch_reads, item_reads, parts, piece_reads, rows, service
from payments.audit.service import Report, audit
from payments.ledger.rules import Account, SourceType
from payments.ledger.source_store import moved, post
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import payment
from payments.platform.tables.settlement import (
    fee_schedule,
    payout,
    payout_file,
    settlement_adjustment,
    settlement_batch,
    settlement_item,
)
from payments.platform.tasks.throttle import AT_ONCE, Rests
from tests.contracts.settled_rows import BATCH, CUTOFF, NOW, add, settled

KEPT = timedelta(days=30)


@pytest.fixture
def books(engine: Engine) -> Engine:
    """The rows of `settled`, and an audit that found them right."""
    settled(engine)
    assert run(engine, full=True).differences == []
    return engine


def run(engine: Engine, *, full: bool = False) -> Report:
    return audit(engine, full=full, answers_kept=KEPT)


def subjects(report: Report) -> list[str]:
    return sorted(difference.subject for difference in report.differences)


def without_triggers(connection: Connection, table: Table) -> None:
    """As a bug, or a hand, that the database does not stop."""
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table.name}_no_update")
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table.name}_no_delete")


def change(engine: Engine, table: Table, row: int, **values: Any) -> dict[str, Any]:
    """Change one row, and return what it was."""
    (key,) = table.primary_key.columns
    with engine.begin() as connection:
        without_triggers(connection, table)
        columns = [table.c[name] for name in values]
        before = connection.execute(select(*columns).where(key == row)).one()
        connection.execute(update(table).where(key == row).values(values))
    return dict(before._mapping)


def test_all_that_is_right_is_checked_and_found_right(books: Engine) -> None:
    report = run(books, full=True)
    assert (report.differences, report.money_out) == ([], 3 + 1 + 1 + 1)  # batches, adjustment, payout file, sums
    assert run(books).money_out == 3 + 1 + 1  # in turn


Spoiled = tuple[Table, int, dict[str, Any], list[str]]
SPOILED: list[Spoiled] = [
    (settlement_batch, 1, {"fees": 181, "net": 8_819}, ["batch 1", "fee_revenue KRW"]),
    (settlement_batch, 1, {"items": 3}, ["batch 1"]),
    (settlement_batch, 1, {"approved_by": None}, ["batch 1"]),
    (settlement_batch, 1, {"state": "EXPORTED"}, ["batch 1", "payout_clearing KRW"]),
    (settlement_batch, 1, {"cutoff": NOW - timedelta(days=1)}, ["batch 1"]),
    (settlement_batch, 2, {"carried_in": 5, "net": -15, "carried_out": -15}, ["batch 2", "batch 3", "PAYABLE"]),
    (settlement_batch, 3, {"carried_in": 0}, ["batch 3"]),
    (settlement_batch, 3, {"number": 4}, ["batch 3"]),
    (settlement_item, 1, {"fee": 179}, ["batch 1"]),
    (settlement_item, 1, {"amount": 9_999}, ["batch 1"]),
    (settlement_item, 1, {"kind": "REFUND"}, ["batch 1"]),
    (settlement_item, 1, {"event_id": 77}, ["batch 1"]),
    (settlement_item, 1, {"entry_id": 77}, ["PAYABLE", "batch 1"]),
    (settlement_item, 3, {"batch_id": 1}, ["batch 1", "batch 2"]),
    (payment, 1, {"merchant_id": "M2"}, ["PAYABLE", "PAYABLE M2", "batch 1"]),
    (payout, 1, {"amount": 8_821}, ["bank KRW", "batch 1", "payout file 1"]),
    (payout, 1, {"state": "RETURNED"}, ["bank KRW", "batch 1"]),
    (payout_file, 1, {"content": "record\n"}, ["payout file 1"]),
    (payout_file, 1, {"total": 1}, ["payout file 1"]),
    (payout_file, 1, {"payouts": 2}, ["payout file 1"]),
    (payout_file, 1, {"currency": "USD"}, ["payout file 1"]),
    (fee_schedule, 1000, {"basis_points": 121}, ["batch 1"]),
    (fee_schedule, 1000, {"valid_from": CUTOFF}, ["batch 1"]),
    (settlement_adjustment, 1, {"amount": -21}, ["adjustment 1", "fee_revenue KRW"]),
    (settlement_adjustment, 1, {"posted_at": None}, ["adjustment 1", "fee_revenue KRW"]),
    (settlement_adjustment, 1, {"agreed_by": "ann"}, ["adjustment 1"]),
    (settlement_adjustment, 1, {"agreed_by": "cli:Ann"}, ["adjustment 1"]),
]


@pytest.mark.parametrize("spoiled", [SPOILED[:8], SPOILED[8:14], SPOILED[14:]], ids=("batches", "items", "others"))
def test_what_is_wrong_is_found_and_cleared_when_it_is_right(books: Engine, spoiled: list[Spoiled]) -> None:
    named = {"PAYABLE": "merchant_payable KRW M1", "PAYABLE M2": "merchant_payable KRW M2"}
    for table, row, values, wanted in spoiled:
        before = change(books, table, row, **values)
        found = [each for each in run(books, full=True).differences if each.kind in parts.KINDS]
        names = sorted(each.subject for each in found)
        assert names == sorted(named.get(subject, subject) for subject in wanted), values
        assert all(each.detail.startswith(f"{each.subject}: ") for each in found)
        change(books, table, row, **before)
    assert run(books).differences == []
    assert run(books, full=True).cleared == 0, "the audit of what is suspect has cleared all that is right again"


OF_ITEMS: list[tuple[Table, int, dict[str, Any]]] = [
    *((settlement_item, 1, {"amount": amount}) for amount in (9_999, 10_001)),
    *((settlement_item, 2, {"amount": amount}) for amount in (999, 1_001)),
    *((settlement_item, row, {"kind": kind}) for row, kind in ((1, "REFUND"), (2, "CAPTURE"), (1, "ADJUSTMENT"))),
    *((settlement_item, 1, {name: 77}) for name in ("event_id", "payment_id", "entry_id")),
    (settlement_batch, 1, {"cutoff": NOW - timedelta(days=1)}),
    (settlement_batch, 1, {"currency": "USD"}),
    (settlement_batch, 1, {"merchant_id": "M2"}),
    (settlement_item, 3, {"amount": 20}),
    (settlement_item, 3, {"amount": -21}),
]


def test_an_item_that_is_not_its_posting_is_found(books: Engine) -> None:
    for table, row, values in OF_ITEMS:
        before = change(books, table, row, **values)
        with books.connect() as connection:
            found = batch_reads.batches(connection, [1, 2], Rests(AT_ONCE))
        assert [each.row.batch_id for each in found if each.counted and each.counted.strays] == [
            2 if (table, row) == (settlement_item, 3) else 1
        ], values
        change(books, table, row, **before)


def test_an_audit_of_what_changed_reads_the_items(books: Engine) -> None:
    change(books, settlement_item, 1, fee=179)
    assert run(books).differences == []  # in turn, items are not read
    change(books, settlement_batch, 1, updated_at=datetime.now(UTC) - timedelta(minutes=5))  # when its run began
    assert subjects(run(books)) == ["batch 1"]
    again = run(books)
    assert (subjects(again), again.opened) == (["batch 1"], []), "a finding is checked again in each audit"


def test_items_and_postings_are_added_up_in_pieces(books: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_reads, "PIECE", 1)
    monkeypatch.setattr(piece_reads, "PIECE", 1)
    assert run(books, full=True).differences == []
    change(books, settlement_item, 2, kind="CAPTURE")
    assert subjects(run(books, full=True)) == ["batch 1"]


STRAYS = [
    (SourceType.PAYOUT, Account.PAYOUT_CLEARING, Account.BANK, ["bank KRW", "payout_clearing KRW"]),
    (SourceType.SETTLEMENT_BATCH, Account.MERCHANT_PAYABLE, Account.FEE_REVENUE, ["fee_revenue KRW", "payable"]),
    (SourceType.RECON_FILE, Account.BANK, Account.RECONCILIATION_SUSPENSE, ["bank KRW", "suspense"]),
]


@pytest.mark.parametrize(("of", "debit", "credit", "wanted"), STRAYS)
def test_a_posting_without_a_source_is_found_by_the_sums(
    books: Engine, of: SourceType, debit: Account, credit: Account, wanted: list[str]
) -> None:
    with books.begin() as connection:
        post(connection, of, 4711, "M1", moved(0, debit, credit, 7, "KRW"), NOW, NOW)
    assert run(books).differences == []
    named = {"payable": "merchant_payable KRW M1", "suspense": "reconciliation_suspense KRW"}
    found = run(books, full=True)
    assert subjects(found) == sorted(named.get(subject, subject) for subject in wanted)
    assert subjects(run(books)) == subjects(found), "while a sum is wrong, each audit adds up"
    with books.begin() as connection:
        without_triggers(connection, ledger_entry)
        connection.execute(delete(ledger_entry).where(ledger_entry.c.source_id == 4711))
    right = run(books)
    assert (right.differences, right.cleared) == ([], 2)
    assert run(books).money_out == 5, "then it no longer does"


def test_a_posting_of_a_batch_twice_or_of_another_merchant_is_found(books: Engine) -> None:
    with books.begin() as connection:
        again = moved(7, Account.MERCHANT_PAYABLE, Account.FEE_REVENUE, 180, "KRW")
        post(connection, SourceType.SETTLEMENT_BATCH, 1, "M2", again, NOW, NOW)
    assert "batch 1" in subjects(run(books))
    with books.begin() as connection:
        opposite = moved(8, Account.FEE_REVENUE, Account.MERCHANT_PAYABLE, 180, "KRW")
        post(connection, SourceType.SETTLEMENT_BATCH, 1, "M2", opposite, NOW, NOW)
    assert run(books, full=True).differences == []


def test_a_posting_of_a_payout_that_should_not_be_is_found(books: Engine) -> None:
    with books.begin() as connection:
        again = moved(7, Account.PAYOUT_CLEARING, Account.BANK, 8_820, "KRW")
        post(connection, SourceType.PAYOUT, 1, "M1", again, NOW, NOW)
    assert subjects(run(books)) == ["batch 1"]


def test_what_no_closed_batch_has_is_due(books: Engine) -> None:
    """Postings without an item, and items of an open batch, are part of what the ledger owes a merchant."""
    with books.begin() as connection:
        adjustment = {"merchant_id": "M1", "currency": "KRW", "reason": "a box", "created_at": NOW, "posted_at": NOW}
        for amount in (5, -7):
            row = add(connection, settlement_adjustment, amount=amount, proposed_by="ann", **adjustment)
            sides = (Account.FEE_REVENUE, Account.MERCHANT_PAYABLE)
            post(connection, SourceType.ADJUSTMENT, row, "M1", moved(0, *sides, amount, "KRW"), NOW, NOW)
        last = connection.execute(select(func.max(ledger_entry.c.entry_id))).scalar_one()
        add(connection, settlement_item, batch_id=3, entry_id=last, kind="ADJUSTMENT", amount=-7, fee=0)
    assert run(books, full=True).differences == []


def test_a_batch_without_one_before_it_is_found(books: Engine) -> None:
    lone = BATCH | {"merchant_id": "M9", "number": 2, "state": "OPEN", "cutoff": CUTOFF}
    with books.begin() as connection:
        add(connection, settlement_batch, **lone | {"updated_at": datetime.now(UTC)})
    (found,) = run(books).differences
    assert (found.subject, found.detail) == ("batch 4", "batch 4: there is no closed batch 1 before it")


def test_each_audit_checks_another_window_in_turn(books: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "IN_TURN", 1)
    change(books, settlement_batch, 3, carried_in=0)
    found = [subjects(run(books)) for _ in range(4)]
    assert ["batch 3"] in found
    assert found[-1] == ["batch 3"]


def test_a_check_in_turn_clears_nothing(books: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not read the items that the finding is about."""
    change(books, settlement_item, 1, fee=179)
    assert subjects(run(books, full=True)) == ["batch 1"]
    monkeypatch.setattr(service, "SUSPECTS", 0)  # as with more findings than one audit checks again
    assert (run(books).differences, run(books).cleared) == ([], 0)
    with books.connect() as connection:
        assert open_by_kind(connection) == {"settlement": 1}
