"""Finds matches that are unfounded: no money moved by their operation, as was decided after its line was matched."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine, and_, bindparam, literal, or_, select

from payments.acquiring.connector import Kind
from payments.acquiring.rules import WITHOUT_MONEY, State
from payments.platform.tables.acquirer import acquirer_operation as operation
from payments.platform.tables.reconciliation import recon_exception, recon_file, recon_line
from payments.reconciliation.rules import ExceptionState, FileState


class Unfounded(NamedTuple):
    """A line and the operation that it is matched with. Amounts of the line, in minor units, with their signs.

    `fee_exception_id`: its open FEE, which has `fee_suspense` in suspense; None: the fee is right.
    """

    file_id: int
    number: int
    currency: str
    gross: int
    fee: int
    operation_id: int
    payment_id: int
    state: str
    fee_exception_id: int | None
    fee_suspense: int | None

    @property
    def net(self) -> int:
        """What came."""
        return self.gross - self.fee

    @property
    def contract_fee(self) -> int:
        """The fee that was posted when it was matched."""
        return self.fee + (self.fee_suspense or 0)


PART: Final = 100
"""Operations that are looked up at once."""
_ENDED_WITHOUT: Final = tuple(state.value for state in WITHOUT_MONEY)
_FOUND: Final = (
    select(
        recon_line.c.file_id,
        recon_line.c.number,
        recon_line.c.currency,
        recon_line.c.gross,
        recon_line.c.fee,
        operation.c.operation_id,
        operation.c.payment_id,
        operation.c.state,
        recon_exception.c.exception_id,
        recon_exception.c.suspense,
    )
    # few operations have such a state; MariaDB may begin with the lines instead
    .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    .select_from(operation)
    .join(recon_line, recon_line.c.operation_id == operation.c.operation_id)
    .join(recon_file, recon_file.c.file_id == recon_line.c.file_id)
    .outerjoin(
        recon_exception,
        and_(recon_exception.c.file_id == recon_line.c.file_id, recon_exception.c.number == recon_line.c.number),
    )
    .where(
        operation.c.connector == bindparam("connector"),
        operation.c.kind.in_((Kind.CAPTURE.value, Kind.REFUND.value)),
        recon_file.c.state == FileState.DONE.value,
        # an end is final: of a fee that an operator has ended, the line stays as it is
        or_(
            recon_exception.c.exception_id.is_(None),
            recon_exception.c.state.in_((ExceptionState.OPEN.value, ExceptionState.WAITING.value)),
        ),
    )
    .order_by(operation.c.operation_id)
)
_NAMED: Final = _FOUND.with_hint(operation, "FORCE INDEX (PRIMARY)", "mysql").where(
    operation.c.operation_id.in_(bindparam("ids", expanding=True)), operation.c.state.in_(_ENDED_WITHOUT)
)
_back = operation.alias("back")
_TAKES_BACK: Final = (
    select(literal(1))
    .with_hint(_back, "FORCE INDEX (ix_acquirer_payment)", "mysql")
    .where(
        _back.c.payment_id == operation.c.payment_id,
        _back.c.reverses == operation.c.operation_id,
        _back.c.state.not_in((*_ENDED_WITHOUT, State.REVERSED.value)),
    )
    .limit(1)
    .correlate(operation)
    .scalar_subquery()
)
"""Its reversal has a line, or will have one, or is an exception that it is missing."""
_REVERSED: Final = _FOUND.with_hint(operation, "FORCE INDEX (ix_acquirer_state)", "mysql").where(
    operation.c.state == State.REVERSED.value, _TAKES_BACK.is_(None)
)
"""All of them: they are few, and were decided for the first time long before."""


def named(engine: Engine, connector: str, operation_ids: Sequence[int]) -> Sequence[Unfounded]:
    """Those with these operations, at most PART of them."""
    return _read(engine, _NAMED, {"connector": connector, "ids": operation_ids})


def reversed_(engine: Engine, connector: str) -> Sequence[Unfounded]:
    """Those of an acquirer's operations that are REVERSED and that nothing takes back."""
    return _read(engine, _REVERSED, {"connector": connector})


def _read(engine: Engine, statement: Any, values: dict[str, Any]) -> Sequence[Unfounded]:
    with engine.connect().execution_options(reading=True) as connection:
        return [Unfounded(*row) for row in connection.execute(statement, values)]
