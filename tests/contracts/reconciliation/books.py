"""Operations at an acquirer as the database has them, and imports of files about them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, func, select

from payments.acquiring import store as acquiring_store
from payments.acquiring.operation import StoredOperation
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.reconciliation import recon_exception, recon_file, recon_line, recon_total
from payments.platform.writing import write
from payments.reconciliation.importing import Asked, Report, import_file
from payments.reconciliation.rules import Expected, Line
from tests.moments import always
from tests.unit.reconciliation import made

NAME: Final = "simulator"
ASKED: Final = Asked("2030-05-17.csv", NAME, "cli:test")
NOON: Final = datetime(2030, 5, 17, 12, tzinfo=UTC)
"""In the middle of the day that `made.text` is about."""
NOW: Final = datetime(2030, 5, 18, 6, tzinfo=UTC)
TABLES: Final = (recon_file, recon_line, recon_total, recon_exception, ledger_entry)


def store(engine: Engine, operations: Iterable[Expected], at: datetime = NOON, connector: str = NAME) -> None:
    """Operations under these ids, decided at this moment."""
    rows = [
        StoredOperation(
            payment_id=1000 + each.operation_id,
            merchant_id="M1",
            connector=connector,
            kind=each.kind,
            amount=each.amount,
            currency=each.currency,
            reference=each.reference,
            acquirer_reference=each.acquirer_reference,
            state=each.state,
            created_at=at - timedelta(minutes=1),
            sent_at=at - timedelta(minutes=1),
            decided_at=at,
            operation_id=each.operation_id,
        )
        for each in operations
    ]
    with engine.begin() as connection:
        write(connection, acquiring_store.saving(rows))


def source(content: str | bytes) -> Callable[[], Sequence[bytes]]:
    """A file of these bytes."""
    data = content.encode() if isinstance(content, str) else content
    return lambda: [data[start : start + 65_536] for start in range(0, len(data), 65_536)]


def imported(engine: Engine, lines: Sequence[Line] | str | bytes, now: datetime = NOW, **options: Any) -> Report:
    """Import the simulator's file with these lines, or this text."""
    content = lines if isinstance(lines, str | bytes) else made.text(lines)
    return import_file(engine, source(content), options.pop("asked", ASKED), always(now), **options)


def of_day(lines: Sequence[Line], day: str) -> str:
    """The file of another day."""
    return made.text(lines, day)


def rows(engine: Engine, table: Any, *columns: str) -> list[Any]:
    """Some columns of each row of a table, in their order."""
    with engine.connect() as connection:
        found = connection.execute(select(*(table.c[name] for name in columns))).all()
    return sorted((tuple(row) for row in found), key=str)


def exceptions(engine: Engine) -> list[tuple[str, str, int]]:
    """Class, state and operation of each exception; 0 for none."""
    found = rows(engine, recon_exception, "exception_class", "state", "operation_id")
    return [(of_class, state, number or 0) for of_class, state, number in found]


def counts(engine: Engine) -> list[int]:
    """Rows of each table that an import writes."""
    with engine.connect() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES]


def balance(engine: Engine, account: str, currency: str = "USD") -> int:
    """Debits less credits of an account."""
    total = 0
    for debit, credit, amount, of in rows(
        engine, ledger_entry, "debit_account", "credit_account", "amount", "currency"
    ):
        if of == currency:
            total += amount * ((debit == account) - (credit == account))
    return total


def change(engine: Engine, table: Any, where: Any, **values: Any) -> None:
    """Write what an operator, or another process, would."""
    with engine.begin() as connection:
        assert connection.execute(table.update().where(where).values(**values)).rowcount == 1
