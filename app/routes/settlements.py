"""/settlement-batches: what merchants are paid, for operators."""

from flask import Blueprint, Response

from app import csv_export
from app.api import csv_rows, encoding, queries
from app.api.answers import SettlementBatchPage, SettlementItemPage
from app.api.parameters import BATCH_ID, BATCH_STATE, CURRENCY, CURSOR, LIMIT, MERCHANT
from app.http.describing import Description, describe
from app.transactions import read, read_list
from payments.merchants.rules import Scope
from payments.settlement import item_view, statement, view
from payments.settlement.rules import State
from payments.settlement.store import StoredBatch, Wanted

blueprint = Blueprint("settlements", __name__, url_prefix="/settlement-batches")

_BATCH = "/<id:batch_id>"
SEALED = (
    "A line for each item and for what is carried, in minor units. The trailer has their number, their sum, which is"
    " what is paid out, and the SHA-256 of all lines before it; a file that is not whole ends without it."
)
"""For descriptions of statements."""


@blueprint.get("")
@describe(
    Description(
        "List settlement batches, newest first",
        "settlement",
        answers={200: SettlementBatchPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(MERCHANT, CURRENCY, BATCH_STATE, LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def index() -> Response:
    """A page of batches."""
    state, before, limit = queries.choice("state", State), queries.cursor(), queries.limit()
    wanted = Wanted(queries.merchant(), queries.currency(), State(state) if state else None)
    return encoding.page(
        SettlementBatchPage, *read_list(lambda connection: view.batches(connection, wanted, before, limit))
    )


@blueprint.get(_BATCH)
@describe(
    Description(
        "Show a settlement batch",
        "settlement",
        answers={200: view.SettlementBatch},
        problems=(401, 403, 404, 429, 503),
        parameters=(BATCH_ID,),
        scopes=(Scope.READ,),
    )
)
def show(batch_id: int) -> Response:
    """One batch."""
    return encoding.answer(read(lambda connection: view.batch(connection, view.get(connection, batch_id))))


@blueprint.get(f"{_BATCH}/items")
@describe(
    Description(
        "List the items of a settlement batch, oldest first",
        "settlement",
        answers={200: SettlementItemPage},
        problems=(400, 401, 403, 404, 429, 503),
        parameters=(BATCH_ID, LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def items(batch_id: int) -> Response:
    """A page of items."""
    behind, limit = queries.cursor(), queries.limit()
    return encoding.page(
        SettlementItemPage, *read_list(lambda connection: item_view.items(connection, batch_id, None, behind, limit))
    )


@blueprint.get(f"{_BATCH}/statement.csv")
@describe(
    Description(
        "The statement of a closed settlement batch",
        "settlement",
        answers={200: csv_rows.MEDIA_TYPE},
        problems=(401, 403, 404, 409, 429, 503),
        parameters=(BATCH_ID,),
        scopes=(Scope.READ,),
        text=SEALED,
    )
)
def statement_csv(batch_id: int) -> Response:
    """A file."""
    return statement_of(read(lambda connection: view.closed(connection, batch_id)))


def statement_of(found: StoredBatch) -> Response:
    """The statement of a closed batch as a file."""
    batch_id = found.batch.batch_id
    items = csv_export.all_items(lambda c, behind, limit: item_view.statement_items(c, batch_id, behind, limit))
    return csv_export.sealed_answer(f"settlement-{batch_id}.csv", statement.parts(found.batch, items))
