"""Operations that are to be asked of an acquirer: stored before anything is sent. Pure."""

from collections.abc import Mapping
from datetime import datetime

import orjson

from payments.acquiring.connector import Kind
from payments.acquiring.operation import StoredOperation, Summary, reversal_of, sent
from payments.acquiring.rules import CELL, State, reference
from payments.payment.answers import Call
from payments.payment.commands import KIND_OF, Command, Operation
from payments.payment.rules import Payment


class Known:
    """How many operations of each kind payments have, and under which reference their money is held."""

    def __init__(self, summaries: Mapping[int, Summary] | None = None) -> None:
        """`summaries`: by payment, as stored."""
        stored = summaries or {}
        self._counts = {(payment_id, kind): n for payment_id, of in stored.items() for kind, n in of.counts.items()}
        self._held = {payment_id: of.authorization for payment_id, of in stored.items()}

    def next_number(self, payment_id: int, kind: Kind) -> int:
        """The number of a new operation, which counts from now on."""
        number = self._counts.get((payment_id, kind), 0) + 1
        self._counts[payment_id, kind] = number
        return number

    def authorization(self, payment_id: int) -> str | None:
        """Our reference of the authorization that holds the payment's money."""
        return self._held.get(payment_id)

    def note(self, operation: StoredOperation) -> None:
        """Note what became of an operation, for later commands of the batch."""
        if operation.kind is Kind.AUTHORIZATION and operation.state is State.APPROVED:
            self._held[operation.payment_id] = operation.reference


def call_of(operation: StoredOperation) -> Call:
    """What is to be asked once the operation is stored."""
    return Call(
        operation.connector,
        operation.merchant_id,
        operation.payment_id,
        operation.call,
        operation.authorization_reference,
    )


def intended(command: Command, payment: Payment, amount: int, now: datetime, known: Known) -> StoredOperation:
    """The operation of a command that reserved `amount`: about to be sent, or by housekeeping for an expiry."""
    kind = KIND_OF[command.operation]
    waits = command.operation is not Operation.EXPIRE
    operation = StoredOperation(
        payment_id=payment.payment_id,
        merchant_id=payment.merchant_id,
        connector=payment.connector,
        kind=kind,
        amount=amount,
        currency=payment.currency,
        reference=reference(CELL, payment.payment_id, kind, known.next_number(payment.payment_id, kind)),
        authorization_reference=None if kind is Kind.AUTHORIZATION else known.authorization(payment.payment_id),
        state=State.CREATED,
        created_at=now,
        next_enquiry_at=now,
        idempotency_key=command.key if waits else None,
        request_digest=command.digest if waits else None,
        request_id=command.request_id,
        headers=orjson.dumps(command.headers).decode(),
    )
    return sent(operation, now) if waits else operation


def taken_back(operation: StoredOperation, now: datetime, known: Known) -> StoredOperation:
    """The operation that takes back one that was approved too late."""
    return reversal_of(operation, lambda kind: known.next_number(operation.payment_id, kind), now)
