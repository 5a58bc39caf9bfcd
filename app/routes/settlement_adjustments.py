"""/settlement-adjustments: corrections of what merchants are paid, by operators."""

from flask import Blueprint, Response, g

from app.api import encoding, queries
from app.api.answers import SettlementAdjustmentPage
from app.api.parameters import ADJUSTMENT_ID, CURSOR, LIMIT
from app.api.settlement_schemas import AdjustmentBody, SettlementStepBody
from app.commit.money_request import idempotency_key, read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.services import services
from app.transactions import read_list, write
from payments.merchants.rules import Scope
from payments.platform.clock import database_now
from payments.platform.values.sensitive import storable_key
from payments.settlement import adjustment_view, adjustments

blueprint = Blueprint("settlement_adjustments", __name__, url_prefix="/settlement-adjustments")


@blueprint.get("")
@describe(
    Description(
        "List adjustments, newest first",
        "settlement",
        answers={200: SettlementAdjustmentPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def index() -> Response:
    """A page of adjustments."""
    before, limit = queries.cursor(), queries.limit()
    return encoding.page(
        SettlementAdjustmentPage, *read_list(lambda connection: adjustment_view.adjustments(connection, before, limit))
    )


@blueprint.post("")
@describe(
    Description(
        "Correct what a merchant is paid",
        "settlement",
        answers={201: adjustment_view.SettlementAdjustment},
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
        body=AdjustmentBody,
        scopes=(Scope.OPERATE,),
        text="It is an item of the next batch. Above `APP_SECOND_OPERATOR_ABOVE` it is posted when another operator"
        " agrees. With an idempotency key, in the body or as the header `Idempotency-Key`, it is posted once however"
        " often it is sent: the answer to a repetition is the adjustment as it is then, with"
        " `Idempotency-Replayed: true`.",
    )
)
def create() -> Response:
    """A new adjustment."""
    body, actor, limits = read_body(AdjustmentBody), acting_operator(), services().second_operator_above
    given = idempotency_key(body.idempotency_key)
    key = None if given is None else storable_key(given)
    wanted = (body.merchant_id, body.currency, body.amount, body.reason)
    made = write(lambda c: adjustments.propose(c, *wanted, actor, limits, database_now(c), key=key))
    if made.is_repeated:
        g.answer_headers["Idempotency-Replayed"] = "true"
    return encoding.answer(adjustment_view.adjustment(made.adjustment), 201)


@blueprint.post("/<id:adjustment_id>/agree")
@describe(
    Description(
        "Agree to another operator's adjustment",
        "settlement",
        answers={200: adjustment_view.SettlementAdjustment},
        problems=(400, 401, 403, 404, 409, 413, 415, 429, 503),
        parameters=(ADJUSTMENT_ID,),
        body=SettlementStepBody,
        scopes=(Scope.OPERATE,),
    )
)
def agree(adjustment_id: int) -> Response:
    """The adjustment, posted."""
    body, actor = read_body(SettlementStepBody), acting_operator()
    agreed = write(lambda c: adjustments.agree(c, adjustment_id, actor, body.reason, database_now(c)))
    return encoding.answer(adjustment_view.adjustment(agreed))


@blueprint.post("/<id:adjustment_id>/withdraw")
@describe(
    Description(
        "Withdraw an adjustment that waits for another operator",
        "settlement",
        answers={200: adjustment_view.SettlementAdjustment},
        problems=(400, 401, 403, 404, 409, 413, 415, 429, 503),
        parameters=(ADJUSTMENT_ID,),
        body=SettlementStepBody,
        scopes=(Scope.OPERATE,),
        text="It is never posted. Any operator may, also the one who proposed it.",
    )
)
def withdraw(adjustment_id: int) -> Response:
    """The adjustment, withdrawn."""
    body, actor = read_body(SettlementStepBody), acting_operator()
    withdrawn = write(lambda c: adjustments.withdraw(c, adjustment_id, actor, body.reason, database_now(c)))
    return encoding.answer(adjustment_view.adjustment(withdrawn))
