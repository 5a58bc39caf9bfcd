"""Checks of an exception: its two sides, who has ended it, and what its end posted. Pure."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from payments.audit.money_out.exceptions import ENDED, AuditedException, AuditedLine, AuditedOperation, ExceptionRow
from payments.audit.money_out.sources import Net, differs, is_same, net, together, wrong_postings
from payments.ledger.rules import Account
from payments.platform.same_person import is_same_person
from payments.reconciliation.rules import ExceptionClass, ExceptionState

_NOT_AS_OURS: Final = frozenset({ExceptionClass.TYPE, ExceptionClass.CURRENCY, ExceptionClass.AMOUNT})


_OWED: Final = _NOT_AS_OURS | {ExceptionClass.MISSING_AT_ACQUIRER}
"""Classes whose operation is still owed by the acquirer while they are open."""


def exception_faults(exception: AuditedException) -> Iterator[str]:
    """What is wrong about an exception."""
    row = exception.row
    allowed = _ends(row, exception.operation)
    if not any(is_same(exception.posted, each) for each in allowed):
        yield from wrong_postings(exception.posted, allowed[0])
    is_ended = row.state in ENDED
    if (row.ended_at is not None) != is_ended:
        yield f"it is {row.state}, and has {'no' if is_ended else 'an'} end"
    if is_ended and row.actor is None:
        yield f"it is {row.state}, and nobody did it"
    if row.actor is not None and row.approver is not None and is_same_person(row.actor, row.approver):
        yield f"{row.actor} has approved what they did themselves"
    if exception.operation is None and row.exception_class in _OWED:
        yield "it names no operation that exists"
    yield from _line(row, exception.line)


def _line(row: ExceptionRow, line: AuditedLine | None) -> Iterator[str]:
    is_missing = row.exception_class == ExceptionClass.MISSING_AT_ACQUIRER
    if is_missing or line is None:
        yield from differs("suspense", row.suspense, 0)
        if not is_missing:
            yield "it names no line that exists"
        return
    is_fee = row.exception_class == ExceptionClass.FEE
    yield from differs("currency", row.currency, line.currency)
    yield from differs("whether its line is matched", line.is_matched, is_fee)
    if not is_fee:  # of a fee, the file's sums show it
        yield from differs("suspense", row.suspense, line.net)


def _ends(row: ExceptionRow, operation: AuditedOperation | None) -> list[Net]:
    """What its end may change: what was in suspense, and what its operation was owed, has to go somewhere."""
    if row.state not in ENDED:
        return [Counter()]
    is_written_off = row.state == ExceptionState.WRITTEN_OFF
    is_ours = row.exception_class in _OWED if is_written_off else row.exception_class == ExceptionClass.AMOUNT
    takes = Account.ACQUIRER_FEE_EXPENSE if is_written_off or is_ours else Account.ACQUIRER_RECEIVABLE
    suspense = net(row.currency, None, {Account.RECONCILIATION_SUSPENSE: row.suspense, takes: -row.suspense})
    if not is_ours or operation is None:
        return [suspense]
    return [
        together(
            (
                suspense,
                net(operation.currency, None, {Account.ACQUIRER_RECEIVABLE: -owed, Account.ACQUIRER_FEE_EXPENSE: owed}),
            )
        )
        for owed in operation.owed
    ]
