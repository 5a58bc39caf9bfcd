"""Handles an operator's capture, refund or void: run as the merchant's own, and noted with the reason when it succeeds.

It is not counted against the merchant's limits; the admin token is checked before.
"""

from flask import Response, g

from app.api.schemas import OperatorAmountBody, OperatorVoidBody
from app.commit.acquirer_call import carry_out
from app.commit.money_request import idempotency_key, read_body, respond, storable
from app.http.authentication import acting_operator
from app.http.request_context import traceparent
from app.services import Services
from app.transactions import read
from payments.payment import store as payment_store
from payments.payment.answers import Result
from payments.payment.commands import Command, Operation, OperatorNote
from payments.platform.errors import NotFound
from payments.platform.tracing import trace


def handle(operation: Operation, model: type[OperatorVoidBody], payment_id: int) -> Response:
    """Handle one operator's request, from its body to its answer; counts its outcome."""
    return respond(operation, lambda parts: _result(parts, operation, model, payment_id))


def _result(parts: Services, operation: Operation, model: type[OperatorVoidBody], payment_id: int) -> Result:
    body = read_body(model)
    command = Command(
        operation=operation,
        merchant_id=_merchant(payment_id),
        key=storable(idempotency_key(body.idempotency_key)),
        digest=body.digest(operation.value, payment_id),
        payment_id=payment_id,
        amount=body.amount if isinstance(body, OperatorAmountBody) else None,
        request_id=g.request_id,
        headers={trace.HEADER: parts.traces.current() or traceparent()},
        note=OperatorNote(acting_operator(), body.reason),
    )
    result = carry_out(parts, command)
    if result.error is not None:
        raise result.error
    return result


def _merchant(payment_id: int) -> str:
    """The payment's merchant. Raises NotFound."""
    owners = read(lambda connection: payment_store.owners(connection, [payment_id]))
    if payment_id not in owners:
        raise NotFound(f"There is no payment {payment_id}.")
    return owners[payment_id]
