"""Adds up the lines of an acquirer's file, and counts matches that do not agree, or that are in nobody's books.

`file_rules` checks the sums.
"""

from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, case, exists, func, or_, select

from payments.acquiring.connector import Kind
from payments.acquiring.rules import WITHOUT_MONEY, State
from payments.audit.money_out.file_sums import LineSums
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.reconciliation import recon_exception, recon_line
from payments.platform.tasks.throttle import Rest
from payments.reconciliation.rules import ExceptionClass, ExceptionState

PIECE: Final = 2_000
"""Lines that one statement adds up."""


_line, _operation = recon_line.c, acquirer_operation.c


OWED = case(
    (_operation.kind == Kind.CAPTURE, _operation.amount), (_operation.kind == Kind.REFUND, -_operation.amount), else_=0
)
"""What the acquirer owes for an operation, as `payments.reconciliation.rules.Expected.gross`."""


_AGREES = and_(_operation.kind == _line.kind, _operation.currency == _line.currency, _line.gross == OWED)


_STRAY = case((and_(_line.operation_id.is_not(None), _AGREES), None), (_line.operation_id.is_(None), None), else_=1)


_ENDED_WITHOUT: Final = (*(state.value for state in WITHOUT_MONEY), State.REVERSED.value)
"""States of operations of which the ledger has nothing."""


_BACK = acquirer_operation.alias("back")


_IS_TAKEN_BACK = exists().where(
    _BACK.c.payment_id == _operation.payment_id,
    _BACK.c.reverses == _operation.operation_id,
    _BACK.c.state.not_in(_ENDED_WITHOUT),
)
"""Its reversal has a line, or will have one, or is an exception that it is missing."""


_CORRECTION = recon_line.alias("correction")


_IS_CORRECTED = (
    select(_CORRECTION.c.number)
    # few exceptions are RESOLVED, and lines have no index of their references
    .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    .select_from(recon_exception)
    .join(
        _CORRECTION,
        and_(_CORRECTION.c.file_id == recon_exception.c.file_id, _CORRECTION.c.number == recon_exception.c.number),
    )
    .where(
        recon_exception.c.state == ExceptionState.RESOLVED.value,
        recon_exception.c.exception_class.in_(
            (ExceptionClass.DUPLICATE.value, ExceptionClass.UNKNOWN_TO_US.value)  # whose money went to the receivable
        ),
        _CORRECTION.c.reference == _line.reference,
        _CORRECTION.c.currency == _line.currency,
        _CORRECTION.c.gross == -_line.gross,
    )
    .correlate(recon_line)
    .exists()
)
"""The acquirer has taken the line back, with another one of the same reference."""


_WITHOUT_MONEY = case(
    # the subqueries are for the few that have such a state
    (_operation.state.in_(_ENDED_WITHOUT), case((or_(_IS_TAKEN_BACK, _IS_CORRECTED), None), else_=_line.number))
)


_PIECE = (
    select(
        _line.number,
        _line.currency,
        _line.gross,
        _line.fee,
        _line.operation_id,
        _STRAY.label("stray"),
        _WITHOUT_MONEY.label("without_money"),
    )
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
    func.count(_PIECE.c.without_money),
    func.coalesce(func.min(_PIECE.c.without_money), 0),
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
