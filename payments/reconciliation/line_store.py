"""Lines of settlement files, in `recon_line`: written while their file is READING, they count when it is DONE."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from payments.platform.tables.reconciliation import recon_line
from payments.reconciliation.plain_names import check_plain
from payments.reconciliation.rules import Line, Rule

Kept = tuple[Line, int | None, Rule | None]
"""A line; the operation that it is matched with, and by which rule."""

DELETED: Final = 5000
"""Lines that are deleted in one transaction."""
_COLUMNS: Final = "file_id,number,reference,acquirer_reference,kind,currency,gross,fee,operation_id,rule"


def add_lines(connection: Connection, file_id: int, lines: Sequence[Kept]) -> None:
    """Write lines; at least one. ValueError for a reference that no file may have.

    One text with all values in it: the driver's way with them takes longer than reading and matching a line.
    """
    check_plain(name for (reference, theirs, *_), _, _ in lines for name in (reference, theirs))
    rows = ",".join([_row(file_id, *kept) for kept in lines])
    connection.exec_driver_sql(f"INSERT INTO {recon_line.name} ({_COLUMNS}) VALUES {rows}")  # noqa: S608


def _row(file_id: int, line: Line, operation_id: int | None, rule: Rule | None) -> str:
    reference, theirs, kind, currency, gross, fee, number = line
    matched = "NULL,NULL" if operation_id is None else f"{operation_id},'{rule}'"
    return f"({file_id},{number},'{reference}','{theirs}','{kind}','{currency}',{gross},{fee},{matched})"


_HAS: Final = (
    select(*(recon_line.c[name] for name in (*Line._fields[:-1], "number")))
    .where(
        recon_line.c.file_id == bindparam("file"), recon_line.c.number.between(bindparam("first"), bindparam("last"))
    )
    .order_by(recon_line.c.number)
)


def has_lines(connection: Connection, file_id: int, lines: Sequence[Line]) -> bool:
    """Whether a file has these lines, at least one, under their numbers, which follow each other."""
    rows = connection.execute(_HAS, {"file": file_id, "first": lines[0].number, "last": lines[-1].number})
    return [tuple(row) for row in rows] == lines


_FIRST: Final = (
    select(recon_line.c.reference, recon_line.c.acquirer_reference, recon_line.c.kind)
    .where(recon_line.c.file_id == bindparam("file"))
    .order_by(recon_line.c.number)
    .limit(bindparam("limit"))
)


def first_names(connection: Connection, file_id: int, limit: int) -> set[tuple[str, str, str]]:
    """What the first lines of a file are about: our reference, the acquirer's, and the kind."""
    return {tuple(row) for row in connection.execute(_FIRST, {"file": file_id, "limit": limit})}


_UNMATCH: Final = (
    update(recon_line)
    .where(
        recon_line.c.file_id == bindparam("file"),
        recon_line.c.number == bindparam("line"),
        recon_line.c.operation_id == bindparam("operation"),
    )
    .values(operation_id=None, rule=None)
)


def unmatch(connection: Connection, file_id: int, number: int, operation_id: int) -> bool:
    """Make a line one without a match; False when it is not matched with this operation."""
    bound = {"file": file_id, "line": number, "operation": operation_id}
    return connection.execute(_UNMATCH, bound).rowcount == 1


_LAST: Final = select(func.max(recon_line.c.number)).where(recon_line.c.file_id == bindparam("file"))
_DELETE: Final = delete(recon_line).where(
    recon_line.c.file_id == bindparam("file"), recon_line.c.number > bindparam("above")
)


def delete_some_lines(connection: Connection, file_id: int) -> bool:
    """Delete at most DELETED lines of a file, from its end; returns whether there are more."""
    last: int | None = connection.execute(_LAST, {"file": file_id}).scalar()
    if last is not None:
        connection.execute(_DELETE, {"file": file_id, "above": max(0, last - DELETED)})
    return last is not None and last > DELETED
