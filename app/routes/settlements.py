"""/settlement-batches: what merchants are paid, for operators."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response
from sqlalchemy import Connection

from app import csv_export
from app.api import csv_rows, encoding, queries
from app.api.answers import SettlementBatchPage, SettlementItemPage
from app.api.parameters import BATCH_ID, BATCH_STATE, CURRENCY, CURSOR, LIMIT, MERCHANT
from app.api.settlement_schemas import SettlementStepBody
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.services import services
from app.transactions import read, read_list, write
from payments.merchants.rules import Scope
from payments.platform.clock import database_now
from payments.settlement import item_view, payouts, statement, view
from payments.settlement.rules import State
from payments.settlement.store import StoredBatch, Wanted

blueprint = Blueprint("settlements", __name__, url_prefix="/settlement-batches")

_BATCH = "/<id:batch_id>"
_CHANGES = (400, 401, 403, 404, 409, 413, 415, 429, 503)
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


def _step(summary: str, text: str) -> Description:
    return Description(
        summary,
        "settlement",
        answers={200: view.SettlementBatch},
        problems=_CHANGES,
        parameters=(BATCH_ID,),
        body=SettlementStepBody,
        scopes=(Scope.OPERATE,),
        text=text,
    )


@blueprint.post(f"{_BATCH}/approve")
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


@blueprint.post(f"{_BATCH}/confirm")
@describe(_step("Say that the bank has paid a batch", "It has to be EXPORTED."))
def confirm(batch_id: int) -> Response:
    """The batch, CONFIRMED."""
    body, actor = read_body(SettlementStepBody), acting_operator()
    return _changed(lambda c, now: payouts.confirm(c, batch_id, actor, body.reason, now))


@blueprint.post(f"{_BATCH}/return")
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
