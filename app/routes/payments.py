"""/payments: the four money commands, and reads of payments."""

from flask import Blueprint, Response

from app.api import encoding, queries
from app.api.answers import CommandAnswer, PaymentPage
from app.api.parameters import CURSOR, LIMIT, MERCHANT, PAYMENT_ID, STATUS
from app.api.schemas import AuthorizeBody, CaptureBody, MoneyBody, RefundBody, VoidBody
from app.commit.money_request import AT_THE_ACQUIRER, handle
from app.http.authentication import acting_merchant
from app.http.describing import Description, describe
from app.transactions import read, read_list
from payments.merchants.rules import Scope
from payments.payment.commands import Operation
from payments.payment.rules import Status
from payments.reading import payments as reading

blueprint = Blueprint("payments", __name__, url_prefix="/payments")

_KEY = (
    "The idempotency key may be sent as the header `Idempotency-Key` instead of in the body (both, when equal). A"
    " repetition with the same key gets the same answer, byte for byte, with `Idempotency-Replayed: true`."
    f" {AT_THE_ACQUIRER}"
)


def _money(summary: str, body: type[MoneyBody], scope: Scope, *, problems: tuple[int, ...]) -> Description:
    return Description(
        summary,
        "payments",
        answers={200: CommandAnswer, 202: CommandAnswer},
        problems=(400, 401, 402, 403, 409, 413, 415, 422, 429, 503, *problems),
        body=body,
        scopes=(scope,),
        parameters=(PAYMENT_ID,) if 404 in problems else (),
        replays=True,
        text=_KEY,
    )


@blueprint.post("/authorize")
@describe(_money("Authorize a payment: hold the amount", AuthorizeBody, Scope.PAYMENTS_WRITE, problems=()))
def authorize() -> Response:
    """Hold money."""
    return handle(Operation.AUTHORIZE, AuthorizeBody)


@blueprint.post("/capture/<id:payment_id>")
@describe(_money("Capture what was authorized, or a part of it", CaptureBody, Scope.PAYMENTS_WRITE, problems=(404,)))
def capture(payment_id: int) -> Response:
    """Take held money."""
    return handle(Operation.CAPTURE, CaptureBody, payment_id)


@blueprint.post("/refund/<id:payment_id>")
@describe(_money("Refund what was captured, or a part of it", RefundBody, Scope.REFUNDS_WRITE, problems=(404,)))
def refund(payment_id: int) -> Response:
    """Give money back."""
    return handle(Operation.REFUND, RefundBody, payment_id)


@blueprint.post("/void/<id:payment_id>")
@describe(_money("Void: release all that is still held", VoidBody, Scope.PAYMENTS_WRITE, problems=(404,)))
def void(payment_id: int) -> Response:
    """Release held money."""
    return handle(Operation.VOID, VoidBody, payment_id)


@blueprint.get("/<id:payment_id>")
@describe(
    Description(
        "Show a payment with its postings and events",
        "payments",
        answers={200: reading.PaymentAnswer},
        problems=(400, 401, 403, 404, 429, 503),
        scopes=(Scope.PAYMENTS_READ,),
        parameters=(PAYMENT_ID, MERCHANT),
    )
)
def show(payment_id: int) -> Response:
    """One payment."""
    merchant_id = acting_merchant(queries.merchant())
    return encoding.answer(read(lambda connection: reading.payment(connection, payment_id, merchant_id)))


@blueprint.get("")
@describe(
    Description(
        "List a merchant's payments, newest first",
        "payments",
        answers={200: PaymentPage},
        problems=(400, 401, 403, 429, 503),
        scopes=(Scope.PAYMENTS_READ,),
        parameters=(MERCHANT, STATUS, LIMIT, CURSOR),
    )
)
def index() -> Response:
    """A page of payments."""
    merchant_id, status = acting_merchant(queries.merchant()), queries.choice("status", Status)
    before, limit = queries.cursor(), queries.limit()
    return encoding.page(
        PaymentPage, *read_list(lambda connection: reading.payments(connection, merchant_id, status, before, limit))
    )
