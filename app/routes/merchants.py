"""/merchants: who is paid. For operators' keys with the scope `administer`."""

from flask import Blueprint, Response

from app.api import encoding, queries
from app.api.answers import MerchantPage
from app.api.parameters import LIMIT, MERCHANT, MERCHANT_ID, TEXT_CURSOR
from app.api.schemas import MerchantBody, MerchantStateBody
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.transactions import read_list, write
from payments.merchants import service, view
from payments.merchants.rules import Scope

blueprint = Blueprint("merchants", __name__, url_prefix="/merchants")


@blueprint.post("")
@describe(
    Description(
        "Make a merchant",
        "merchants",
        answers={200: view.Merchant},
        problems=(400, 401, 403, 409, 413, 415, 429, 503),
        body=MerchantBody,
        scopes=(Scope.ADMINISTER,),
    )
)
def create() -> Response:
    """A new merchant, ACTIVE."""
    body, actor = read_body(MerchantBody), acting_operator()
    made = write(lambda c: service.create_merchant(c, body.merchant_id, body.name, body.mode, actor))
    return encoding.answer(view.merchant(made))


@blueprint.get("")
@describe(
    Description(
        "List merchants by id",
        "merchants",
        answers={200: MerchantPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(MERCHANT, LIMIT, TEXT_CURSOR),
        scopes=(Scope.ADMINISTER, Scope.READ),
    )
)
def index() -> Response:
    """A page of merchants."""
    merchant_id, after, limit = queries.merchant(), queries.text_cursor(), queries.limit()
    items, last = read_list(lambda connection: view.merchants(connection, after, limit, merchant_id))
    return encoding.answer(MerchantPage(items=items, next_cursor=queries.cursor_after_text(last)))


@blueprint.patch("/<path:merchant_id>")
@describe(
    Description(
        "Suspend a merchant, or make it active again",
        "merchants",
        answers={200: view.Merchant},
        problems=(400, 401, 403, 404, 413, 415, 429, 503),
        parameters=(MERCHANT_ID,),
        body=MerchantStateBody,
        scopes=(Scope.ADMINISTER,),
    )
)
def change(merchant_id: str) -> Response:
    """The merchant as it is now."""
    body, actor = read_body(MerchantStateBody), acting_operator()
    changed = write(lambda c: service.set_state(c, merchant_id, body.state, body.reason, actor))
    return encoding.answer(view.merchant(changed))
