"""/acquirer and /acquirer-operations: what is under way at acquirers, for operators; they ask again, and decide."""

import orjson
from flask import Blueprint, Response, g

from app.api import encoding, queries
from app.api.acquirer_schemas import DecideBody, EnquireBody
from app.api.answers import AcquirerOperationPage
from app.api.parameters import ACQUIRER_STATE, CURSOR, LIMIT, OPERATION_ID, OPERATIONS_PAYMENT
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.http.request_context import traceparent
from app.services import services
from app.transactions import read, read_back, read_list, write
from payments.acquiring import service, view
from payments.acquiring.operation import StoredOperation
from payments.acquiring.rules import Learned, State, Told
from payments.merchants.rules import Scope
from payments.payment import commands
from payments.platform.tracing import trace

blueprint = Blueprint("acquirer", __name__)

_PATH = "/acquirer-operations/<id:operation_id>"
_CHANGES = (400, 401, 403, 404, 409, 413, 415, 429, 503)


@blueprint.get("/acquirer")
@describe(
    Description(
        "The acquirers: breaker, and operations that are not decided",
        "acquirer",
        answers={200: view.Acquirers},
        problems=(401, 403, 429, 503),
        scopes=(Scope.READ,),
        text="Each web worker has a breaker of its own; the answer has that of the one that answers.",
    )
)
def show() -> Response:
    """All acquirers."""
    return encoding.answer(read(lambda connection: view.acquirers(connection, services().acquirers)))


@blueprint.get("/acquirer-operations")
@describe(
    Description(
        "List operations at acquirers, newest first",
        "acquirer",
        answers={200: AcquirerOperationPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(ACQUIRER_STATE, OPERATIONS_PAYMENT, LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def index() -> Response:
    """A page of operations."""
    state, payment_id = queries.choice("state", State), queries.number("paymentId")
    before, limit = queries.cursor(), queries.limit()
    states = [State(state)] if state else []
    return encoding.page(
        AcquirerOperationPage,
        *read_list(lambda connection: view.operations(connection, states, payment_id, before, limit)),
    )


@blueprint.get(_PATH)
@describe(
    Description(
        "Show an operation at an acquirer",
        "acquirer",
        answers={200: view.AcquirerOperation},
        problems=(401, 403, 404, 429, 503),
        parameters=(OPERATION_ID,),
        scopes=(Scope.READ,),
    )
)
def show_one(operation_id: int) -> Response:
    """One operation."""
    return encoding.answer(read(lambda connection: view.get(connection, operation_id)))


@blueprint.post(f"{_PATH}/enquire")
@describe(
    Description(
        "Ask the acquirer again, at once",
        "acquirer",
        answers={200: view.AcquirerOperation},
        problems=_CHANGES,
        parameters=(OPERATION_ID,),
        body=EnquireBody,
        scopes=(Scope.OPERATE,),
        text="Housekeeping asks; the answer is the operation before that. Also for one that it has given up.",
    )
)
def enquire(operation_id: int) -> Response:
    """The operation, due now."""
    body, actor = read_body(EnquireBody), acting_operator()
    asked = write(lambda connection: service.ask_again(connection, operation_id, body.reason, actor))
    return encoding.answer(view.operation(asked))


@blueprint.post(f"{_PATH}/decide")
@describe(
    Description(
        "Decide an operation that is MANUAL, by two operators",
        "acquirer",
        answers={200: view.AcquirerOperation},
        problems=_CHANGES,
        parameters=(OPERATION_ID,),
        body=DecideBody,
        scopes=(Scope.OPERATE,),
        text="The first operator proposes; another one with the same outcome carries it out. Another outcome replaces"
        " the proposal.",
    )
)
def decide(operation_id: int) -> Response:
    """The operation, with a proposal or decided."""
    body, actor = read_body(DecideBody), acting_operator()
    decision = write(lambda connection: service.decide(connection, operation_id, body.outcome, body.reason, actor))
    if not decision.is_agreed:
        return encoding.answer(view.operation(decision.operation))
    _conclude(decision.operation, Learned(body.outcome))
    return encoding.answer(read_back(lambda connection: view.get(connection, operation_id)))


def _conclude(operation: StoredOperation, learned: Learned) -> None:
    """Carry out what two operators agree on. Raises the errors of the commit queue; it may be agreed on again then."""
    told = Told(operation.reference, learned, by_operator=True)
    # what takes an operation back is of no request, and has no trace
    headers = {trace.HEADER: traceparent(), **orjson.loads(operation.headers)}
    command = commands.conclude(operation.merchant_id, operation.payment_id, told, g.request_id, headers)
    result = services().queue.submit(command, g.deadline)
    if result.error is not None:
        raise result.error
