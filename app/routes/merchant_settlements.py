"""/settlements: what a merchant is paid, for itself. Read only."""

from collections.abc import Sequence

from flask import Blueprint, Response

from app.api import csv_rows, encoding, queries
from app.api.answers import SettlementItemPage, SettlementPage
from app.api.parameters import BATCH_ID, BATCH_STATE, CURRENCY, CURSOR, LIMIT, MERCHANT, Parameter
from app.http.authentication import acting_merchant
from app.http.describing import Description, describe
from app.routes.settlements import SEALED, statement_of
from app.transactions import read, read_list
from payments.merchants.rules import Scope
from payments.platform.json_types import JsonObject
from payments.settlement import item_view, view
from payments.settlement.rules import State
from payments.settlement.store import Wanted

blueprint = Blueprint("merchant_settlements", __name__, url_prefix="/settlements")


_LIST = (MERCHANT, CURRENCY, BATCH_STATE, LIMIT, CURSOR)
_ITEMS = (BATCH_ID, MERCHANT, LIMIT, CURSOR)
_ONE = (BATCH_ID, MERCHANT)


def _read(
    summary: str, answer: type[JsonObject] | str, parameters: Sequence[Parameter], problems: Sequence[int] = ()
) -> Description:
    every, text = (400, 401, 403, 429, 503, *problems), SEALED if answer == csv_rows.MEDIA_TYPE else ""
    scopes = (Scope.SETTLEMENTS_READ,)
    return Description(summary, "settlements", {200: answer}, every, None, parameters, scopes, text=text)


@blueprint.get("")
@describe(_read("List a merchant's settlement batches, newest first", SettlementPage, _LIST))
def index() -> Response:
    """A page of batches."""
    state, before, limit = queries.choice("state", State), queries.cursor(), queries.limit()
    wanted = Wanted(acting_merchant(queries.merchant()), queries.currency(), State(state) if state else None)
    return encoding.page(
        SettlementPage, *read_list(lambda connection: view.settlements(connection, wanted, before, limit))
    )


@blueprint.get("/<id:batch_id>")
@describe(_read("Show a merchant's settlement batch", view.Settlement, _ONE, (404,)))
def show(batch_id: int) -> Response:
    """One batch."""
    merchant_id = acting_merchant(queries.merchant())
    return encoding.answer(read(lambda connection: view.settlement(view.get(connection, batch_id, merchant_id))))


@blueprint.get("/<id:batch_id>/items")
@describe(_read("List the items of a merchant's batch, oldest first", SettlementItemPage, _ITEMS, (404,)))
def items(batch_id: int) -> Response:
    """A page of items."""
    merchant_id, behind, limit = acting_merchant(queries.merchant()), queries.cursor(), queries.limit()
    return encoding.page(
        SettlementItemPage,
        *read_list(lambda connection: item_view.items(connection, batch_id, merchant_id, behind, limit)),
    )


@blueprint.get("/<id:batch_id>/statement.csv")
@describe(_read("The statement of a merchant's closed batch", csv_rows.MEDIA_TYPE, _ONE, (404, 409)))
def statement_csv(batch_id: int) -> Response:
    """A file."""
    merchant_id = acting_merchant(queries.merchant())
    return statement_of(read(lambda connection: view.closed(connection, batch_id, merchant_id)))
