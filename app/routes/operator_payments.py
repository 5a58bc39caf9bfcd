"""/operations/payments: payments of all merchants for operators, with the admin token. Read only."""

from flask import Blueprint, Response
from sqlalchemy import Connection

from app import csv_export
from app.api import csv_rows, encoding, queries
from app.api.answers import FoundPaymentPage
from app.api.parameters import CURSOR, LIMIT, PAYMENT_ID, PAYMENT_SEARCH
from app.api.payment_search import payment_search
from app.http.describing import Description, describe
from app.transactions import read, read_list
from payments.merchants.rules import Scope
from payments.outbox.rules import format_time
from payments.payment.view import FoundPayment
from payments.platform.json_types import names_of
from payments.reading import operator_payment
from payments.reading.search import search

blueprint = Blueprint("operator_payments", __name__, url_prefix="/operations")


@blueprint.get("/payments")
@describe(
    Description(
        "Search payments of all merchants, newest first",
        "operations",
        answers={200: FoundPaymentPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(*PAYMENT_SEARCH, LIMIT, CURSOR),
        scopes=(Scope.READ,),
        text="A page looks at 50,000 payments at most; when that ends it early, `searchedTo` says how far it came.",
    )
)
def index() -> Response:
    """A page of payments."""
    wanted, before, limit = payment_search(), queries.cursor(), queries.limit()
    found = read_list(lambda connection: search(connection, wanted, before, limit))
    cursor = None if found.last is None else queries.cursor_after(found.last)
    searched_to = None if found.searched_to is None else format_time(found.searched_to)
    return encoding.answer(FoundPaymentPage(items=found.items, next_cursor=cursor, searched_to=searched_to))


@blueprint.get("/payments.csv")
@describe(
    Description(
        "Payments of all merchants as a file, newest first",
        "operations",
        answers={200: csv_rows.MEDIA_TYPE},
        problems=(400, 401, 403, 429, 503),
        parameters=PAYMENT_SEARCH,
        scopes=(Scope.READ,),
        text=csv_export.ABOUT,
    )
)
def index_csv() -> Response:
    """All pages of payments."""
    wanted = payment_search()

    def page(connection: Connection, before: int | None, limit: int) -> tuple[list[FoundPayment], int | None]:
        return search(connection, wanted, before, limit)[:2]

    return csv_export.csv_answer("payments.csv", names_of(FoundPayment), page)


@blueprint.get("/payments/<id:payment_id>")
@describe(
    Description(
        "Show a payment of any merchant with all that belongs to it",
        "operations",
        answers={200: operator_payment.OperatorPayment},
        problems=(401, 403, 404, 429, 503),
        parameters=(PAYMENT_ID,),
        scopes=(Scope.READ,),
    )
)
def show(payment_id: int) -> Response:
    """One payment."""
    return encoding.answer(read(lambda connection: operator_payment.payment(connection, payment_id)))
