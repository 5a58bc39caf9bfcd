"""Reads acquirers' files and exceptions for the audit. `audit.reconciled` checks them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, case, func, select

from payments.acquiring.connector import Kind
from payments.audit.reconciled import (
    AuditedException,
    AuditedFile,
    AuditedLine,
    AuditedOperation,
    ExceptionRow,
    ExceptionSums,
    LineSums,
    Total,
)
from payments.audit.source_reads import net_by_source
from payments.ledger.rules import SourceType
from payments.platform.acquirer_tables import acquirer_operation
from payments.platform.recon_tables import recon_exception, recon_file, recon_line, recon_total
from payments.reconciliation.rules import ExceptionClass, FileState

PIECE: Final = 20_000
"""Lines that one statement adds up."""

_IDS: Any = bindparam("ids", expanding=True)
_line, _operation, _exception = recon_line.c, acquirer_operation.c, recon_exception.c
_OWED = case(
    (_operation.kind == Kind.CAPTURE, _operation.amount), (_operation.kind == Kind.REFUND, -_operation.amount), else_=0
)
"""What the acquirer owes for an operation, as `payments.reconciliation.rules.Expected.gross`."""
_AGREES = and_(_operation.kind == _line.kind, _operation.currency == _line.currency, _line.gross == _OWED)
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
_FILES = select(recon_file.c.file_id, recon_file.c.state, recon_file.c.line_count, recon_file.c.matched).where(
    recon_file.c.file_id.in_(_IDS)
)
_TOTALS = select(
    recon_total.c.file_id,
    recon_total.c.currency,
    recon_total.c.gross,
    recon_total.c.fee,
    recon_total.c.net,
    recon_total.c.matched_gross,
    recon_total.c.matched_fee,
    recon_total.c.suspense,
).where(recon_total.c.file_id.in_(_IDS))
_IS_FEE = _exception.exception_class == ExceptionClass.FEE
_OF_FILES = (
    select(
        _exception.file_id,
        _exception.currency,
        func.count(case((and_(_exception.number.is_not(None), ~_IS_FEE), 1))),
        func.sum(_exception.suspense),
        func.sum(case((_IS_FEE, _exception.suspense), else_=0)),
    )
    .where(_exception.file_id.in_(_IDS))
    .group_by(_exception.file_id, _exception.currency)
)


def files(connection: Connection, ids: Sequence[int], *, with_lines: bool) -> list[AuditedFile]:
    """These files; the lines of those that are DONE are read `with_lines`."""
    posted = net_by_source(connection, SourceType.RECON_FILE, ids)
    totals: defaultdict[int, dict[str, Total]] = defaultdict(dict)
    for file_id, currency, *sums in connection.execute(_TOTALS, {"ids": ids}):
        totals[file_id][currency] = Total(*sums)
    exceptions: defaultdict[int, dict[str, ExceptionSums]] = defaultdict(dict)
    for file_id, currency, *sums in connection.execute(_OF_FILES, {"ids": ids}):
        exceptions[file_id][currency] = ExceptionSums(*map(int, sums))
    found = []
    for file_id, state, line_count, matched in connection.execute(_FILES, {"ids": ids}).all():
        lines = _lines(connection, file_id) if with_lines and state == FileState.DONE else None
        its = (totals[file_id], lines, exceptions[file_id], posted.get(file_id, Counter()))
        found.append(AuditedFile(file_id, state, line_count, matched, *its))
    return found


def _lines(connection: Connection, file_id: int) -> dict[str, LineSums]:
    found: dict[str, LineSums] = {}
    after = 0
    while rows := connection.execute(_LINES, {"file_id": file_id, "after": after, "piece": PIECE}).all():
        for currency, last, *sums in rows:
            found[currency] = found.get(currency, LineSums()).plus(LineSums(*map(int, sums)))
            after = max(after, last)
    return found


_EXCEPTIONS: Select[Any] = (
    select(
        _exception.exception_id,
        _exception.exception_class,
        _exception.state,
        _exception.currency,
        _exception.suspense,
        _exception.ended_at,
        _exception.actor,
        _exception.approver,
        _line.currency,
        _line.gross - _line.fee,
        _line.operation_id,
        _operation.currency,
        _OWED,
        _operation.state,
    )
    .outerjoin(recon_line, and_(_line.file_id == _exception.file_id, _line.number == _exception.number))
    .outerjoin(
        acquirer_operation,
        _operation.operation_id == func.coalesce(_exception.operation_id, _exception.missing_operation_id),
    )
    .where(_exception.exception_id.in_(_IDS))
)


def exceptions(connection: Connection, ids: Sequence[int]) -> list[AuditedException]:
    """These exceptions."""
    posted = net_by_source(connection, SourceType.RECON_EXCEPTION, ids)
    return [
        AuditedException(
            ExceptionRow(*row[:8]),
            None if row[8] is None else AuditedLine(row[8], row[9], is_matched=row[10] is not None),
            None if row[11] is None else AuditedOperation(*row[11:]),
            posted.get(row[0], Counter()),
        )
        for row in connection.execute(_EXCEPTIONS, {"ids": ids})
    ]
