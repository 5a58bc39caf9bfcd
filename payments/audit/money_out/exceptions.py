"""An exception as the audit reads it: its row, its line, its operation, its postings. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from payments.acquiring.rules import State
from payments.audit.money_out.sources import Net
from payments.reconciliation.rules import ExceptionState

ENDED: Final = frozenset({ExceptionState.RESOLVED, ExceptionState.WRITTEN_OFF})


class AuditedOperation(NamedTuple):
    """The operation of an exception; `gross`: what the acquirer owes for it if it happened (minor units, signed)."""

    currency: str
    gross: int
    state: str

    @property
    def owed(self) -> tuple[int, ...]:
        """What it was owed when the exception ended: nothing for what did not happen."""
        if self.state == State.REVERSED:  # it had not happened at first
            return (self.gross, 0)
        return (self.gross,) if self.state == State.APPROVED else (0,)


class AuditedLine(NamedTuple):
    """The line of an exception."""

    currency: str
    net: int
    is_matched: bool


class ExceptionRow(NamedTuple):
    """An exception as it is stored; `suspense` signed, in minor units."""

    exception_id: int
    exception_class: str
    state: str
    currency: str
    suspense: int
    ended_at: datetime | None
    actor: str | None
    approver: str | None


@dataclass(frozen=True, slots=True)
class AuditedException:
    """An exception, its line, its operation, and what its postings changed."""

    row: ExceptionRow
    line: AuditedLine | None
    operation: AuditedOperation | None
    posted: Net
