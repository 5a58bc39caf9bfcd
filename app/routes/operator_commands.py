"""/operations/payments/{id}/capture, /refund and /void: an operator acts for a merchant, with the admin token."""

from flask import Blueprint, Response

from app.api.answers import CommandAnswer
from app.api.parameters import PAYMENT_ID
from app.api.schemas import OperatorAmountBody, OperatorVoidBody
from app.commit.money_request import AT_THE_ACQUIRER
from app.commit.operator_request import handle
from app.http.describing import Description, describe
from payments.merchants.rules import Scope
from payments.payment.commands import Operation

blueprint = Blueprint("operator_commands", __name__, url_prefix="/operations/payments/<id:payment_id>")

_NOTED = (
    "Runs as the merchant's own request would, and is noted in the list of operators' actions with its reason. Not"
    " counted against the merchant's limits. The idempotency key may be sent as the header `Idempotency-Key`."
    f" {AT_THE_ACQUIRER}"
)


def _description(summary: str, body: type[OperatorVoidBody]) -> Description:
    return Description(
        summary,
        "operations",
        answers={200: CommandAnswer, 202: CommandAnswer},
        problems=(400, 401, 402, 403, 404, 409, 413, 415, 422, 429, 503),
        parameters=(PAYMENT_ID,),
        body=body,
        scopes=(Scope.OPERATE,),
        replays=True,
        text=_NOTED,
    )


@blueprint.post("/capture")
@describe(_description("Capture for a merchant", OperatorAmountBody))
def capture(payment_id: int) -> Response:
    """Take held money."""
    return handle(Operation.CAPTURE, OperatorAmountBody, payment_id)


@blueprint.post("/refund")
@describe(_description("Refund for a merchant", OperatorAmountBody))
def refund(payment_id: int) -> Response:
    """Give money back."""
    return handle(Operation.REFUND, OperatorAmountBody, payment_id)


@blueprint.post("/void")
@describe(_description("Void for a merchant", OperatorVoidBody))
def void(payment_id: int) -> Response:
    """Release held money."""
    return handle(Operation.VOID, OperatorVoidBody, payment_id)
