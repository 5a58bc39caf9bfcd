"""Carries out a command that may need its acquirer: a transaction, the call outside of any, and a second transaction.

What is stored before the call lets housekeeping find out the rest: a request that ends in between loses nothing.
"""

from dataclasses import replace
from time import monotonic
from typing import Final

from flask import g

from app.commit.redis_flush import flush_soon
from app.services import Services
from app.transactions import read
from payments.acquiring.connector import Answer, Connector, Kind, Operation, Seen
from payments.acquiring.rules import told_by
from payments.breaker.rules import State
from payments.metrics import SHOWN_STATES, ApiMetrics
from payments.payment import commands, idempotency_store
from payments.payment.answers import NOT_SENT, Call, Result, StoredAnswer
from payments.payment.commands import Command
from payments.platform.connectors import ConnectorName
from payments.platform.errors import AcquirerUnavailable, OutcomeUnknown, ServiceUnavailable

CONCLUDE_WITHIN: Final = 1.0
"""Seconds of a request that are left for the second transaction, so that most callers hear the outcome."""


def carry_out(parts: Services, command: Command) -> Result:
    """The command's result; errors are in it. One 202 is not known yet: housekeeping will know.

    Its key is in use from the first transaction to the end of the second, so that no repetition makes a call.
    """
    first = parts.queue.submit(command, g.deadline)
    if first.call is None:
        return first
    try:
        return _call(parts, command, first, first.call)
    finally:
        parts.queue.release(command)


def refuse_while_down(parts: Services, command: Command) -> None:
    """Refuse an authorization whose call is certain not to be made, before it costs two transactions.

    A repetition is answered as ever. Redis forgets answers before their time, so the table says whether it is one; that
    is one look-up by a primary key, and only while the acquirer is down. Raises AcquirerUnavailable and as `read`.
    """
    if command.connector == ConnectorName.NONE or not _is_down(parts, command.connector):
        return
    stored = read(lambda connection: idempotency_store.find(connection, [command.scope])).get(command.scope)
    if stored is None or (stored.status == NOT_SENT and stored.digest == command.digest):
        raise AcquirerUnavailable


def _is_down(parts: Services, connector: str) -> bool:
    gate = parts.acquirers.get(connector)
    return gate is None or gate.is_shut


def _call(parts: Services, command: Command, first: Result, call: Call) -> Result:
    told = told_by(call.operation, _answer(parts, command, call))
    parts.metrics.acquirer.operations.labels(call.operation.kind.value, told.learned.value.lower()).inc()
    conclusion = commands.conclude(call.merchant_id, call.payment_id, told, command.request_id, command.headers)
    result = parts.queue.submit(conclusion, g.deadline)
    if isinstance(result.error, ServiceUnavailable | OutcomeUnknown):
        return replace(first, call=None)  # the intent is stored, and its answer so far is that it is being processed
    if result.status == NOT_SENT:  # found after a lost COMMIT
        return Result(error=AcquirerUnavailable())
    answer = StoredAnswer(command.digest, result.status, result.body)
    if answer.is_lasting:
        parts.admission.remember({command.scope: answer})
        flush_soon(parts.admission)
    return result


def _answer(parts: Services, command: Command, call: Call) -> Answer:
    gate = parts.acquirers.get(call.connector)
    within = g.deadline - monotonic() - CONCLUDE_WITHIN
    if gate is None:
        return Answer(Seen.NOT_CONNECTED)
    if within <= 0:
        return Answer(Seen.NO_TIME)
    metrics, started = parts.metrics, monotonic()
    metrics.acquirer.in_flight.inc()
    try:
        return _ask(gate, call, command.payment_method, within)
    finally:
        metrics.acquirer.in_flight.dec()
        metrics.acquirer_duration.labels(call.operation.kind.value).observe(monotonic() - started)
        show_breaker(metrics, call.connector, gate.state)


def show_breaker(metrics: ApiMetrics, connector: str, current: State) -> None:
    """Note in which state the breaker before a connector is."""
    for state in SHOWN_STATES:
        metrics.acquirer.breaker_state.labels(connector, state.lower()).set(state is current)


def _ask(connector: Connector, call: Call, payment_method: str, within: float) -> Answer:
    operation: Operation = call.operation
    if operation.kind is Kind.AUTHORIZATION:
        return connector.authorize(operation, payment_method, within)
    if call.authorization is None:
        raise ValueError(f"{operation.reference} is about no authorization")
    ask = {Kind.CAPTURE: connector.capture, Kind.REFUND: connector.refund, Kind.VOID: connector.void}
    return ask[operation.kind](operation, call.authorization, within)
