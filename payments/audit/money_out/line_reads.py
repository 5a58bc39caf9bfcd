"""Adds up the lines of an acquirer's file, and counts matches that do not agree. `file_rules` checks the sums."""

from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, case, func, select

from payments.acquiring.connector import Kind
from payments.audit.money_out.file_sums import LineSums
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.reconciliation import recon_line
from payments.platform.tasks.throttle import Rest

PIECE: Final = 2_000
"""Lines that one statement adds up."""


_line, _operation = recon_line.c, acquirer_operation.c


OWED = case(
    (_operation.kind == Kind.CAPTURE, _operation.amount), (_operation.kind == Kind.REFUND, -_operation.amount), else_=0
)
"""What the acquirer owes for an operation, as `payments.reconciliation.rules.Expected.gross`."""


_AGREES = and_(_operation.kind == _line.kind, _operation.currency == _line.currency, _line.gross == OWED)


_STRAY = case((and_(_line.operation_id.is_not(None), _AGREES), None), (_line.operation_id.is_(None), None), else_=1)


_PIECE = (
    select(_line.number, _line.currency, _line.gross, _line.fee, _line.operation_id, _STRAY.label("stray"))
    .outerjoin(acquirer_operation, _operation.operation_id == _line.operation_id)
    .where(_line.file_id == bindparam("file_id"), _line.number > bindparam("after"))
    .order_by(_line.number)
    .limit(bindparam("piece"))
    .subquery()
)


_MATCHED = _PIECE.c.operation_id.is_not(None)


_LINES: Select[Any] = select(
    _PIECE.c.currency,
    func.max(_PIECE.c.number),
    func.count(),
    func.count(_PIECE.c.operation_id),
    func.sum(_PIECE.c.gross),
    func.sum(_PIECE.c.fee),
    func.sum(case((_MATCHED, _PIECE.c.gross), else_=0)),
    func.sum(case((_MATCHED, _PIECE.c.fee), else_=0)),
    func.count(_PIECE.c.stray),
).group_by(_PIECE.c.currency)


def lines(connection: Connection, file_id: int, rest: Rest) -> dict[str, LineSums]:
    """The sums of the lines of a file by currency, PIECE at a time, with a rest after each."""
    found: dict[str, LineSums] = {}
    after = 0
    while rows := connection.execute(_LINES, {"file_id": file_id, "after": after, "piece": PIECE}).all():
        for currency, last, *sums in rows:
            found[currency] = found.get(currency, LineSums()).plus(LineSums(*map(int, sums)))
            after = max(after, last)
        rest()
    return found
