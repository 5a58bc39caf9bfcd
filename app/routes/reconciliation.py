"""/reconciliation: settlement files of acquirers, and exceptions, which operators resolve or write off."""

from flask import Blueprint, Response

from app import csv_export
from app.api import csv_rows, encoding, queries
from app.api.answers import ReconExceptionPage, ReconFilePage
from app.api.parameters import (
    CONNECTOR,
    CURRENCY,
    CURSOR,
    EXCEPTION_CLASS,
    EXCEPTION_ID,
    EXCEPTION_STATE,
    FILE_ID,
    FILE_NAME,
    LIMIT,
    OF_FILE,
)
from app.api.reconciliation_schemas import ExceptionEndBody
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.http.raw_bodies import CSV, read_csv
from app.services import services
from app.transactions import read, read_list, write
from payments.merchants.rules import Scope
from payments.platform.clock import database_now
from payments.platform.connectors import ConnectorName
from payments.platform.json_types import names_of
from payments.reconciliation import desk, file_view, uploads, view
from payments.reconciliation.desk_store import Wanted
from payments.reconciliation.profile import PROFILES
from payments.reconciliation.rules import ExceptionClass, ExceptionState

blueprint = Blueprint("reconciliation", __name__, url_prefix="/reconciliation")

_EXCEPTION = "/exceptions/<id:exception_id>"
_TAG = "reconciliation"
_FILTERS = (EXCEPTION_CLASS, EXCEPTION_STATE, CURRENCY, OF_FILE)
_ENDS = (400, 401, 403, 404, 409, 413, 415, 429, 503)
_TWO = (
    "Final. Above the limit of its currency it takes two operators: the first one proposes, and the answer is the"
    " exception with that `proposal`; another one who says the same carries it out."
)


@blueprint.get("")
@describe(
    Description(
        "How reconciliation stands: exceptions by class, suspense, the newest file",
        _TAG,
        answers={200: file_view.Reconciliation},
        problems=(401, 403, 429, 503),
        scopes=(Scope.READ,),
    )
)
def summary() -> Response:
    """What has not ended."""
    return encoding.answer(read_list(lambda connection: file_view.summary(connection, database_now(connection))))


@blueprint.post("/files")
@describe(
    Description(
        "Send an acquirer's settlement file",
        _TAG,
        answers={202: file_view.ReconFile},
        problems=(400, 401, 403, 409, 413, 415, 422, 429, 503),
        parameters=(FILE_NAME, CONNECTOR),
        body=CSV,
        scopes=(Scope.OPERATE,),
        text="Up to 8 MiB, as it is. Housekeeping reads it: ask for the file until it is DONE, or REFUSED with faults."
        " Bytes that are stored already are a conflict.",
    )
)
def upload() -> Response:
    """The file, UPLOADED."""
    name = queries.prose("name", uploads.LONGEST_NAME)
    connector = queries.choice("connector", PROFILES) or ConnectorName.SIMULATOR
    content, actor = read_csv(uploads.LARGEST), acting_operator()
    new = (connector, name, content, actor)
    # read before the commit: an answer that was lost behind it would say that nothing was done
    return encoding.answer(write(lambda c: file_view.get_file(c, uploads.add(c, *new, database_now(c)))), 202)


@blueprint.get("/files")
@describe(
    Description(
        "List settlement files, newest first",
        _TAG,
        answers={200: ReconFilePage},
        problems=(400, 401, 403, 429, 503),
        parameters=(LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def files() -> Response:
    """A page of files."""
    before, limit = queries.cursor(), queries.limit()
    return encoding.page(ReconFilePage, *read_list(lambda connection: file_view.files(connection, before, limit)))


@blueprint.get("/files/<id:file_id>")
@describe(
    Description(
        "Show a settlement file",
        _TAG,
        answers={200: file_view.ReconFile},
        problems=(401, 403, 404, 429, 503),
        parameters=(FILE_ID,),
        scopes=(Scope.READ,),
    )
)
def show_file(file_id: int) -> Response:
    """One file."""
    return encoding.answer(read(lambda connection: file_view.get_file(connection, file_id)))


@blueprint.get("/exceptions")
@describe(
    Description(
        "List exceptions, newest first",
        _TAG,
        answers={200: ReconExceptionPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(*_FILTERS, LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def exceptions() -> Response:
    """A page of exceptions."""
    wanted, before, limit = _wanted(), queries.cursor(), queries.limit()
    return encoding.page(
        ReconExceptionPage, *read_list(lambda connection: view.exceptions(connection, wanted, before, limit))
    )


@blueprint.get("/exceptions.csv")
@describe(
    Description(
        "Exceptions as a file, newest first",
        _TAG,
        answers={200: csv_rows.MEDIA_TYPE},
        problems=(400, 401, 403, 429, 503),
        parameters=_FILTERS,
        scopes=(Scope.READ,),
        text=csv_export.ABOUT,
    )
)
def exceptions_csv() -> Response:
    """All pages of exceptions."""
    wanted = _wanted()
    return csv_export.csv_answer(
        "exceptions.csv", names_of(view.ExceptionRow), lambda c, behind, size: view.rows(c, wanted, behind, size)
    )


@blueprint.get(_EXCEPTION)
@describe(
    Description(
        "Show an exception",
        _TAG,
        answers={200: view.ReconException},
        problems=(401, 403, 404, 429, 503),
        parameters=(EXCEPTION_ID,),
        scopes=(Scope.READ,),
    )
)
def show_exception(exception_id: int) -> Response:
    """One exception."""
    return encoding.answer(read(lambda connection: view.get_exception(connection, exception_id)))


@blueprint.post(f"{_EXCEPTION}/resolve")
@describe(
    Description(
        "Resolve an exception: the difference is explained",
        _TAG,
        answers={200: view.ReconException},
        problems=_ENDS,
        parameters=(EXCEPTION_ID,),
        body=ExceptionEndBody,
        scopes=(Scope.OPERATE,),
        text=f"{_TWO} Of AMOUNT the acquirer's figure is taken; else it owes what is in suspense, or is owed it.",
    )
)
def resolve(exception_id: int) -> Response:
    """The exception, RESOLVED or with a proposal."""
    return _ended(desk.resolve, exception_id)


@blueprint.post(f"{_EXCEPTION}/write-off")
@describe(
    Description(
        "Write an exception off: nobody will explain the difference",
        _TAG,
        answers={200: view.ReconException},
        problems=_ENDS,
        parameters=(EXCEPTION_ID,),
        body=ExceptionEndBody,
        scopes=(Scope.OPERATE,),
        text=f"{_TWO} What is lost, or gained, is an expense.",
    )
)
def write_off(exception_id: int) -> Response:
    """The exception, WRITTEN_OFF or with a proposal."""
    return _ended(desk.write_off, exception_id)


def _ended(end: desk.End, exception_id: int) -> Response:
    body, actor, limits = read_body(ExceptionEndBody), acting_operator(), services().second_operator_above
    ended = write(lambda c: end(c, exception_id, body.reason, actor, limits, database_now(c)))
    return encoding.answer(view.exception(ended))


def _wanted() -> Wanted:
    return Wanted(
        queries.choice("class", ExceptionClass),
        queries.choice("state", ExceptionState),
        queries.currency(),
        queries.number("fileId"),
    )
