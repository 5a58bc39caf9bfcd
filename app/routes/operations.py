"""/operations: the backlog, a merchant's rate limits, and the last hour in numbers, for the console."""

from datetime import UTC, datetime

from flask import Blueprint, Response

from app.api import encoding, queries
from app.api.parameters import MERCHANT
from app.http.describing import Description, describe
from app.services import services
from app.transactions import read
from payments.merchants.rules import Scope
from payments.outbox.rules import format_time
from payments.platform.redis.windows import Window
from payments.reading.operations import Operations, RateLimit, operations
from payments.reading.overview import Overview, changes

blueprint = Blueprint("operations", __name__, url_prefix="/operations")


@blueprint.get("")
@describe(
    Description(
        "The backlog in numbers, and a merchant's rate limits",
        "operations",
        answers={200: Operations},
        problems=(400, 401, 403, 429, 503),
        parameters=(MERCHANT,),
        scopes=(Scope.READ,),
        text="`rateLimits` is empty without merchantId, and while Redis does not answer.",
    )
)
def show() -> Response:
    """Numbers for the console."""
    merchant_id = queries.merchant()
    windows = {} if merchant_id is None else services().admission.windows(merchant_id)
    rate_limits = [_rate_limit(operation, window) for operation, window in windows.items()]
    environment = services().environment
    return encoding.answer(read(lambda connection: operations(connection, rate_limits, environment)))


@blueprint.get("/overview")
@describe(
    Description(
        "The last hour of this api instance: commands, duration, backlog, and what was changed",
        "operations",
        answers={200: Overview},
        problems=(401, 403, 429, 503),
        scopes=(Scope.READ,),
        text="Each web worker measures all web workers of the instance every 15 s and keeps an hour in memory."
        " Declined are commands that the acquirer declined, those with a conflict, and refused ones.",
    )
)
def show_overview() -> Response:
    """Points and changes of the last hour."""
    return encoding.answer(services().overview.overview(read(changes)))


def _rate_limit(operation: str, window: Window) -> RateLimit:
    return RateLimit(
        operation=operation,
        limit=window.limit,
        remaining=window.remaining,
        reset_at=format_time(datetime.fromtimestamp(window.ends_at, UTC)),
    )
