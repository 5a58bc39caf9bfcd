"""/settlements: what a merchant is paid, for itself. Read only."""

from flask import Blueprint, Response

from app.api import csv_rows, encoding, queries
from app.api.answers import SettlementItemPage, SettlementPage
from app.api.parameters import BATCH_ID, BATCH_STATE, CURRENCY, CURSOR, LIMIT, MERCHANT
from app.http.authentication import acting_merchant
from app.http.describing import Description, describe
from app.routes.settlements import SEALED, statement_of
from app.transactions import read, read_list
from payments.merchants.rules import Scope
from payments.settlement import item_view, view
from payments.settlement.rules import State
from payments.settlement.store import Wanted

blueprint = Blueprint("merchant_settlements", __name__, url_prefix="/settlements")

_SCOPES = (Scope.SETTLEMENTS_READ,)


@blueprint.get("")
@describe(
    Description(
        "List a merchant's settlement batches, newest first",
        "settlements",
        answers={200: SettlementPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(MERCHANT, CURRENCY, BATCH_STATE, LIMIT, CURSOR),
        scopes=_SCOPES,
    )
)
def index() -> Response:
    """A page of batches."""
    state, before, limit = queries.choice("state", State), queries.cursor(), queries.limit()
    wanted = Wanted(acting_merchant(queries.merchant()), queries.currency(), State(state) if state else None)
    return encoding.page(
        SettlementPage, *read_list(lambda connection: view.settlements(connection, wanted, before, limit))
    )


@blueprint.get("/<id:batch_id>")
@describe(
    Description(
        "Show a merchant's settlement batch",
        "settlements",
        answers={200: view.Settlement},
        problems=(400, 401, 403, 404, 429, 503),
        parameters=(BATCH_ID, MERCHANT),
        scopes=_SCOPES,
    )
)
def show(batch_id: int) -> Response:
    """One batch."""
    merchant_id = acting_merchant(queries.merchant())
    return encoding.answer(read(lambda connection: view.settlement(view.get(connection, batch_id, merchant_id))))


@blueprint.get("/<id:batch_id>/items")
@describe(
    Description(
        "List the items of a merchant's settlement batch, oldest first",
        "settlements",
        answers={200: SettlementItemPage},
        problems=(400, 401, 403, 404, 429, 503),
        parameters=(BATCH_ID, MERCHANT, LIMIT, CURSOR),
        scopes=_SCOPES,
    )
)
def items(batch_id: int) -> Response:
    """A page of items."""
    merchant_id, behind, limit = acting_merchant(queries.merchant()), queries.cursor(), queries.limit()
    return encoding.page(
        SettlementItemPage,
        *read_list(lambda connection: item_view.items(connection, batch_id, merchant_id, behind, limit)),
    )


@blueprint.get("/<id:batch_id>/statement.csv")
@describe(
    Description(
        "The statement of a merchant's closed settlement batch",
        "settlements",
        answers={200: csv_rows.MEDIA_TYPE},
        problems=(400, 401, 403, 404, 409, 429, 503),
        parameters=(BATCH_ID, MERCHANT),
        scopes=_SCOPES,
        text=SEALED,
    )
)
def statement_csv(batch_id: int) -> Response:
    """A file."""
    merchant_id = acting_merchant(queries.merchant())
    return statement_of(read(lambda connection: view.closed(connection, batch_id, merchant_id)))
