"""What the acquirer's word does to a payment: its amounts, its event, its answer. Pure.

A word is taken once: what is decided already changes nothing, whoever says it again.
"""

from datetime import datetime
from typing import Final, NamedTuple

from payments.acquiring.operation import StoredOperation, concluded
from payments.acquiring.rules import REVERSAL_OF, WITHOUT_MONEY, State, Told
from payments.outbox.rules import EventType, PaymentEvent
from payments.payment.answers import NOT_SENT, PROCESSING, Result, StoredAnswer
from payments.payment.commands import EVENT_OF, OPERATION_OF, Key, Operation, instance_of
from payments.payment.replies import command_body, processing_body
from payments.payment.rules import Payment, ReleaseReason
from payments.platform.errors import AcquirerUnavailable, PaymentDeclined
from payments.platform.problems import body_of, status_of

NOT_PROCESSED: Final = "not_processed"
"""The decline code of what was cancelled at the acquirer before it happened: nothing was charged."""


class Conclusion(NamedTuple):
    """The rows after a word of the acquirer, and what its waiting request is told. None: nothing of that kind."""

    payment: Payment
    operation: StoredOperation
    event: PaymentEvent | None = None
    answer: StoredAnswer | None = None
    result: Result | None = None
    """None: as the stored answer says."""
    is_reversed: bool = False
    """Whether the acquirer has to take the operation back."""


def key_of(operation: StoredOperation) -> Key | None:
    """The key of the stored answer that waits for an operation."""
    if operation.idempotency_key is None:
        return None
    return Key(operation.merchant_id, OPERATION_OF[operation.kind].value, operation.idempotency_key)


def conclude(payment: Payment, operation: StoredOperation, told: Told, now: datetime) -> Conclusion:
    """The payment and its operation after `told`, which is about this operation."""
    after = concluded(operation, told, now)
    if after is operation:
        return Conclusion(payment, operation)
    if not operation.reserves or after.reserves:
        return _undecided(payment, operation, after)
    if after.state is State.APPROVED:
        return _approved(payment, after, now)
    if after.state in WITHOUT_MONEY:
        return _refused(payment, after, now)
    return Conclusion(payment, after)


def _undecided(payment: Payment, before: StoredOperation, after: StoredOperation) -> Conclusion:
    if after.state is State.REVERSED:
        return Conclusion(payment, after, is_reversed=after.kind in REVERSAL_OF)
    if before.state is not State.SENT or after.is_own or after.state is State.SENT:
        return Conclusion(payment, after)
    body = processing_body(payment, OPERATION_OF[after.kind].value)
    return Conclusion(payment, after, None, _answer(after, PROCESSING, body), Result(PROCESSING, body))


def _approved(payment: Payment, operation: StoredOperation, now: datetime) -> Conclusion:
    expired = operation.is_own
    reason = ReleaseReason.EXPIRED if expired else ReleaseReason.VOIDED
    changed = payment.approved(operation.kind, operation.amount, now, reason)
    event = PaymentEvent(
        EventType.EXPIRED if expired else EVENT_OF[OPERATION_OF[operation.kind]],
        payment.payment_id,
        payment.merchant_id,
        operation.amount,
        payment.currency,
        changed.status.value,
        now,
    )
    if expired:
        return Conclusion(changed, operation, event, None, Result(200))
    body = command_body(changed, OPERATION_OF[operation.kind].value)
    result = Result(200, body, step=operation.amount, currency=payment.currency, payment_id=payment.payment_id)
    return Conclusion(changed, operation, event, _answer(operation, 200, body), result)


def _refused(payment: Payment, operation: StoredOperation, now: datetime) -> Conclusion:
    changed = payment.refused(operation.kind, operation.amount, now)
    if operation.state is State.NOT_SENT:
        answer = _answer(operation, NOT_SENT, "")
        return Conclusion(changed, operation, None, answer, Result(error=AcquirerUnavailable()))
    code = operation.decline_code if operation.state is State.DECLINED else None
    declined = PaymentDeclined(code or NOT_PROCESSED, payment_id=payment.payment_id)
    asked = OPERATION_OF[operation.kind]
    path = instance_of(asked, 0 if asked is Operation.AUTHORIZE else payment.payment_id)
    body = body_of(declined, instance=path, request_id=operation.request_id).decode()
    status = status_of(declined.code)
    return Conclusion(changed, operation, None, _answer(operation, status, body), Result(status, body))


def _answer(operation: StoredOperation, status: int, body: str) -> StoredAnswer:
    return StoredAnswer(operation.request_digest or "", status, body)
