"""/payout-files: files that pay approved batches, for operators. A file is made once and never changes."""

from flask import Blueprint, Response

from app import csv_export
from app.api import encoding, queries
from app.api.answers import PayoutFilePage
from app.api.parameters import CURSOR, FILE_ID, LIMIT, Parameter
from app.api.settlement_schemas import PayoutFileBody
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.services import services
from app.transactions import read, read_list, write
from payments.merchants.rules import Scope
from payments.platform.clock import database_now
from payments.platform.json_types import JsonObject
from payments.settlement import payout_view, payouts

blueprint = Blueprint("payout_files", __name__, url_prefix="/payout-files")

_BYTES = "application/octet-stream"
_LIMITS = " or ".join(f"{limit:,} ({each})" for each, limit in payouts.FILE_LIMITS.items())


def _read(
    summary: str, answer: type[JsonObject] | str, *parameters: Parameter, problems: tuple[int, ...] = (), text: str = ""
) -> Description:
    every = (400, 401, 403, 429, 503, *problems)
    return Description(summary, "settlement", {200: answer}, every, None, parameters, (Scope.READ,), text=text)


@blueprint.post("")
@describe(
    Description(
        "Put approved batches into a new payout file",
        "settlement",
        answers={201: payout_view.PayoutFile},
        problems=(400, 401, 403, 409, 413, 415, 429, 503),
        body=PayoutFileBody,
        scopes=(Scope.OPERATE,),
        text=f"The {_LIMITS} oldest of the currency and mode; they are EXPORTED then, each in one file.",
    )
)
def create() -> Response:
    """A new file."""
    body, actor, debtor = read_body(PayoutFileBody), acting_operator(), services().debtor
    wanted = (body.currency, body.mode, body.format, actor, body.reason, debtor)
    made = write(lambda connection: payouts.export(connection, *wanted, database_now(connection)))
    return encoding.answer(payout_view.payout_file(made), 201)


@blueprint.get("")
@describe(_read("List payout files, newest first", PayoutFilePage, LIMIT, CURSOR))
def index() -> Response:
    """A page of files."""
    before, limit = queries.cursor(), queries.limit()
    return encoding.page(
        PayoutFilePage, *read_list(lambda connection: payout_view.payout_files(connection, before, limit))
    )


@blueprint.get("/<id:file_id>")
@describe(_read("Show a payout file, without its content", payout_view.PayoutFile, FILE_ID, problems=(404,)))
def show(file_id: int) -> Response:
    """One file."""
    return encoding.answer(read(lambda connection: payout_view.get_file(connection, file_id)))


@blueprint.get("/<id:file_id>/content")
@describe(
    _read(
        "The bytes of a payout file",
        _BYTES,
        FILE_ID,
        problems=(404,),
        text="CSV or XML, as its format says, always the same bytes: `sha256` is theirs.",
    )
)
def content(file_id: int) -> Response:
    """The file itself."""
    name, data = read(lambda connection: payout_view.content(connection, file_id))
    return csv_export.attachment(name, data, _BYTES)
