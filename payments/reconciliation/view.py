"""Exceptions as operators see them: both sides of each difference. Read only; files are `file_view`'s."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Final

from sqlalchemy import Connection

from payments.acquiring.connector import Kind
from payments.acquiring.rules import State
from payments.outbox.rules import format_time
from payments.platform.connectors import ConnectorName
from payments.platform.errors import NotFound
from payments.platform.json_types import Identifier, JsonObject, OneOf, Time
from payments.platform.paging import page
from payments.reconciliation import desk_store
from payments.reconciliation.desk_store import StoredException, Wanted
from payments.reconciliation.rules import ExceptionClass, ExceptionState, Expected, Line


@dataclass(frozen=True, slots=True)
class ExceptionLine(JsonObject):
    """The acquirer's side: a movement as the file has it, amounts with their signs. `number`: of the movement."""

    file_id: Identifier
    number: int
    reference: str
    acquirer_reference: str
    kind: Annotated[str, OneOf(Kind)]
    currency: str
    gross: int
    fee: int


@dataclass(frozen=True, slots=True)
class ExceptionOperation(JsonObject):
    """Our side: an operation as it is now; `amount` > 0 also of a refund."""

    operation_id: Identifier
    payment_id: Identifier
    merchant_id: str
    kind: Annotated[str, OneOf(Kind)]
    currency: str
    amount: int
    state: Annotated[str, OneOf(State)]
    reference: str
    acquirer_reference: str | None
    decided_at: Time | None


@dataclass(frozen=True, slots=True)
class ReconException(JsonObject):
    """A difference between a settlement file and our operations; one of the two sides may be absent.

    `suspense` (minor units): what its line brought and nothing explains; a negative one was taken. `proposal`: how the
    operator `proposedBy` wants to end it; it takes another one to agree. Of an end by two, `approver` is the second.
    """

    exception_id: Identifier
    class_: Annotated[str, OneOf(ExceptionClass)]
    state: Annotated[str, OneOf(ExceptionState)]
    connector: Annotated[str, OneOf(ConnectorName)]
    currency: str
    suspense: int
    opened_at: Time
    opens_at: Time | None
    ended_at: Time | None
    actor: str | None
    approver: str | None
    reason: str | None
    proposal: Annotated[str, OneOf(ExceptionState)] | None
    proposed_by: str | None
    proposed_reason: str | None
    line: ExceptionLine | None
    operation: ExceptionOperation | None


@dataclass(frozen=True, slots=True)
class ExceptionRow(JsonObject):
    """An exception in one line, for a file."""

    exception_id: int
    class_: str
    state: str
    connector: str
    currency: str
    suspense: int
    opened_at: str
    opens_at: str | None
    ended_at: str | None
    actor: str | None
    approver: str | None
    reason: str | None
    proposal: str | None
    proposed_by: str | None
    proposed_reason: str | None
    file_id: int | None
    line_number: int | None
    line_reference: str | None
    line_acquirer_reference: str | None
    line_kind: str | None
    line_gross: int | None
    line_fee: int | None
    operation_id: int | None
    payment_id: int | None
    merchant_id: str | None
    operation_reference: str | None
    operation_acquirer_reference: str | None
    operation_kind: str | None
    operation_currency: str | None
    operation_amount: int | None
    operation_state: str | None
    operation_decided_at: str | None


_LINE: Final = tuple(field.name for field in fields(ExceptionLine) if field.name != "currency")  # it is the exception's
_OPERATION: Final = tuple(field.name for field in fields(ExceptionOperation))


def rows(
    connection: Connection, wanted: Wanted, before: int | None, limit: int
) -> tuple[list[ExceptionRow], int | None]:
    """As `exceptions`."""
    items, last = exceptions(connection, wanted, before, limit)
    return [_row(one) for one in items], last


def exceptions(
    connection: Connection, wanted: Wanted, before: int | None, limit: int
) -> tuple[list[ReconException], int | None]:
    """A page of exceptions, newest first, as `files`."""

    def read(behind: int | None, size: int) -> list[StoredException]:
        return desk_store.page(connection, wanted, behind, size)

    return page(read, exception, lambda one: one.exception_id, before, limit)


def get_exception(connection: Connection, exception_id: int) -> ReconException:
    """One exception. Raises NotFound."""
    found = desk_store.get(connection, exception_id)
    if found is None:
        raise NotFound(f"There is no exception {exception_id}.")
    return exception(found)


def exception(found: StoredException) -> ReconException:
    """An exception as it is shown."""
    return ReconException(
        exception_id=found.exception_id,
        class_=found.exception_class.value,
        state=found.state.value,
        connector=found.connector,
        currency=found.currency,
        suspense=found.suspense,
        opened_at=format_time(found.opened_at),
        opens_at=_time(found.opens_at),
        ended_at=_time(found.ended_at),
        actor=found.actor,
        approver=found.approver,
        reason=found.reason,
        proposal=None if found.proposal is None else found.proposal.value,
        proposed_by=found.proposed_by,
        proposed_reason=found.proposed_reason,
        line=_line(found.file_id, found.line),
        operation=_operation(found, found.operation),
    )


def _row(one: ReconException) -> ExceptionRow:
    line, ours = one.line, one.operation
    values = {field.name: getattr(one, field.name) for field in fields(one) if field.name not in ("line", "operation")}
    for name in _LINE:
        values[name if name == "file_id" else f"line_{name}"] = getattr(line, name, None)
    for name in _OPERATION:
        values[name if name.endswith("_id") else f"operation_{name}"] = getattr(ours, name, None)
    return ExceptionRow(**values)


def _line(file_id: int | None, line: Line | None) -> ExceptionLine | None:
    if line is None or file_id is None:
        return None
    names = (line.number, line.reference, line.acquirer_reference, line.kind.value)
    return ExceptionLine(file_id, *names, line.currency, line.gross, line.fee)


def _operation(found: StoredException, operation: Expected | None) -> ExceptionOperation | None:
    if operation is None or found.payment_id is None or found.merchant_id is None:
        return None
    return ExceptionOperation(
        operation_id=operation.operation_id,
        payment_id=found.payment_id,
        merchant_id=found.merchant_id,
        kind=operation.kind.value,
        currency=operation.currency,
        amount=operation.amount,
        state=operation.state.value,
        reference=operation.reference,
        acquirer_reference=operation.acquirer_reference,
        decided_at=_time(found.decided_at),
    )


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
