"""/settlement-batches/{id}/approve, /confirm and /return: what operators do with closed batches."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response
from sqlalchemy import Connection

from app.api import encoding
from app.api.parameters import BATCH_ID
from app.api.settlement_schemas import SettlementStepBody
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.services import services
from app.transactions import write
from payments.merchants.rules import Scope
from payments.platform.clock import database_now
from payments.settlement import payouts, view
from payments.settlement.store import StoredBatch

blueprint = Blueprint("settlement_steps", __name__, url_prefix="/settlement-batches/<id:batch_id>")


def _step(summary: str, text: str) -> Description:
    return Description(
        summary,
        "settlement",
        answers={200: view.SettlementBatch},
        problems=(400, 401, 403, 404, 409, 413, 415, 429, 503),
        parameters=(BATCH_ID,),
        body=SettlementStepBody,
        scopes=(Scope.OPERATE,),
        text=text,
    )


@blueprint.post("/approve")
@describe(
    _step(
        "Approve a batch that is CLOSED",
        "One whose net is above `APP_SECOND_OPERATOR_ABOVE` stays CLOSED until another operator approves it, too.",
    )
)
def approve(batch_id: int) -> Response:
    """The batch, with one more approval."""
    body, actor, limits = read_body(SettlementStepBody), acting_operator(), services().second_operator_above
    return _changed(lambda c, now: payouts.approve(c, batch_id, actor, body.reason, limits, now))


@blueprint.post("/confirm")
@describe(_step("Say that the bank has paid a batch", "It has to be EXPORTED."))
def confirm(batch_id: int) -> Response:
    """The batch, CONFIRMED."""
    body, actor = read_body(SettlementStepBody), acting_operator()
    return _changed(lambda c, now: payouts.confirm(c, batch_id, actor, body.reason, now))


@blueprint.post("/return")
@describe(
    _step(
        "Say that the bank could not pay a batch",
        "It has to be EXPORTED. Its money is the merchant's again, as an item of the next batch.",
    )
)
def give_back(batch_id: int) -> Response:
    """The batch, RETURNED."""
    body, actor = read_body(SettlementStepBody), acting_operator()
    return _changed(lambda c, now: payouts.give_back(c, batch_id, actor, body.reason, now))


def _changed(change: Callable[[Connection, datetime], StoredBatch]) -> Response:
    def run(connection: Connection) -> view.SettlementBatch:
        return view.batch(connection, change(connection, database_now(connection)))

    return encoding.answer(write(run))
