"""Rows of reconciliation as an import and operators leave them, written by hand: what the audit must find right."""

from typing import Final

from sqlalchemy import Connection, Engine, insert

from payments.ledger.rules import Account, SourceType
from payments.ledger.source_store import moved, post
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.reconciliation import recon_exception, recon_file, recon_line, recon_total
from tests.contracts.settled_rows import NOW, add

RECEIVABLE, EXPENSE = Account.ACQUIRER_RECEIVABLE, Account.ACQUIRER_FEE_EXPENSE
BANK, SUSPENSE = Account.BANK, Account.RECONCILIATION_SUSPENSE
OPERATIONS: Final = (("capture", 1_000), ("refund", 400), ("capture", 1_000), ("capture", 700), ("capture", 90))
"""What we know: ids 1 to 5, in USD."""
LINES: Final = (
    ("capture", 1_000, 25, 1),
    ("refund", -400, 3, 2),  # with a fee that should be 0
    ("capture", 990, 25, None),  # operation 3 has 1,000
    ("capture", 500, 10, None),  # of nothing that we know
    ("refund", 80, 0, None),  # operation 5 is a capture
)
TOTAL: Final = {
    "gross": 2_170,
    "fee": 63,
    "net": 2_107,
    "matched_gross": 600,
    "matched_fee": 25,
    "suspense": 1_532,
}
EXCEPTIONS: Final = (
    ("FEE", 2, 2, -3, "OPEN"),
    ("AMOUNT", 3, 3, 965, "RESOLVED"),
    ("UNKNOWN_TO_US", 4, None, 490, "RESOLVED"),
    ("TYPE", 5, 5, 80, "WRITTEN_OFF"),
    ("MISSING_AT_ACQUIRER", None, 4, 0, "WRITTEN_OFF"),
)


def reconciled(engine: Engine) -> None:
    """A file of USD that was read, with an exception of each kind of end, one that is open, and a file that is read."""
    with engine.begin() as connection:
        for number, (kind, amount) in enumerate(OPERATIONS, 1):
            _operation(connection, number, kind, amount)
        made = {"connector": "simulator", "name": "a", "created_by": "ann", "created_at": NOW}
        sums = {"line_count": 5, "matched": 2, "exceptions": 4}
        add(connection, recon_file, sha256="1", state="DONE", ended_at=NOW, **made, **sums)
        read = {"line_count": 9, "matched": 0, "exceptions": 1}
        add(connection, recon_file, sha256="2", state="READING", **made, **read)
        connection.execute(insert(recon_total), {"file_id": 1, "currency": "USD", **TOTAL})
        for number, (kind, gross, fee, operation) in enumerate(LINES, 1):
            _line(connection, 1, number, kind, gross, fee, operation)
        _line(connection, 2, 1, "capture", 60, 0, None)
        postings = [
            *moved(0, BANK, RECEIVABLE, 575, "USD"),
            *moved(1, EXPENSE, RECEIVABLE, 25, "USD"),
            *moved(2, BANK, SUSPENSE, 1_532, "USD"),
        ]
        post(connection, SourceType.RECON_FILE, 1, None, postings, NOW, NOW)
        for of_class, line, operation, suspense, state in EXCEPTIONS:
            _exception(connection, of_class, 1 if line else None, line, operation, suspense, state)
        _exception(connection, "UNKNOWN_TO_US", 2, 1, None, 60, "OPEN")
        _end(connection)


def _end(connection: Connection) -> None:
    """The exceptions 2 to 5 as an operator ended them."""
    taken = [*moved(0, SUSPENSE, RECEIVABLE, 965, "USD"), *moved(1, EXPENSE, RECEIVABLE, 35, "USD")]
    post(connection, SourceType.RECON_EXCEPTION, 2, None, taken, NOW, NOW)
    post(connection, SourceType.RECON_EXCEPTION, 3, None, moved(0, SUSPENSE, RECEIVABLE, 490, "USD"), NOW, NOW)
    given_up = [*moved(0, SUSPENSE, EXPENSE, 80, "USD"), *moved(1, EXPENSE, RECEIVABLE, 90, "USD")]
    post(connection, SourceType.RECON_EXCEPTION, 4, None, given_up, NOW, NOW)
    post(connection, SourceType.RECON_EXCEPTION, 5, None, moved(0, EXPENSE, RECEIVABLE, 700, "USD"), NOW, NOW)


def _operation(connection: Connection, number: int, kind: str, amount: int) -> None:
    names = {"connector": "simulator", "reference": f"00-9-{kind}-{number}", "merchant_id": "M1", "request_id": "r"}
    values = {"kind": kind, "amount": amount, "currency": "USD", "state": "APPROVED", "headers": "{}", "enquiries": 0}
    add(connection, acquirer_operation, payment_id=900_000, **names, **values, created_at=NOW, decided_at=NOW)


def _line(
    connection: Connection, file: int, number: int, kind: str, gross: int, fee: int, operation: int | None
) -> None:
    names = {"reference": f"r{number}", "acquirer_reference": f"op_{number}", "currency": "USD"}
    rule = None if operation is None else "OUR_REFERENCE"
    values = {"kind": kind, "gross": gross, "fee": fee, "operation_id": operation, "rule": rule}
    connection.execute(insert(recon_line), {"file_id": file, "number": number, **names, **values})


def _exception(
    connection: Connection,
    of_class: str,
    file: int | None,
    line: int | None,
    operation: int | None,
    suspense: int,
    state: str,
) -> None:
    is_missing, is_ended = of_class == "MISSING_AT_ACQUIRER", state != "OPEN"
    place = {"file_id": file, "number": line, "operation_id": operation}
    place |= {"missing_operation_id": operation if is_missing else None}
    ended = {"ended_at": NOW if is_ended else None, "actor": "ann" if is_ended else None}
    values = {"exception_class": of_class, "state": state, "connector": "simulator", "currency": "USD"}
    add(connection, recon_exception, **place, **ended, **values, suspense=suspense, weight=1, opened_at=NOW)
