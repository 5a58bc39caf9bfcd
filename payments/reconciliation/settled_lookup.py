"""Looks up operations about which there is nothing to know but what they are: those of almost all lines of a file.

For speed: one short text for all of them, where rows take the driver longer than everything else that a line costs.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Engine, String, and_, cast, func, literal_column, select

from payments.acquiring.connector import Kind
from payments.platform.tables.acquirer import acquirer_operation as operation
from payments.platform.tables.reconciliation import recon_exception, recon_line
from payments.reconciliation.plain_names import quoted
from payments.reconciliation.rules import SETTLED, Settled

_NAMES: Final = "{names}"
_END: Final = ";"
"""Behind each operation: what the server has cut off (group_concat_max_len) has none."""
_KINDS: Final = {kind.value: kind for kind in Kind}


def _text(*columns: ColumnElement[str]) -> ColumnElement[str]:
    found = columns[0]
    for column in columns[1:]:
        found = found.concat(" ").concat(column)
    return found.concat(_END)


_ONE: Final = _text(
    cast(operation.c.operation_id, String),
    operation.c.reference,
    operation.c.kind,
    operation.c.currency,
    cast(operation.c.amount, String),
)


class SettledLookup:
    """Settled operations of an acquirer, by our references, that no line and no exception is about."""

    def __init__(self, engine: Engine, connector: str, unread: Sequence[int]) -> None:
        """`unread`: files whose lines do not count."""
        self._engine = engine
        other = and_(recon_line.c.operation_id == operation.c.operation_id, recon_line.c.file_id.not_in(unread))
        sources = operation.outerjoin(recon_line, other).outerjoin(
            recon_exception, recon_exception.c.operation_id == operation.c.operation_id
        )
        statement = (
            select(func.aggregate_strings(_ONE, ""))
            .select_from(sources)
            .with_hint(operation, "FORCE INDEX (uq_acquirer_reference)", "mysql")
            .where(
                operation.c.reference.in_([literal_column(_NAMES)]),
                operation.c.connector == connector,
                operation.c.state.in_([state.value for state in SETTLED]),
                recon_line.c.file_id.is_(None),
                recon_exception.c.exception_id.is_(None),
            )
        )
        self._statement = str(statement.compile(engine, compile_kwargs={"literal_binds": True}))

    def of(self, references: Sequence[str]) -> dict[str, Settled]:
        """Those of them that there are."""
        with self._engine.connect().execution_options(reading=True) as connection:
            text = connection.exec_driver_sql(self._statement.replace(_NAMES, quoted(references))).scalar()
        found = {}
        for one in (text or "").split(_END)[:-1]:
            operation_id, reference, kind, currency, amount = one.split(" ")
            of_kind = _KINDS[kind]
            gross = -int(amount) if of_kind is Kind.REFUND else int(amount)
            found[reference] = Settled(int(operation_id), of_kind, currency, gross)
        return found
