"""Reads the query string of a search for payments. Raises ValidationFailed with the field."""

from app import messages
from app.api import queries
from app.api.parameters import LONGEST_ID, REQUEST_ID, TRACE_ID
from app.api.schemas import LONGEST_KEY
from app.http.errors import invalid
from payments.payment.rules import Status
from payments.payment.search_store import Filters
from payments.reading.search import Search


def payment_search() -> Search:
    """What the request searches for."""
    return Search(
        filters=_filters(),
        anything=queries.identifier("q", LONGEST_ID),
        payment_id=queries.number("paymentId"),
        event_id=queries.number("eventId"),
        idempotency_key=queries.identifier("idempotencyKey", LONGEST_KEY),
        request_id=queries.matching("requestId", REQUEST_ID),
        trace_id=queries.matching("traceId", TRACE_ID),
    )


def _filters() -> Filters:
    since, until = queries.moment("from"), queries.moment("to")
    if since is not None and until is not None and since > until:
        raise invalid("to", messages.at_least("from"))
    amount_from, amount_to = _amounts()
    return Filters(
        merchant_id=queries.merchant(),
        status=queries.choice("status", Status),
        currency=queries.currency(),
        amount_from=amount_from,
        amount_to=amount_to,
        since=since,
        until=until,
    )


def _amounts() -> tuple[int | None, int | None]:
    exact, least, most = (queries.amount(name) for name in ("amount", "amountFrom", "amountTo"))
    if exact is not None:
        for name, other in (("amountFrom", least), ("amountTo", most)):
            if other is not None:
                raise invalid(name, messages.not_beside("amount"))
        return exact, exact
    if least is not None and most is not None and least > most:
        raise invalid("amountTo", messages.at_least("amountFrom"))
    return least, most
