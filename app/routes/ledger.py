"""/ledger: postings and balances, with the admin token. Read only."""

from flask import Blueprint, Response

from app.api import encoding, queries
from app.api.answers import EntryPage
from app.api.parameters import CURSOR, LIMIT, MERCHANT, PAYMENT
from app.http.describing import Description, describe
from app.services import services
from app.transactions import read_list
from payments.reading import ledger as ledger_reading

blueprint = Blueprint("ledger", __name__, url_prefix="/ledger")


@blueprint.before_request
def _admins_only() -> None:
    services().admin.check()


@blueprint.get("/balances")
@describe(
    Description(
        "Sums and balance of every account, of one merchant or of all",
        "ledger",
        answers={200: ledger_reading.Balances},
        problems=(400, 401, 429, 503),
        parameters=(MERCHANT,),
        admin=True,
    )
)
def balances() -> Response:
    """All accounts."""
    merchant_id = queries.merchant()
    return encoding.answer(read_list(lambda connection: ledger_reading.balances(connection, merchant_id)))


@blueprint.get("/trial-balance")
@describe(
    Description(
        "All accounts, both sides, and what the newest audit found",
        "ledger",
        answers={200: ledger_reading.TrialBalance},
        problems=(401, 429, 503),
        admin=True,
    )
)
def trial_balance() -> Response:
    """The trial balance."""
    return encoding.answer(read_list(ledger_reading.trial_balance))


@blueprint.get("/entries")
@describe(
    Description(
        "Postings, oldest first, of one payment or of all",
        "ledger",
        answers={200: EntryPage},
        problems=(400, 401, 429, 503),
        parameters=(PAYMENT, LIMIT, CURSOR),
        admin=True,
    )
)
def entries() -> Response:
    """A page of postings."""
    payment_id, after, limit = queries.number("paymentId"), queries.cursor() or 0, queries.limit()
    return encoding.page(
        EntryPage, *read_list(lambda connection: ledger_reading.entries(connection, payment_id, after, limit))
    )
