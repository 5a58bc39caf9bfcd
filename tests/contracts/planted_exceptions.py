"""Exceptions with their files, lines, operations and postings, as an import leaves them; and what an end posts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert

from payments.acquiring.connector import Kind
from payments.acquiring.rules import State
from payments.ledger import source_store, store
from payments.ledger.rules import Account, SourceType
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.reconciliation import recon_exception, recon_file, recon_line
from payments.reconciliation.rules import WAIT, ExceptionClass, ExceptionState, FileState

THEN: Final = datetime(2030, 5, 18, 1, tzinfo=UTC)
_WITHOUT_LINE: Final = ExceptionClass.MISSING_AT_ACQUIRER
_numbers: Final = count(1)


@dataclass(frozen=True, kw_only=True)
class Planted:
    """An exception to plant: by default about a capture of 1,000 USD that came as 900 with a fee of 25.

    `state` and `kind` are those of the operation; None: there is no operation.
    """

    exception_class: ExceptionClass = ExceptionClass.AMOUNT
    gross: int = 900
    fee: int = 25
    suspense: int | None = None
    """None: what the line brought."""
    currency: str = "USD"
    amount: int = 1000
    owed_currency: str = "USD"
    kind: Kind = Kind.CAPTURE
    state: State | None = State.APPROVED
    waiting: bool = False
    weight: int = 1000
    opened_at: datetime = THEN


def plant(engine: Engine, planted: Planted) -> int:
    """Store it; returns its id. What came is in the ledger, and what the operation should bring."""
    with engine.begin() as connection:
        operation_id = None if planted.state is None else _operation(connection, planted)
        file_id = None if planted.exception_class is _WITHOUT_LINE else _file(connection, planted)
        suspense = _suspense(planted)
        row: dict[str, Any] = {
            "exception_class": planted.exception_class.value,
            "state": (ExceptionState.WAITING if planted.waiting else ExceptionState.OPEN).value,
            "connector": "simulator",
            "file_id": file_id,
            "number": None if file_id is None else 1,
            "operation_id": operation_id,
            "missing_operation_id": operation_id if planted.exception_class is _WITHOUT_LINE else None,
            "payment_id": None if operation_id is None else 7,
            "currency": planted.currency,
            "suspense": suspense,
            "weight": planted.weight,
            "opened_at": planted.opened_at,
            "opens_at": planted.opened_at + WAIT if planted.waiting else None,
        }
        exception_id: int = connection.execute(insert(recon_exception).values(row)).inserted_primary_key[0]  # type: ignore[index]
        came = source_store.moved(0, Account.BANK, Account.RECONCILIATION_SUSPENSE, suspense, planted.currency)
        source_store.post(connection, SourceType.RECON_FILE, exception_id, None, came, THEN, THEN)
        return exception_id


def _suspense(planted: Planted) -> int:
    if planted.exception_class is _WITHOUT_LINE:
        return 0
    return planted.gross - planted.fee if planted.suspense is None else planted.suspense


def _operation(connection: Connection, planted: Planted) -> int:
    number = next(_numbers)
    row: dict[str, Any] = {
        "payment_id": 7,
        "connector": "simulator",
        "kind": planted.kind.value,
        "amount": planted.amount,
        "currency": planted.owed_currency,
        "reference": f"00-7-capture-{number}",
        "state": str(planted.state),
        "acquirer_reference": f"op_{number:x}",
        "merchant_id": "M1",
        "request_id": "r",
        "headers": "{}",
        "created_at": THEN,
        "decided_at": THEN,
        "enquiries": 0,
    }
    found: int = connection.execute(insert(acquirer_operation).values(row)).inserted_primary_key[0]  # type: ignore[index]
    return found


def _file(connection: Connection, planted: Planted) -> int:
    row: dict[str, Any] = {
        "sha256": f"{next(_numbers):064x}",
        "connector": "simulator",
        "name": "2030-05-17.csv",
        "day": THEN.date(),
        "state": FileState.DONE.value,
        "line_count": 1,
        "matched": 0,
        "exceptions": 1,
        "created_by": "cli:me",
        "created_at": THEN,
        "ended_at": THEN,
    }
    file_id: int = connection.execute(insert(recon_file).values(row)).inserted_primary_key[0]  # type: ignore[index]
    line: dict[str, Any] = {
        "file_id": file_id,
        "number": 1,
        "reference": "00-7-capture-1",
        "acquirer_reference": "op_1",
        "kind": planted.kind.value,
        "currency": planted.currency,
        "gross": planted.gross,
        "fee": planted.fee,
    }
    connection.execute(insert(recon_line).values(line))
    return file_id


def moved_by(engine: Engine, exception_id: int) -> dict[tuple[str, str], int]:
    """Debits − credits of each account and currency by the postings of one exception's end."""
    found: dict[tuple[str, str], int] = {}
    with engine.connect() as connection:
        for each in store.page(connection, store.Wanted(), None, 100):
            if (each.source_type, each.source_id) == (SourceType.RECON_EXCEPTION, exception_id):
                for account, amount in ((each.debit_account, each.amount), (each.credit_account, -each.amount)):
                    place = (account, each.currency)
                    found[place] = found.get(place, 0) + amount
    return {place: amount for place, amount in found.items() if amount}
