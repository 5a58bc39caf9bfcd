"""/ledger: postings and balances, with the admin token. Read only."""

from flask import Blueprint, Response
from sqlalchemy import Connection

from app import csv_export, messages
from app.api import csv_rows, encoding, queries
from app.api.answers import EntryPage
from app.api.parameters import AS_OF, CURSOR, LIMIT, MERCHANT, OF_EVENT, ORDER, PAYMENT, SOURCE_ID, SOURCE_TYPE
from app.http.describing import Description, describe
from app.http.errors import invalid
from app.transactions import read_list
from payments.ledger.rules import SourceType
from payments.ledger.store import Order, Wanted
from payments.merchants.rules import Scope
from payments.platform.json_types import names_of
from payments.reading import ledger as ledger_reading

blueprint = Blueprint("ledger", __name__, url_prefix="/ledger")


@blueprint.get("/balances")
@describe(
    Description(
        "Sums and balance of every account, of one merchant or of all, now or as of a moment",
        "ledger",
        answers={200: ledger_reading.Balances},
        problems=(400, 401, 403, 429, 503),
        parameters=(MERCHANT, AS_OF),
        scopes=(Scope.READ,),
    )
)
def balances() -> Response:
    """All accounts."""
    merchant_id, as_of = queries.merchant(), queries.moment("asOf")
    return encoding.answer(read_list(lambda connection: ledger_reading.balances(connection, merchant_id, as_of)))


@blueprint.get("/trial-balance")
@describe(
    Description(
        "All accounts, both sides, and what the newest audit found",
        "ledger",
        answers={200: ledger_reading.TrialBalance},
        problems=(401, 403, 429, 503),
        scopes=(Scope.READ,),
    )
)
def trial_balance() -> Response:
    """The trial balance."""
    return encoding.answer(read_list(ledger_reading.trial_balance))


@blueprint.get("/entries")
@describe(
    Description(
        "Postings, of one payment, event or source, or of all",
        "ledger",
        answers={200: EntryPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(PAYMENT, OF_EVENT, SOURCE_TYPE, SOURCE_ID, ORDER, LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def entries() -> Response:
    """A page of postings."""
    wanted, cursor, limit = _wanted(), queries.cursor(), queries.limit()
    return encoding.page(
        EntryPage, *read_list(lambda connection: ledger_reading.entries(connection, wanted, cursor, limit))
    )


@blueprint.get("/entries.csv")
@describe(
    Description(
        "Postings as a file",
        "ledger",
        answers={200: csv_rows.MEDIA_TYPE},
        problems=(400, 401, 403, 429, 503),
        parameters=(PAYMENT, OF_EVENT, SOURCE_TYPE, SOURCE_ID, ORDER),
        scopes=(Scope.READ,),
        text=csv_export.ABOUT,
    )
)
def entries_csv() -> Response:
    """All pages of postings."""
    wanted = _wanted()

    def page(connection: Connection, cursor: int | None, limit: int) -> tuple[list[ledger_reading.Entry], int | None]:
        return ledger_reading.entries(connection, wanted, cursor, limit)

    return csv_export.csv_answer("ledger-entries.csv", names_of(ledger_reading.Entry), page)


def _wanted() -> Wanted:
    source_type, source_id = queries.choice("sourceType", SourceType), queries.number("sourceId")
    if (source_type is None) is not (source_id is None):  # one alone would read the whole ledger
        missing, given = ("sourceType", "sourceId") if source_type is None else ("sourceId", "sourceType")
        raise invalid(missing, messages.needed_with(given))
    order = Order(queries.choice("order", Order) or Order.OLDEST)
    return Wanted(queries.number("paymentId"), queries.number("eventId"), order, source_type, source_id)
