"""Checks that a payment has what its operations at an acquirer decided, and reserves what they have not. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from payments.acquiring.connector import Kind
from payments.acquiring.operation import UNDECIDED
from payments.acquiring.rules import REVERSAL_OF, WITHOUT_MONEY, State
from payments.audit.snapshot import AuditedOperation, AuditedPayment, Chunk, Difference, FindingKind
from payments.payment.answers import NOT_SENT, PROCESSING, RUNNING

WITHOUT: Final = WITHOUT_MONEY | {State.REVERSED}
"""States in which an operation has moved nothing of its payment."""
_WAITING: Final = frozenset({RUNNING, PROCESSING})
_DECLINED: Final = frozenset({402})
_NOT_SENT: Final = frozenset({NOT_SENT, 409})  # a repetition may find that it conflicts by now


def check(chunk: Chunk, since: datetime) -> Iterator[Difference]:
    """Differences; `since`: answers that are younger must still be stored."""
    by_payment: defaultdict[int, list[AuditedOperation]] = defaultdict(list)
    for operation in chunk.operations:
        by_payment[operation.payment_id].append(operation)
    for payment in chunk.payments:
        own = by_payment[payment.payment_id]
        if payment.has_connector:
            steps = [operation for operation in own if operation.reverses is None]
            yield from _authorization(payment, steps)
            yield from _amounts(payment, steps)
            yield from _each(payment, own)
            yield from _answers(payment, steps, since)
        else:
            yield from _without_connector(payment, own)


def is_undecided(operation: AuditedOperation) -> bool:
    """Whether its payment waits for it. What is MANUAL after a decision contradicts it, and reserves nothing."""
    return operation.state in UNDECIDED or (operation.state is State.MANUAL and operation.decided_at is None)


def _difference(payment: AuditedPayment, detail: str, subject: str) -> Difference:
    return Difference(FindingKind.ACQUIRER, payment.payment_id, detail, subject)


def _without_connector(payment: AuditedPayment, own: Sequence[AuditedOperation]) -> Iterator[Difference]:
    for operation in own:
        detail = f"the payment has no connector, but the operation {operation.reference}"
        yield _difference(payment, detail, f"operation {operation.reference}")
    pending = payment.pending_capture + payment.pending_refund + payment.pending_release
    if payment.decided_at is None or pending:
        yield _difference(payment, "the payment has no connector, but waits for one", "connector")


def _authorization(payment: AuditedPayment, steps: Sequence[AuditedOperation]) -> Iterator[Difference]:
    newest = next((each for each in reversed(steps) if each.kind is Kind.AUTHORIZATION), None)
    if newest is None:
        yield _difference(payment, "the payment has a connector, but no authorization there", "authorization")
        return
    its = f"its authorization {newest.reference} is {newest.state}"
    if is_undecided(newest) != (payment.decided_at is None):
        said = "is not" if payment.decided_at is None else "is"
        yield _difference(payment, f"{its}, but the payment {said} decided", "decided")
    if (newest.state in WITHOUT) != payment.is_declined:
        said = "is" if payment.is_declined else "is not"
        yield _difference(payment, f"{its}, but the payment {said} declined", "declined")


def _amounts(payment: AuditedPayment, steps: Sequence[AuditedOperation]) -> Iterator[Difference]:
    authorized = payment.amount if payment.is_authorized else 0
    waited_for = payment.amount if payment.decided_at is None else 0
    for kind, amount, pending in (
        (Kind.AUTHORIZATION, authorized, waited_for),
        (Kind.CAPTURE, payment.captured, payment.pending_capture),
        (Kind.REFUND, payment.refunded, payment.pending_refund),
        (Kind.VOID, payment.released, payment.pending_release),
    ):
        of_kind = [each for each in steps if each.kind is kind]
        approved = sum(each.amount for each in of_kind if each.state is State.APPROVED)
        if approved != amount:
            detail = f"{kind}: {approved} approved by the acquirer, the payment has {amount}"
            yield _difference(payment, detail, f"{kind} approved")
        undecided = sum(each.amount for each in of_kind if is_undecided(each))
        if undecided != pending:
            detail = f"{kind}: {undecided} undecided at the acquirer, the payment waits for {pending}"
            yield _difference(payment, detail, f"{kind} pending")


def _each(payment: AuditedPayment, own: Sequence[AuditedOperation]) -> Iterator[Difference]:
    for operation in own:
        subject = f"operation {operation.reference}"
        if operation.currency != payment.currency:
            detail = f"the {subject} is in {operation.currency}, the payment in {payment.currency}"
            yield _difference(payment, detail, subject)
        # what people settled after a refund or a void that came too late has no operation
        if operation.state is State.REVERSED and operation.kind in REVERSAL_OF and not _is_reversed(operation, own):
            yield _difference(payment, f"the {subject} is REVERSED, but no operation takes it back", subject)


def _is_reversed(operation: AuditedOperation, own: Iterable[AuditedOperation]) -> bool:
    wanted = (operation.operation_id, REVERSAL_OF[operation.kind], operation.amount)
    return any((each.reverses, each.kind, each.amount) == wanted for each in own)


def _answers(payment: AuditedPayment, steps: Sequence[AuditedOperation], since: datetime) -> Iterator[Difference]:
    """What is stored for a key says what became of its newest operation; `audit.answers` checks the successes."""
    newest = {(each.kind, each.key): each for each in steps if each.key is not None}
    for operation in newest.values():
        if operation.state is State.APPROVED:
            continue
        allowed = _allowed(operation)
        must_be_stored = (operation.decided_at or operation.created_at) > since
        if operation.answer_status in allowed or not (operation.answer_status or must_be_stored):
            continue
        stored = (
            f"the stored answer has {operation.answer_status}" if operation.answer_status else "no answer is stored"
        )
        detail = f"{operation.reference} is {operation.state}, but {stored}"
        yield Difference(FindingKind.ANSWERS, payment.payment_id, detail, f"operation {operation.reference}")


def _allowed(operation: AuditedOperation) -> frozenset[int]:
    """The HTTP statuses that its stored answer may have."""
    if is_undecided(operation):
        return _WAITING
    if operation.state is State.NOT_SENT:
        return _NOT_SENT
    if operation.state in (State.DECLINED, State.FAILED):
        return _DECLINED
    return _DECLINED | _NOT_SENT  # approved after it had been declared to be without money
