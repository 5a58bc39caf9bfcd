"""/merchants: who is paid. For operators' keys with the scope `administer`."""

from flask import Blueprint, Response

from app import messages
from app.api import encoding, queries
from app.api.answers import MerchantPage
from app.api.merchant_schemas import MerchantBody, MerchantChangeBody
from app.api.parameters import LIMIT, MERCHANT, MERCHANT_ID, TEXT_CURSOR
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.http.errors import invalid
from app.services import services
from app.transactions import read_list, write
from payments.merchants import service, view
from payments.merchants.rules import Scope
from payments.platform.connectors import ConnectorName
from payments.platform.values.time_zones import UTC

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
    connector = body.connector or ConnectorName.NONE
    check_connected(connector)
    new = (body.merchant_id, body.name, body.mode, actor, connector)
    zone = body.time_zone or UTC
    made = write(lambda c: service.create_merchant(c, *new, time_zone=zone, iban=body.iban))
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


@blueprint.patch("/<text:merchant_id>")
@describe(
    Description(
        "Suspend a merchant, make it active again, or change how it is connected and paid",
        "merchants",
        answers={200: view.Merchant},
        problems=(400, 401, 403, 404, 413, 415, 429, 503),
        parameters=(MERCHANT_ID,),
        body=MerchantChangeBody,
        scopes=(Scope.ADMINISTER,),
    )
)
def change(merchant_id: str) -> Response:
    """The merchant as it is now."""
    body, actor = read_body(MerchantChangeBody), acting_operator()
    check_connected(body.connector)
    changed = write(
        lambda c: service.change_merchant(
            c,
            merchant_id,
            body.reason,
            actor,
            state=body.state,
            connector=body.connector,
            time_zone=body.time_zone,
            iban=body.new_iban,
        )
    )
    return encoding.answer(view.merchant(changed))


def check_connected(connector: ConnectorName | None) -> None:
    """Raise ValidationFailed for a connector that this installation does not have; None: none is asked for."""
    if connector is not None and connector not in services().connectors:
        raise invalid("connector", messages.NOT_CONNECTED)
