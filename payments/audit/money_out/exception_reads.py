"""Reads exceptions with their lines and operations for the audit. `exception_rules` checks them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, select

from payments.audit.money_out.exceptions import AuditedException, AuditedLine, AuditedOperation, ExceptionRow
from payments.audit.money_out.line_reads import OWED
from payments.audit.money_out.source_reads import net_by_source
from payments.ledger.rules import SourceType
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.reconciliation import recon_exception, recon_line

_IDS: Any = bindparam("ids", expanding=True)


_line, _operation, _exception = recon_line.c, acquirer_operation.c, recon_exception.c


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
        OWED,
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
